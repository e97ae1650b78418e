"""Materialized views over a column that another takes the place of: built again beside the old one, then in its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import predicates
from migrasafe.plan.carry_over.readers import has_star, reading, view_reads
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.dual_write.shadow import Shadow
from migrasafe.plan.model import Step
from migrasafe.plan.objects.view_again import aside, view_again
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import ColumnRef, Ref, RelationKind, View
from migrasafe.sql.quote import quote_ident


class BuiltAgain(Struct, frozen=True, kw_only=True):
    steps: tuple[Step, ...] = ()
    """Between the old column's soft drop and its end."""
    dropped: tuple[str, ...] = ()
    """Before the old column is dropped for good …"""
    named: tuple[str, ...] = ()
    """… and after it: the names of the old indexes for the new ones."""


def built_again(shadow: Shadow) -> BuiltAgain:
    """Every materialized view that reads the column and that nothing else reads."""
    views = materialized_over(shadow.ground, (ColumnRef(shadow.table.ref, shadow.old.name),))
    final = shadow.old.name if shadow.keeps_name else shadow.new.name
    return BuiltAgain(
        steps=tuple(step for view in views for step in _steps(shadow, view, final)),
        dropped=tuple(f"DROP MATERIALIZED VIEW {name_of(aside(view.ref, '__ms_dropped'))}" for view in views),
        named=tuple(
            f"ALTER INDEX {name_of(aside(index.ref, '__ms'))} RENAME TO {quote_ident(index.ref.name)}"
            for view in views
            for index in shadow.ground.schema.indexes_of(view)
        ),
    )


def ending(hard_drop: Step, it: BuiltAgain) -> Step:
    """The step that drops the old column, and the old materialized views with it."""
    return replace(hard_drop, statements=(*it.dropped, *hard_drop.statements, *it.named))


def materialized_over(ground: Ground, columns: Sequence[ColumnRef]) -> tuple[View, ...]:
    """Those that can be built again: they read a column themselves, and nothing reads them."""
    found: dict[Ref, View] = {}
    for column in columns:
        for ref in sorted(ground.schema.dependents_of(column.relation)):
            view = ground.schema.view(ref)
            if view is None or view.kind is not RelationKind.MATERIALIZED_VIEW or view.query is None:
                continue
            read = any(ground.schema.view(other) is not None for other in ground.schema.dependents_of(ref))
            if column in view.reads and not read and not has_star(view.query.node):
                found[ref] = view
    return tuple(found.values())


def _steps(shadow: Shadow, view: View, final: str) -> Iterator[Step]:
    ready, dropped = aside(view.ref, "__ms"), aside(view.ref, "__ms_dropped")
    is_new = view_reads(view.ref, shadow.table.ref, final)
    rename = "ALTER MATERIALIZED VIEW"
    yield Step(
        title=f"Build the materialized view {view.ref} over {final}, beside the old one",
        statements=tuple(_create(shadow, view, ready)),
        done=predicates.relation_exists(ready, "m"),
        past=is_new,
        undo=(f"DROP MATERIALIZED VIEW {name_of(ready)}",),
    )
    yield Step(
        title=f"The new {view.ref} takes the place of the old one",
        statements=(
            f"{rename} {name_of(view.ref)} RENAME TO {quote_ident(dropped.name)}",
            f"{rename} {name_of(ready)} RENAME TO {quote_ident(view.ref.name)}",
        ),
        done=is_new,
        undo=(
            f"{rename} {name_of(view.ref)} RENAME TO {quote_ident(ready.name)}",
            f"{rename} {name_of(dropped)} RENAME TO {quote_ident(view.ref.name)}",
        ),
    )


def _create(shadow: Shadow, view: View, ready: Ref) -> Iterator[str]:
    assert view.query is not None  # materialized_over has seen to it
    query = reading(view.query.node, shadow.table, shadow.old.name, shadow.new.name)
    yield from view_again(shadow.ground, view, ready, query=None if shadow.keeps_name else query)
