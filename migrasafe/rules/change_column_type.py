"""ALTER COLUMN … TYPE that rewrites the table, builds its indexes again, or checks its constraints again."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause, Work, WorkKind
from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.new_column_of_type import new_column_of_type
from migrasafe.rules.wording import shown
from migrasafe.sql.statements import AlterTable

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
            help="Make a new column of the new type, keep both in step, fill it in batches, and let them change names.",
            work=work,
            fix=new_column_of_type(step, work),
        )


def _what(work: Work) -> str:
    match work.kind:
        case WorkKind.REWRITE:
            return f"the table and its indexes are rewritten for {work.column} ({work.detail})"
        case WorkKind.INDEX_BUILD:
            return f"the index {work.detail} is built again for {work.column}"
        case _:
            return f"every row is checked for {work.detail} again"


RULE = Rule(id="change-column-type", check=check, on=(AlterTable,), needs_work=True)
