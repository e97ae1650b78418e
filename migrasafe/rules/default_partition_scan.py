"""A new partition beside a DEFAULT partition: the DEFAULT one is scanned for rows that belong to the new one."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.partition_bounds import proof_of_absence
from migrasafe.sql.statements import AlterTable, CreateTable

RULE = rule_for(
    "default-partition-scan",
    (Cause.DEFAULT_PARTITION,),
    (
        AlterTable,
        CreateTable,
    ),
    why=lambda _, work: f"it is scanned for rows that belong to {work.detail}",
    instead="Give the DEFAULT partition a validated CHECK constraint that excludes the new bound, before.",
    fix=proof_of_absence,
)
