"""ADD PRIMARY KEY that builds its index while nobody can use the table."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.index_first import index_first
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "add-primary-key-without-index",
    (Cause.PRIMARY_KEY,),
    (AlterTable,),
    why=lambda _, work: "the index of the key is built and its columns are checked for NULLs",
    instead="Build the unique index concurrently, make the columns NOT NULL, then make the key from the index.",
    fix=index_first,
)
