"""ADD COLUMN … DEFAULT … REFERENCES …: every row is looked up in the other table."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.adding_column import column_steps
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "add-inline-foreign-key-with-default",
    (Cause.INLINE_FOREIGN_KEY,),
    (AlterTable,),
    why=lambda _, work: f"every row is looked up for the foreign key on {work.column}",
    instead="Add the column without REFERENCES, then the foreign key NOT VALID, and validate it in a later migration.",
    fix=lambda step, work: column_steps(step, work.relation, work.action),
)
