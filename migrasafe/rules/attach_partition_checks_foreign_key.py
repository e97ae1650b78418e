"""ATTACH PARTITION of a table that lacks a foreign key of the parent: every row is checked under the lock."""

from __future__ import annotations

from migrasafe.effects.model import Cause, Work
from migrasafe.findings import Fix
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.context import Step
from migrasafe.rules.instead import NEXT_MIGRATION, ONE_MIGRATION, OWN_TRANSACTION, Stage, plan
from migrasafe.rules.wording import sql_name
from migrasafe.schema.definitions import constraint_body
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AlterTable


def _foreign_key_first(step: Step, work: Work) -> Fix | None:
    """Every foreign key that the partition lacks, checked while nobody waits."""
    statement = step.statement
    assert isinstance(statement, AlterTable)
    parent = step.schema.table(step.situation.ref(statement.name))
    missing = [one.detail for one in step.effects.caused_by(Cause.PARTITION_FOREIGN_KEY) if one.action == work.action]
    known = [one for name in missing if parent is not None and (one := parent.constraint(name)) is not None]
    if len(known) < len(missing) or not step.has_own_text:
        return None
    table = f"ALTER TABLE {sql_name(work.relation)}"
    keys = [(quote_ident(one.name), constraint_body(one)) for one in known]
    return plan(
        step,
        Stage(ONE_MIGRATION, tuple(f"{table} ADD CONSTRAINT {name} {body} NOT VALID" for name, body in keys)),
        Stage(OWN_TRANSACTION, tuple(f"{table} VALIDATE CONSTRAINT {name}" for name, _ in keys)),
        Stage(NEXT_MIGRATION, (step.sql(),)),
    )


RULE = rule_for(
    "attach-partition-checks-foreign-key",
    (Cause.PARTITION_FOREIGN_KEY,),
    (AlterTable,),
    why=lambda _, work: f"every row is checked for the foreign key {work.detail}",
    instead="Give the table the same foreign key, NOT VALID and validated before, and attach it then.",
    fix=_foreign_key_first,
)
