"""ALTER CONSTRAINT … ENFORCED checks every row under a strong lock."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "enforce-constraint-by-scan",
    (Cause.ENFORCE,),
    (AlterTable,),
    why=lambda _, work: f"every row is checked for {work.detail}",
    instead="Drop the constraint, add it again NOT VALID, and validate it in a later migration.",
)
