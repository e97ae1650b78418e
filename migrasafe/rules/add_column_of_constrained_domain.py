"""ADD COLUMN of a domain with a constraint: PostgreSQL rewrites the table to check every row."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.adding_column import column_steps
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import AlterTable

RULE = rule_for(
    "add-column-of-constrained-domain",
    (Cause.CONSTRAINED_DOMAIN,),
    (AlterTable,),
    why=lambda _, work: f"the table is rewritten, since the domain {work.detail} has a constraint",
    instead="Give the column the type below the domain, and a CHECK constraint NOT VALID that is validated later.",
    fix=lambda step, work: column_steps(step, work.relation, work.action),
)
