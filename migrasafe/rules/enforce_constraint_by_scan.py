"""ALTER CONSTRAINT … ENFORCED checks every row under a strong lock."""

from __future__ import annotations

from migrasafe.effects.model import Cause, Work
from migrasafe.findings import Fix
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.context import Step
from migrasafe.rules.instead import ONE_MIGRATION, OWN_TRANSACTION, Stage, others_with, plan
from migrasafe.rules.wording import foreign_key_sql
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AlterConstraint, AlterTable


def _not_valid_again(step: Step, work: Work) -> Fix | None:
    """The constraint made anew: while it is NOT VALID it is enforced for new rows."""
    statement, table = step.statement, step.schema.table(work.relation)
    assert isinstance(statement, AlterTable) and work.action is not None
    action = statement.actions[work.action]
    constraint = table.constraint(action.name) if table is not None and isinstance(action, AlterConstraint) else None
    key = foreign_key_sql(constraint) if constraint is not None else None
    if constraint is None or key is None:
        return None
    name = quote_ident(constraint.name)
    made = f"DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {key} NOT VALID"
    return plan(
        step,
        Stage(ONE_MIGRATION, others_with(step, work.action, made)),
        Stage(OWN_TRANSACTION, (f"ALTER TABLE {step.table_name} VALIDATE CONSTRAINT {name}",)),
    )


RULE = rule_for(
    "enforce-constraint-by-scan",
    (Cause.ENFORCE,),
    (AlterTable,),
    why=lambda _, work: f"every row is checked for {work.detail}",
    instead="Drop the constraint, add it again NOT VALID, and validate it in a later migration.",
    fix=_not_valid_again,
)
