"""What to do where PostgreSQL knows no way beside the app: another program that copies the table, or a time without the app."""

from __future__ import annotations

from migrasafe.effects.model import Work
from migrasafe.findings import Fix
from migrasafe.rules.context import Step
from migrasafe.rules.instead import Stage, outside_title, plan, shell
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.model import Ref, RelationKind
from migrasafe.sql.statements import AlterTable


def while_unused(step: Step, work: Work) -> Fix:
    """The statement as it stands, while no app version uses the table."""
    return plan(step, *unused(step, work.relation))


def unused(step: Step, ref: Ref) -> tuple[Stage, ...]:
    statement = (step.sql(),) if step.has_own_text else ()
    return (
        Stage(f"deploy an app version that does without {shown(ref)}, or stop the app"),
        Stage(f"when nothing uses {shown(ref)}", statement, by_hand=True),
        Stage(f"deploy the app version that uses {shown(ref)}, or start the app"),
    )


def repacked(step: Step, work: Work, *options: str, before: tuple[Stage, ...] = ()) -> Fix:
    """By pg_repack, which copies the table while it is in use and needs a key of its own on it; else while it is unused.
    https://reorg.github.io/pg_repack/"""
    table = step.schema.table(work.relation)
    if table is None or table.kind is not RelationKind.TABLE or (table.complete and table.primary_key is None):
        return while_unused(step, work)
    words = ("pg_repack", f"--table={work.relation.schema}.{sql_name(Ref('public', work.relation.name))}", *options)
    command = f"--    {' '.join(map(shell, words))}"
    return plan(step, *before, Stage("from a shell, with the extension pg_repack in this database", (command,)))


def moved_index(step: Step, index: str, tablespace: str) -> Fix | None:
    """REINDEX in the place of ALTER INDEX … SET TABLESPACE, on servers that can (14 and later)."""
    statement = step.statement
    if not step.target.at_least(14) or not isinstance(statement, AlterTable) or len(statement.actions) != 1:
        return None
    sql = f"REINDEX (TABLESPACE {tablespace}) INDEX CONCURRENTLY {index}"
    return plan(step, Stage(outside_title(step), (sql,)))
