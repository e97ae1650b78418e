"""ADD COLUMN … GENERATED ALWAYS AS (…) STORED: every row is computed."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.adding_column import column_steps
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "add-stored-generated-column",
    (Cause.GENERATED_COLUMN,),
    (AlterTable,),
    why=lambda _, work: f"the table is rewritten to compute {work.column} for every row",
    instead="Add a plain column that a trigger fills, and fill the old rows in batches; on PostgreSQL 18 a VIRTUAL column is free.",
    fix=lambda step, work: column_steps(step, work.relation, work.action),
)
