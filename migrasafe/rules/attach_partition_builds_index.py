"""ATTACH PARTITION of a table that lacks an index of the parent: it is built under the lock."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "attach-partition-builds-index",
    (Cause.PARTITION_INDEX,),
    (AlterTable,),
    why=lambda _, work: f"its own copy of the index {work.detail} is built",
    instead="Build the index on the table with CREATE INDEX CONCURRENTLY before you attach it.",
)
