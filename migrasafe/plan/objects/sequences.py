"""Where a column's numbers come from, and how another sequence goes on from there."""

from __future__ import annotations

from migrasafe.plan.templates import filled
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import ColumnRef, Ref, Schema, Sequence
from migrasafe.sql.quote import quote_ident, quote_literal


def sequence_of(schema: Schema, table: Ref, column: str) -> Sequence | None:
    """The sequence that belongs to a column; None where there is none, or it is not known."""
    owner = ColumnRef(table, column)
    for ref in sorted(schema.relations):
        relation = schema.relations[ref]
        if isinstance(relation, Sequence) and relation.owned_by == owner:
            return relation
    return None


def goes_on(sequence: Ref, before: Ref) -> str:
    """The next number of `sequence` is that which would have been next in `before`."""
    return filled("sequence_goes_on.sql", beside=quote_literal(name_of(sequence)), sequence=name_of(before)).strip()


def counted_on(table: Ref, column: str) -> str:
    """The next number of a column's sequence is behind the highest in the column."""
    return filled(
        "sequence_behind_highest.sql",
        table=name_of(table),
        quoted=quote_literal(name_of(table)),
        column=quote_literal(column),
        value=quote_ident(column),
    ).strip()
