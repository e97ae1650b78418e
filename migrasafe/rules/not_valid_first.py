"""The two migrations that add a constraint without holding up writes, shared by the rules about constraints."""

from __future__ import annotations

from migrasafe.effects.model import Work
from migrasafe.findings import Fix
from migrasafe.rules.constraint_names import name_of
from migrasafe.rules.context import Step
from migrasafe.rules.instead import ONE_MIGRATION, OWN_TRANSACTION, Stage, others_with, plan
from migrasafe.sql.edit import action_spans
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AddConstraint, AlterTable


def not_valid_first(step: Step, work: Work) -> Fix | None:
    """None where the constraint's own text cannot be told apart."""
    statement = step.statement
    assert isinstance(statement, AlterTable) and work.action is not None
    action = statement.actions[work.action]
    assert isinstance(action, AddConstraint)
    spans = action_spans(step.script.source.text, statement.span)
    if len(spans) != len(statement.actions):
        return None
    name = quote_ident(name_of(step, work.relation, action.constraint))
    written = step.as_written[spans[work.action].start : spans[work.action].end]
    if action.constraint.name is None:
        written = f"{written[:3]} CONSTRAINT {name}{written[3:]}"  # behind ADD
    return plan(
        step,
        Stage(ONE_MIGRATION, others_with(step, work.action, f"{written} NOT VALID")),
        Stage(OWN_TRANSACTION, (f"ALTER TABLE {step.table_name} VALIDATE CONSTRAINT {name}",)),
    )
