"""A domain constraint is checked in every table that uses the domain, writes waiting, NOT VALID or not."""

from __future__ import annotations

from migrasafe.effects.model import Cause
from migrasafe.rules.by_cause import rule_for
from migrasafe.sql.statements import AlterDomain

RULE = rule_for(
    "domain-constraint-scan",
    (Cause.DOMAIN_CONSTRAINT,),
    (AlterDomain,),
    why=lambda _, work: f"every row is checked for the domain {work.detail}",
    instead="Put a CHECK constraint NOT VALID on each table instead, and validate it in a later migration.",
)
