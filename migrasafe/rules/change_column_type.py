"""ALTER COLUMN … TYPE that rewrites the table, builds its indexes again, or checks its constraints again."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause, Work, WorkKind
from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown, sql_name
from migrasafe.sql.quote import quote_ident, spell_type
from migrasafe.sql.statements import AlterColumnType, AlterTable

_CAUSES = (Cause.COLUMN_TYPE, Cause.COLLATION, Cause.RECHECKED_CONSTRAINT)


def check(step: Step) -> Iterator[Finding]:
    seen: set[int | None] = set()
    for work in step.work(*_CAUSES):
        if work.action in seen:
            continue
        seen.add(work.action)
        yield step.finding(
            RULE.id,
            f"Reads and writes of {shown(work.relation)} wait while {_what(work)}.",
            help="Make a new column of the new type, keep both in step, fill it in batches, switch the app, drop the old one.",
            work=work,
            steps=_steps(step, work),
        )


def _what(work: Work) -> str:
    match work.kind:
        case WorkKind.REWRITE:
            return f"the table and its indexes are rewritten for {work.column} ({work.detail})"
        case WorkKind.INDEX_BUILD:
            return f"the index {work.detail} is built again for {work.column}"
        case _:
            return f"every row is checked for {work.detail} again"


def _steps(step: Step, work: Work) -> str:
    statement = step.statement
    assert isinstance(statement, AlterTable) and work.action is not None
    action = statement.actions[work.action]
    assert isinstance(action, AlterColumnType)
    table, old, new = sql_name(work.relation), quote_ident(action.column), quote_ident(f"{action.column}_new")
    return (
        "-- 1. one migration, and a trigger that keeps both columns in step\n"
        f"ALTER TABLE {table} ADD COLUMN {new} {spell_type(action.type)};\n"
        "-- 2. fill it in batches: migrasafe backfill\n"
        f"-- 3. deploy the app version that uses {new}\n"
        "-- 4. when the old version is gone\n"
        f"ALTER TABLE {table} DROP COLUMN {old};"
    )


RULE = Rule(id="change-column-type", check=check, on=(AlterTable,), needs_work=True)
