"""SET EXPRESSION of a stored generated column: every row is computed again."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "set-expression-by-rewrite",
    (Cause.GENERATION_EXPRESSION,),
    (AlterTable,),
    why=lambda _, work: f"the table is rewritten to compute {work.column} again",
    instead="Add a new column with the new expression, fill it in batches, and switch the readers.",
)
