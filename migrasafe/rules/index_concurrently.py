"""CREATE INDEX made CONCURRENTLY, as its author wrote it."""

from __future__ import annotations

from migrasafe.findings import Fix
from migrasafe.rules.context import Step
from migrasafe.rules.instead import Stage, outside_title, outside_transaction, plan
from migrasafe.rules.wording import sql_name
from migrasafe.schema.model import Ref
from migrasafe.sql.edit import insert_after
from migrasafe.sql.statements import CreateIndex


def concurrently(step: Step, statement: CreateIndex) -> Fix | None:
    """An edit; with IF NOT EXISTS, which would take the invalid index of a failed build for the index, steps that drop that
    one first. None where the text is not the statement's own."""
    text = step.script.source.text
    concurrent = insert_after(text, statement.span, "INDEX", "CONCURRENTLY", step.as_written)
    if concurrent is None or not step.has_own_text:
        return None
    if not statement.if_not_exists or statement.name is None:
        return outside_transaction(step, concurrent)
    index = sql_name(Ref(step.situation.ref(statement.table).schema, statement.name))
    return plan(step, Stage(outside_title(step), (f"DROP INDEX CONCURRENTLY IF EXISTS {index}", concurrent)))
