"""Materialized views over a column that another takes the place of: built again beside the old one, then in its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import predicates
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.model import Step
from migrasafe.plan.readers import has_star, reading, view_reads
from migrasafe.plan.shadow import Shadow
from migrasafe.schema.attached import Attached, Beside
from migrasafe.schema.definitions import create_index, name_of, names, with_suffix
from migrasafe.schema.model import ColumnRef, Index, Ref, RelationKind, View
from migrasafe.sql.deparse import deparse
from migrasafe.sql.quote import quote_ident, quote_literal


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
        dropped=tuple(f"DROP MATERIALIZED VIEW {name_of(_aside(view.ref, '__ms_dropped'))}" for view in views),
        named=tuple(
            f"ALTER INDEX {name_of(_aside(index.ref, '__ms'))} RENAME TO {quote_ident(index.ref.name)}"
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
    ready, dropped = _aside(view.ref, "__ms"), _aside(view.ref, "__ms_dropped")
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
    ground, name = shadow.ground, name_of(ready)
    options = f" WITH ({', '.join(f'{key} = {value}' for key, value in view.options)})" if view.options else ""
    columns = f" ({names(view.columns)})" if view.columns else ""
    query = reading(view.query.node, shadow.table, shadow.old.name, shadow.new.name)
    if shadow.keeps_name:
        query = view.query.node
    data = "" if view.populated else " WITH NO DATA"
    yield f"CREATE MATERIALIZED VIEW {name}{columns}{options} AS {deparse(query)}{data}"
    beside = (ground.beside or {}).get(view.ref, Beside())
    if beside.owner is not None:
        yield f"ALTER MATERIALIZED VIEW {name} OWNER TO {quote_ident(beside.owner)}"
    for index in ground.schema.indexes_of(view):
        # Nobody reads it yet: there is no need for CONCURRENTLY, which a transaction does not allow.
        yield create_index(_for(index, ready)).replace(" CONCURRENTLY", "", 1)
    for grant in sorted(view.grants):
        role = "PUBLIC" if grant.role == "public" else quote_ident(grant.role)
        yield f"GRANT {grant.privilege.upper()} ON {name} TO {role}"
    if beside.comment is not None:
        yield f"COMMENT ON MATERIALIZED VIEW {name} IS {quote_literal(beside.comment)}"
    for column in view.columns:
        attached = (ground.attached or {}).get(ColumnRef(view.ref, column), Attached())
        if attached.comment is not None:
            yield f"COMMENT ON COLUMN {name}.{quote_ident(column)} IS {quote_literal(attached.comment)}"
    for index_name, text in beside.index_comments:
        yield f"COMMENT ON INDEX {name_of(_aside(Ref(ready.schema, index_name), '__ms'))} IS {quote_literal(text)}"


def _for(index: Index, view: Ref) -> Index:
    return replace(index, ref=_aside(index.ref, "__ms"), table=view)


def _aside(ref: Ref, suffix: str) -> Ref:
    return Ref(ref.schema, with_suffix(ref.name, suffix))
