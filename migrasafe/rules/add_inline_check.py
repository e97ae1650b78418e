"""ADD COLUMN … CHECK (…): PostgreSQL scans the table even though every value is NULL."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.adding_column import column_steps
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "add-inline-check",
    (Cause.INLINE_CHECK,),
    (AlterTable,),
    why=lambda _, work: f"every row is checked for the CHECK on {work.column}",
    instead="Add the column first, then the constraint NOT VALID, and validate it in a later migration.",
    fix=lambda step, work: column_steps(step, work.relation, work.action),
)
