"""ADD COLUMN … GENERATED … VIRTUAL NOT NULL: every row is computed to see that none is NULL."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.adding_column import column_steps
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "add-virtual-column-not-null",
    (Cause.NEW_COLUMN_NOT_NULL,),
    (AlterTable,),
    why=lambda _, work: f"{work.column} is computed for every row",
    instead="Add the column without NOT NULL, then the NOT NULL constraint NOT VALID, and validate it in a later migration.",
    fix=lambda step, work: column_steps(step, work.relation, work.action),
)
