"""PRIMARY KEY USING INDEX over a column that may be NULL: it is made NOT NULL by a scan."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.set_not_null_by_full_scan import not_null_first
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "primary-key-makes-not-null-by-scan",
    (Cause.PRIMARY_KEY_NULLS,),
    (AlterTable,),
    why=lambda _, work: f"every row is checked for a NULL in {work.column}",
    instead="Make the column NOT NULL first, with a validated CHECK constraint.",
    fix=not_null_first,
)
