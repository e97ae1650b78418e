"""CLUSTER sorts a table by copying it."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import Cluster

RULE = rule_for(
    "cluster-by-rewrite",
    (Cause.CLUSTER,),
    (Cluster,),
    why=lambda _, work: "the whole table is copied in a new order",
    instead="Use pg_repack or pg_squeeze, which copy the rows while the table is in use.",
)
