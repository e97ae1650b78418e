"""The rows that a plan puts into tables itself: they are no rows of the app that have changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migrasafe.plan.model import Plan
from migrasafe.rehearse.made_up.app import TableUse
from migrasafe.sql.parse import parse_statement
from migrasafe.sql.statements import Insert


def put_in(plan: Plan) -> Iterator[tuple[tuple[str, str], frozenset[str]]]:
    """Each table that a step puts rows into, with the columns that it gives."""
    for step in plan.steps:
        for text in step.statements:
            statement = parse_statement(text) if text.startswith("INSERT INTO ") else None
            if isinstance(statement, Insert) and statement.table.schema is not None:
                yield (statement.table.schema, statement.table.name), frozenset(statement.columns)


def numbered_by_itself(plan: Plan, uses: Iterable[TableUse]) -> frozenset[tuple[str, str]]:
    """The tables whose new rows get their keys from a sequence: other numbers than the one-shot migration would give."""
    keys = {use.ref: {column.name for column in use.key} for use in uses}
    return frozenset(ref for ref, columns in put_in(plan) if not columns >= keys.get(ref, set()))
