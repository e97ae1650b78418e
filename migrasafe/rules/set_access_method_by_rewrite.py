"""SET ACCESS METHOD copies the whole table."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "set-access-method-by-rewrite",
    (Cause.ACCESS_METHOD,),
    (AlterTable,),
    why=lambda _, work: "the whole table is copied",
    instead="Make a new table, copy the rows in batches, and switch.",
)
