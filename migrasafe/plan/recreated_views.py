"""Views over a column that is swapped under its own name: dropped before, and created again as they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.plan.readers import has_star
from migrasafe.plan.user_triggers import made_again
from migrasafe.schema.attached import Attached, Beside
from migrasafe.schema.definitions import name_of, names
from migrasafe.schema.model import ColumnRef, Ref, RelationKind, View
from migrasafe.sql.deparse import deparse
from migrasafe.sql.quote import quote_ident, quote_literal


class Recreated(Struct, frozen=True, kw_only=True):
    """Around a swap, there as well as back: the names are the same before and after it."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    refs: tuple[Ref, ...] = ()


def recreated_views(
    ground: Ground, columns: Sequence[ColumnRef], *, without: frozenset[Ref] = frozenset()
) -> Recreated:
    """Every view that reads one of the columns, and every view over those. Raises NoPlanError for what cannot be made again.

    `without`: views that something else takes care of.
    """
    views = [view for view in _in_order(ground, columns) if view.ref not in without]
    return Recreated(
        before=tuple(f"DROP VIEW {name_of(view.ref)}" for view in reversed(views)),
        after=tuple(statement for view in views for statement in _create(ground, view)),
        refs=tuple(view.ref for view in views),
    )


def _in_order(ground: Ground, columns: Sequence[ColumnRef]) -> Iterator[View]:
    """Each view behind those that it reads."""
    schema = ground.schema
    wanted: dict[Ref, View] = {}
    waiting = [ref for column in columns for ref in sorted(schema.dependents_of(column.relation))]
    while waiting:
        ref = waiting.pop()
        view = schema.view(ref)
        if view is None or ref in wanted:
            continue
        reads = {(one.relation, one.column) for one in view.reads}
        direct = any((one.relation, one.column) in reads or (one.relation, None) in reads for one in columns)
        if not direct and not any(one.relation in wanted for one in view.reads):
            continue
        wanted[ref] = view
        waiting += sorted(schema.dependents_of(ref))
    done: set[Ref] = set()
    while len(done) < len(wanted):
        for ref, view in sorted(wanted.items()):
            if ref not in done and not {one.relation for one in view.reads} & (wanted.keys() - done - {ref}):
                done.add(ref)
                yield view


def _create(ground: Ground, view: View) -> Iterator[str]:
    if view.kind is not RelationKind.VIEW:
        raise NoPlanError(
            f"the materialized view {view.ref} reads the column, and would be built while nobody can use the table: drop it, and"
            " create it after the change, in migrations of their own"
        )
    if view.query is None or has_star(view.query.node):
        raise NoPlanError(f"the view {view.ref} cannot be made again from what is known of it: plan with --schema DSN")
    name, beside = name_of(view.ref), (ground.beside or {}).get(view.ref, Beside())
    options = f" WITH ({', '.join(f'{key} = {value}' for key, value in view.options)})" if view.options else ""
    columns = f" ({names(view.columns)})" if view.columns else ""
    yield f"CREATE VIEW {name}{columns}{options} AS {deparse(view.query.node)}"
    if beside.owner is not None:
        yield f"ALTER VIEW {name} OWNER TO {quote_ident(beside.owner)}"
    for grant in sorted(view.grants):
        yield f"GRANT {grant.privilege.upper()} ON {name} TO {_role(grant.role)}"
    if beside.comment is not None:
        yield f"COMMENT ON VIEW {name} IS {quote_literal(beside.comment)}"
    for column in view.columns:
        attached = (ground.attached or {}).get(ColumnRef(view.ref, column), Attached())
        if attached.comment is not None:
            yield f"COMMENT ON COLUMN {name}.{quote_ident(column)} IS {quote_literal(attached.comment)}"
        for one in attached.grants:
            option = " WITH GRANT OPTION" if one.grantable else ""
            yield f"GRANT {one.privilege.upper()} ({quote_ident(column)}) ON {name} TO {_role(one.role)}{option}"
    for trigger in beside.triggers:
        yield from made_again(view.ref, trigger)[1:]


def _role(role: str) -> str:
    return "PUBLIC" if role == "public" else quote_ident(role)
