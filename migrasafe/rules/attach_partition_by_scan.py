"""ATTACH PARTITION without a CHECK that proves its bound: the new partition is scanned under its lock."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.partition_bounds import proof_of_bound
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "attach-partition-by-scan",
    (Cause.ATTACH_PARTITION,),
    (AlterTable,),
    why=lambda _, work: f"every row is checked for the bound of {work.detail}",
    instead="Give the table a CHECK constraint that says the same as the bound, NOT VALID and validated before, and attach it then.",
    fix=proof_of_bound,
)
