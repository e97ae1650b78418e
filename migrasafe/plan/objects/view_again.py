"""A view or a materialized view made again from what is known of it, with all that stands on it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from migrasafe.plan.beside import ref_beside
from migrasafe.plan.carry_over.readers import has_star
from migrasafe.plan.carry_over.user_triggers import made_again
from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.schema.attached import Attached, Beside
from migrasafe.schema.definitions import create_index, name_of, names, settings
from migrasafe.schema.model import ColumnRef, Index, Ref, View
from migrasafe.sql.deparse import deparse
from migrasafe.sql.quote import quote_ident, quote_literal, quote_role
from migrasafe.sql.statements import Node


def create_view(view: View, *, replacing: bool = False, query: Node | None = None) -> str:
    """CREATE [OR REPLACE] [MATERIALIZED] VIEW under its own name, over `query` if that is given.

    Raises NoPlanError where its query is not known whole.
    """
    query = query if query is not None else view.query.node if view.query is not None else None
    if query is None or has_star(query):
        raise NoPlanError(f"the view {view.ref} cannot be made again from what is known of it: plan with --schema DSN")
    words = [*(("OR REPLACE",) if replacing else ()), view.kind.name.replace("_", " ")]
    options = f" WITH ({settings(view.options)})" if view.options else ""
    columns = f" ({names(view.columns)})" if view.columns else ""
    data = "" if view.populated else " WITH NO DATA"
    try:
        return f"CREATE {' '.join(words)} {name_of(view.ref)}{columns}{options} AS {deparse(query)}{data}"
    except ValueError as error:
        raise NoPlanError(f"the view {view.ref} {error}") from error


def view_again(ground: Ground, view: View, ready: Ref | None = None, *, query: Node | None = None) -> Iterator[str]:
    """The statements that make it as it was: owner, privileges, comments, triggers, indexes.

    `ready`: its name until it takes the place of the one that is there; its indexes are then called `…__ms`.
    """
    ref = ready or view.ref
    kind, name = view.kind.name.replace("_", " "), name_of(ref)
    yield create_view(replace(view, ref=ref), query=query)
    beside = (ground.beside or {}).get(view.ref, Beside())
    if beside.owner is not None:
        yield f"ALTER {kind} {name} OWNER TO {quote_ident(beside.owner)}"
    for index in ground.schema.indexes_of(view):
        # Nobody reads it yet: there is no need for CONCURRENTLY, which a transaction does not allow.
        yield create_index(index_for(index, ref)).replace(" CONCURRENTLY", "", 1)
    for grant in sorted(view.grants):
        yield f"GRANT {grant.privilege.upper()} ON {name} TO {quote_role(grant.role)}"
    if beside.comment is not None:
        yield f"COMMENT ON {kind} {name} IS {quote_literal(beside.comment)}"
    for column in view.columns:
        attached = (ground.attached or {}).get(ColumnRef(view.ref, column), Attached())
        if attached.comment is not None:
            yield f"COMMENT ON COLUMN {name}.{quote_ident(column)} IS {quote_literal(attached.comment)}"
        for one in attached.grants:
            option = " WITH GRANT OPTION" if one.grantable else ""
            yield f"GRANT {one.privilege.upper()} ({quote_ident(column)}) ON {name} TO {quote_role(one.role)}{option}"
    for trigger in beside.triggers:
        yield from made_again(view.ref, trigger)[1:]
    for index_name, text in beside.index_comments:
        index_ref = Ref(ref.schema, index_name) if ref == view.ref else ref_beside(Ref(ref.schema, index_name))
        yield f"COMMENT ON INDEX {name_of(index_ref)} IS {quote_literal(text)}"


def index_for(index: Index, view: Ref) -> Index:
    """The index on the view of that name, which stands beside the one that has it."""
    if index.table == view:
        return index
    return replace(index, ref=ref_beside(index.ref), table=view)
