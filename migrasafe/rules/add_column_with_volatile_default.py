"""ADD COLUMN with a default that is evaluated once per row."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.adding_column import column_steps
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "add-column-with-volatile-default",
    (Cause.VOLATILE_DEFAULT,),
    (AlterTable,),
    why=lambda _, work: f"the table is rewritten to give each row its own {work.detail}",
    instead="Add the column without the default, set the default for new rows, and fill the old ones in batches.",
    fix=lambda step, work: column_steps(step, work.relation, work.action),
)
