"""REFRESH MATERIALIZED VIEW without CONCURRENTLY: nobody can read the view meanwhile."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import RefreshMaterializedView

RULE = rule_for(
    "refresh-without-concurrently",
    (Cause.REFRESH,),
    (RefreshMaterializedView,),
    why=lambda _, work: "its query runs",
    instead="Use REFRESH MATERIALIZED VIEW CONCURRENTLY; it needs a unique index over all rows of the view.",
)
