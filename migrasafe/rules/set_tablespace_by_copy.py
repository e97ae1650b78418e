"""SET TABLESPACE copies the files of a table or index."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "set-tablespace-by-copy",
    (Cause.TABLESPACE,),
    (AlterTable,),
    why=lambda _, work: f"its files are copied to {work.detail}",
    instead="For an index: REINDEX (TABLESPACE …) CONCURRENTLY (14 and later). For a table: a maintenance window, or a new table.",
)
