"""Materialized views over a column that another takes the place of: built again beside the old ones, then in their place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import predicates
from migrasafe.plan.beside import ref_aside, ref_beside
from migrasafe.plan.carry_over.readers import has_star, reading, view_reads
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.dual_write.shadow import Shadow
from migrasafe.plan.model import Step
from migrasafe.plan.objects.view_again import view_again
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import ColumnRef, Ref, RelationKind, Schema, View
from migrasafe.sql.deparse import Path, map_columns
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Node


class BuiltAgain(Struct, frozen=True, kw_only=True):
    steps: tuple[Step, ...] = ()
    """Between the old column's soft drop and its end."""
    dropped: tuple[str, ...] = ()
    """Before the old column is dropped for good …"""
    named: tuple[str, ...] = ()
    """… and after it: the names of the old indexes for the new ones."""


def built_again(shadow: Shadow) -> BuiltAgain:
    """Every materialized view that reads the column, with those over it; plain views over them are made again with them."""
    ground, column = shadow.ground, ColumnRef(shadow.table.ref, shadow.old.name)
    views = materialized_over(ground, (column,))
    if not views:
        return BuiltAgain()
    final = shadow.old.name if shadow.keeps_name else shadow.new.name
    direct = [view for view in views if column in view.reads]
    is_new = predicates.all_of(*(view_reads(view.ref, shadow.table.ref, final) for view in direct))
    builds = [_build(shadow, view, views, final, is_new) for view in views]
    return BuiltAgain(
        steps=(*builds, _take_place(ground, views, is_new)),
        dropped=tuple(f"DROP MATERIALIZED VIEW {name_of(_dropped(view))}" for view in reversed(views)),
        named=tuple(
            f"ALTER INDEX {name_of(ref_beside(index.ref))} RENAME TO {quote_ident(index.ref.name)}"
            for view in views
            for index in ground.schema.indexes_of(view)
        ),
    )


def ending(hard_drop: Step, it: BuiltAgain) -> Step:
    """The step that drops the old column, and the old materialized views with it."""
    return replace(hard_drop, statements=(*it.dropped, *hard_drop.statements, *it.named))


def materialized_over(ground: Ground, columns: Sequence[ColumnRef]) -> tuple[View, ...]:
    """Those that can be built again, each behind those that it reads: they read a column, or another one of them.

    Left out, with all under it, is what a materialized view reads through a plain view, or a plain view beside the column.
    """
    found: dict[Ref, View] = {}
    for column in columns:
        for ref in sorted(ground.schema.dependents_of(column.relation)):
            view = ground.schema.view(ref)
            if view is None or view.kind is not RelationKind.MATERIALIZED_VIEW or column not in view.reads:
                continue
            family = _family(ground.schema, view)
            if all(_can_follow(one, family, columns) for one in family.values()):
                found |= {one.ref: one for one in family.values() if one.kind is RelationKind.MATERIALIZED_VIEW}
    return tuple(_in_order(found))


def _family(schema: Schema, view: View) -> dict[Ref, View]:
    """The view, and all that read it, directly or not."""
    found, waiting = {view.ref: view}, [view.ref]
    while waiting:
        for ref in sorted(schema.dependents_of(waiting.pop())):
            other = schema.view(ref)
            if other is not None and ref not in found:
                found[ref] = other
                waiting.append(ref)
    return found


def _can_follow(view: View, family: Mapping[Ref, View], columns: Sequence[ColumnRef]) -> bool:
    if view.query is None or has_star(view.query.node):
        return False
    read = {one.relation for one in view.reads}
    if view.kind is RelationKind.MATERIALIZED_VIEW:
        return all(family[ref].kind is RelationKind.MATERIALIZED_VIEW for ref in read & family.keys())
    return read.isdisjoint(column.relation for column in columns)


def _in_order(views: Mapping[Ref, View]) -> Iterator[View]:
    """Each behind those that it reads."""
    done: set[Ref] = set()
    while len(done) < len(views):
        for ref, view in sorted(views.items()):
            if ref not in done and not {one.relation for one in view.reads} & (views.keys() - done - {ref}):
                done.add(ref)
                yield view


def _dropped(view: View) -> Ref:
    return ref_aside(view.ref)


def _build(shadow: Shadow, view: View, all_of_them: Sequence[View], final: str, is_new: str) -> Step:
    assert view.query is not None  # materialized_over has seen to it
    ready = ref_beside(view.ref)
    query = view.query.node
    if not shadow.keeps_name:
        query = reading(query, shadow.table, shadow.old.name, shadow.new.name)
    query = _over(query, {one.ref: ref_beside(one.ref) for one in all_of_them})
    return Step(
        title=f"Build the materialized view {view.ref} over {final}, beside the old one",
        statements=tuple(view_again(shadow.ground, view, ready, query=query)),
        done=predicates.relation_exists(ready, "m"),
        past=is_new,
        undo=(f"DROP MATERIALIZED VIEW {name_of(ready)}",),
    )


def _over(query: Node, instead: Mapping[Ref, Ref]) -> Any:
    """A copy of a query that reads other relations. It gives them no aliases: their names are those of the old ones at last."""
    named = {old.name: new.name for old, new in instead.items()}

    def column(path: Path) -> Path:
        return (*path[:-2], named[path[-2]], path[-1]) if len(path) > 1 and path[-2] in named else path

    return _from(map_columns(query, column), instead)


def _from(tree: Any, instead: Mapping[Ref, Ref]) -> Any:
    if isinstance(tree, list):
        return [_from(item, instead) for item in tree]
    if not isinstance(tree, Mapping):
        return tree
    found = {key: _from(value, instead) for key, value in tree.items()}
    relation = found.get("RangeVar")
    for old, new in instead.items():
        if relation and relation["relname"] == old.name and relation.get("schemaname", old.schema) == old.schema:
            found["RangeVar"] = relation | {"schemaname": new.schema, "relname": new.name}
    return found


def _take_place(ground: Ground, views: Sequence[View], is_new: str) -> Step:
    """The new ones get the names, in one transaction with the plain views over them, which know relations by number."""
    rename = "ALTER MATERIALIZED VIEW"
    readers = _readers(ground.schema, views)
    drops = [f"DROP VIEW {name_of(one.ref)}" for one in reversed(readers)]
    again = [statement for one in readers for statement in view_again(ground, one)]
    there, back = [], []
    for view in views:
        ready, dropped = ref_beside(view.ref), _dropped(view)
        there.append(f"{rename} {name_of(view.ref)} RENAME TO {quote_ident(dropped.name)}")
        there.append(f"{rename} {name_of(ready)} RENAME TO {quote_ident(view.ref.name)}")
        back.append(f"{rename} {name_of(view.ref)} RENAME TO {quote_ident(ready.name)}")
        back.append(f"{rename} {name_of(dropped)} RENAME TO {quote_ident(view.ref.name)}")
    listed = ", ".join(str(view.ref) for view in views)
    return Step(
        title=f"The new {listed} {'takes' if len(views) == 1 else 'take'} the place of the old",
        statements=(*drops, *there, *again),
        done=is_new,
        undo=(*drops, *back, *again),
    )


def _readers(schema: Schema, views: Sequence[View]) -> list[View]:
    """The plain views over materialized ones, each behind those that it reads."""
    found = {ref: one for view in views for ref, one in _family(schema, view).items() if one.kind is RelationKind.VIEW}
    return list(_in_order(found))
