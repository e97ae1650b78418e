"""ALTER COLUMN … TYPE that rewrites the table, builds its indexes again, or checks its constraints again."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause, Work, WorkKind
from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.in_phases import in_phases
from migrasafe.rules.new_column_of_type import new_column_of_type
from migrasafe.rules.wording import shown
from migrasafe.sql.conversions import known_conversion
from migrasafe.sql.edit import action_spans
from migrasafe.sql.statements import AlterColumnType, AlterTable
from migrasafe.sql.written_statements import on_one_line, written_type

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
            command=_in_phases(step, work),
            fix=new_column_of_type(step, work),
        )


def _in_phases(step: Step, work: Work) -> str | None:
    """Where the way from type to type and back is known, so that nobody has to say it."""
    statement, table = step.statement, step.schema.table(work.relation)
    action = statement.actions[work.action] if isinstance(statement, AlterTable) and work.action is not None else None
    spans = action_spans(step.script.source.text, statement.span)
    if not isinstance(action, AlterColumnType) or work.action is None or work.action >= len(spans) or table is None:
        return None
    column, written = table.column(action.column), written_type(step.as_written, spans[work.action])
    type_name = on_one_line(written.type) if written is not None and written.using is None else None
    if type_name is None or column is None or column.type is None:
        return None
    if known_conversion(column.type, action.type, action.column, action.column) is None:
        return None
    return in_phases(step, "type", work.relation, action.column, type_name)


def _what(work: Work) -> str:
    match work.kind:
        case WorkKind.REWRITE:
            return f"the table and its indexes are rewritten for {work.column} ({work.detail})"
        case WorkKind.INDEX_BUILD:
            return f"the index {work.detail} is built again for {work.column}"
        case _:
            return f"every row is checked for {work.detail} again"


RULE = Rule(id="change-column-type", check=check, on=(AlterTable,), needs_work=True)
