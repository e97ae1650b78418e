"""ADD CHECK without NOT VALID."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.not_valid_first import not_valid_first
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "add-check-without-not-valid",
    (Cause.CHECK,),
    (AlterTable,),
    why=lambda _, work: "every row is checked for the new constraint",
    instead="Add it NOT VALID, which checks new rows only, and validate the old ones in a later transaction.",
    fix=not_valid_first,
)
