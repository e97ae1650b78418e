"""VACUUM FULL copies the whole table."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import Vacuum

RULE = rule_for(
    "vacuum-full-by-rewrite",
    (Cause.VACUUM_FULL,),
    (Vacuum,),
    why=lambda _, work: "the whole table is copied",
    instead="Plain VACUUM makes the space usable again; to give it back to the disk, use pg_repack or pg_squeeze.",
)
