"""ADD EXCLUDE builds its index while nobody can use the table; there is no NOT VALID and no USING INDEX for it."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.while_unused import while_unused
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "add-exclusion-constraint",
    (Cause.EXCLUDE,),
    (AlterTable,),
    why=lambda _, work: "the index of the constraint is built",
    instead="PostgreSQL has no way to add it while the table is in use: take a maintenance window.",
    fix=while_unused,
)
