"""The two migrations that add a constraint without holding up writes, shared by the rules about constraints."""

from __future__ import annotations

from migrasafe.effects.model import Work
from migrasafe.rules.context import Step
from migrasafe.rules.wording import constraint_name, sql_name
from migrasafe.sql.edit import action_spans
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AddConstraint, AlterTable


def not_valid_first(step: Step, work: Work, suffix: str) -> str:
    statement = step.statement
    assert isinstance(statement, AlterTable) and work.action is not None
    action = statement.actions[work.action]
    assert isinstance(action, AddConstraint)
    spans = action_spans(step.script.source.text, statement.span)
    written = "ADD CONSTRAINT …"
    if work.action < len(spans):
        written = step.script.source.text[spans[work.action].start : spans[work.action].end]
    table = sql_name(work.relation)
    name = quote_ident(constraint_name(action.constraint, work.relation, suffix))
    return (
        "-- 1. one migration\n"
        f"ALTER TABLE {table} {written} NOT VALID;\n"
        "-- 2. the next migration, in a transaction of its own\n"
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {name};"
    )
