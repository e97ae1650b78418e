"""SET TABLESPACE copies the files of a table or index."""

from __future__ import annotations

from migrasafe.effects.model import Cause, Work
from migrasafe.findings import Fix
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.context import Step
from migrasafe.rules.while_unused import moved_index, repacked, while_unused
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AlterTable


def _moved(step: Step, work: Work) -> Fix:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    if statement.kind == "TABLE":
        return repacked(step, work, "--no-order", f"--tablespace={work.detail}")
    made = moved_index(step, step.table_name, quote_ident(work.detail)) if statement.kind == "INDEX" else None
    return made or while_unused(step, work)


RULE = rule_for(
    "set-tablespace-by-copy",
    (Cause.TABLESPACE,),
    (AlterTable,),
    why=lambda _, work: f"its files are copied to {work.detail}",
    instead="An index is moved by REINDEX CONCURRENTLY (14 and later), a table by pg_repack, or while nothing uses it.",
    fix=_moved,
)
