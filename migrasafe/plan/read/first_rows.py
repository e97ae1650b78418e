"""The rows that a migration gives a table which it makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.read.written_out import first_words
from migrasafe.schema.model import Ref, Schema
from migrasafe.sql.expressions import walk
from migrasafe.sql.script import Script
from migrasafe.sql.statements import CreateView, Insert


def first_rows(script: Script, inserts: Iterable[Insert], table: Ref, after: Schema, first: Schema) -> Iterator[str]:
    """The INSERTs into it, as text. `first`: the schema before the migration. Raises NoPlanError for copies of other rows."""
    for one in inserts:
        if after.resolve(*one.table) == table:
            _refuse_copies(script, one, first)
            yield script.text_of(one)


def _refuse_copies(script: Script, statement: Insert, first: Schema) -> None:
    """Raise NoPlanError for rows that come from tables in use: what is written meanwhile would be missing."""
    seen_through = {one.name.name for one in script.statements if isinstance(one, CreateView)}
    for kind, fields in walk(statement.query.node):
        if kind == "RangeVar" and fields.get("relname") != statement.table.name:
            ref = first.resolve(fields.get("schemaname"), fields["relname"])
            if first.relation(ref) is not None or ref.name in seen_through:
                raise NoPlanError(
                    f"{first_words(script, statement)} copies rows of {ref}, which is in use: what is written there before the new"
                    " version is everywhere would be missing; make the table first, keep it in step by triggers, and copy in"
                    " batches (`migrasafe plan move-columns` does this for columns)"
                )
