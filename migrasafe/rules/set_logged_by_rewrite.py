"""SET LOGGED and SET UNLOGGED copy the whole table."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "set-logged-by-rewrite",
    (Cause.PERSISTENCE,),
    (AlterTable,),
    why=lambda _, work: "the whole table is copied",
    instead="Make a new table, copy the rows in batches, and switch.",
)
