"""Forms of statements that no plan has a way for: said, before something else is done in their place."""

from __future__ import annotations

from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.read.written_out import first_words
from migrasafe.schema.model import Schema
from migrasafe.sql.script import Script
from migrasafe.sql.statements import AddConstraint, AlterTable, Persistence, Statement, Transaction


def refuse_only(script: Script, statement: AlterTable, before: Schema) -> None:
    """Raise NoPlanError for ALTER TABLE ONLY where there are tables below it, which would be changed as well."""
    table = before.table(before.resolve(*statement.name)) if statement.only else None
    below = (*table.children, *table.partitions) if table is not None else ()
    if below and not all(isinstance(one, AddConstraint) for one in statement.actions):
        raise NoPlanError(
            f"{first_words(script, statement)} leaves {below[0]} as it is, which a plan does not: leave ONLY out, or change the"
            " tables below first, each in a migration of its own, and run this by hand"
        )


def refuse_rollback(script: Script, statement: Statement) -> None:
    """Raise NoPlanError for a migration that takes back what it has done."""
    if isinstance(statement, Transaction) and statement.verb.startswith("rollback"):
        raise NoPlanError(
            f"{script.source.path}:{script.line_of(statement)}: {first_words(script, statement)} takes back what comes before it: a"
            " plan is for what a migration leaves behind; take out both"
        )


def refuse_temporary(script: Script, statement: Statement) -> None:
    """Raise NoPlanError for what ends with the session that makes it."""
    if getattr(statement, "persistence", None) is Persistence.TEMPORARY:
        raise NoPlanError(
            f"{first_words(script, statement)} makes something temporary, which ends with its session: leave it out of the"
            " migration; who needs it makes it in the session that uses it"
        )
