"""Publications that name columns or rows of a table: they go on with the column that takes the old one's place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from migrasafe.plan import predicates
from migrasafe.plan.model import Step
from migrasafe.schema.attached import Beside, PublishedAs
from migrasafe.schema.definitions import name_of, names
from migrasafe.schema.model import Ref
from migrasafe.sql.deparse import deparse_expression, parse_expression, renamed
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import Expression


def published_again(table: Ref, one: PublishedAs, columns: Mapping[str, str] = {}) -> tuple[str, ...]:
    """The table taken out and put in again, in one transaction: no change is lost on the way."""
    publication = quote_ident(one.publication)
    listed = [columns.get(column, column) for column in one.columns]
    words = f" ({names(listed)})" if listed else ""
    if one.filter is not None:
        node = renamed(parse_expression(one.filter).node, columns, frozenset({table.name}))
        words += f" WHERE ({deparse_expression(Expression(node=node))})"
    return (
        f"ALTER PUBLICATION {publication} DROP TABLE {name_of(table)}",
        f"ALTER PUBLICATION {publication} ADD TABLE {name_of(table)}{words}",
    )


def publications_that_name(beside: Beside | None, column: str) -> tuple[PublishedAs, ...]:
    return tuple(one for one in (beside.published if beside is not None else ()) if _names(one, column))


def publishing(table: Ref, beside: Beside | None, old: str, new: str) -> Iterator[Step]:
    """What was published of the old column is published of the new one."""
    for one in publications_that_name(beside, old):
        yield Step(
            title=f"Let the publication {one.publication} name {new}",
            statements=published_again(table, one, {old: new}),
            done=f"{_depends(table, one, new)} AND NOT {_depends(table, one, old)}",
            undo=published_again(table, one),
        )


def _names(one: PublishedAs, column: str) -> bool:
    filtered = one.filter is not None and column in columns_read(parse_expression(one.filter))
    return column in one.columns or filtered


def _depends(table: Ref, one: PublishedAs, column: str) -> str:
    return (
        "EXISTS (SELECT FROM pg_depend d JOIN pg_publication_rel r ON r.oid = d.objid"
        " JOIN pg_publication p ON p.oid = r.prpubid"
        " JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid"
        f" WHERE d.classid = 'pg_publication_rel'::regclass AND p.pubname = {quote_literal(one.publication)}"
        f" AND d.refobjid = {predicates.relation(table)} AND a.attname = {quote_literal(column)})"
    )
