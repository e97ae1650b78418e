"""SET ACCESS METHOD copies the whole table."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.while_unused import while_unused
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "set-access-method-by-rewrite",
    (Cause.ACCESS_METHOD,),
    (AlterTable,),
    why=lambda _, work: "the whole table is copied",
    instead="PostgreSQL has no way to do it while the table is in use: take a maintenance window.",
    fix=while_unused,
)
