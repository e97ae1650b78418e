"""ADD COLUMN … GENERATED … AS IDENTITY: every row is numbered."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.adding_column import column_steps
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "add-identity-column",
    (Cause.IDENTITY_COLUMN,),
    (AlterTable,),
    why=lambda _, work: f"the table is rewritten to number every row for {work.column}",
    instead="Add a plain column, give it a sequence for new rows, and number the old ones in batches.",
    fix=lambda step, work: column_steps(step, work.relation, work.action),
)
