"""ADD UNIQUE that builds its index while nobody can use the table."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.index_first import index_first
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "add-unique-without-index",
    (Cause.UNIQUE,),
    (AlterTable,),
    why=lambda _, work: "the index of the constraint is built",
    instead="Build the unique index concurrently, then make the constraint from it.",
    fix=index_first,
)
