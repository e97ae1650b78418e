"""CREATE INDEX CONCURRENTLY IF NOT EXISTS: finds the invalid index of a try that failed, and is content with it."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, outside_title, plan
from migrasafe.rules.wording import sql_name
from migrasafe.schema.model import Ref
from migrasafe.sql.edit import without_word
from migrasafe.sql.statements import CreateIndex, DoBlock, Drop, Reindex, Span, Statement


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, CreateIndex)
    if not (statement.concurrently and statement.if_not_exists and statement.name) or step.situation.in_block:
        return
    table = step.situation.ref(statement.table)
    if not step.exists_already(table):
        return
    index = Ref(table.schema, statement.name)
    known = step.schema.index(index)
    if known is not None and known.valid:
        return  # a server or the history shows it, whole
    if any(_mends(one, index.name) for one in step.script.statements):
        return
    plain = step.sql()
    for word in ("IF", "NOT", "EXISTS"):
        plain = without_word(plain, Span(0, len(plain)), word) or plain
    yield step.finding(
        RULE.id,
        f"If a build of {index.name} failed before, its invalid index is still there: this does nothing then, and succeeds.",
        severity=Severity.WARNING,
        help="Drop what a failed build left, then build: a second run works too."
        + (" Until then nothing is unique." if statement.unique else ""),
        objects=(index,),
        fix=plan(step, Stage(outside_title(step), (f"DROP INDEX CONCURRENTLY IF EXISTS {sql_name(index)}", plain))),
    )


def _mends(statement: Statement, name: str) -> bool:
    """Whether a statement of the script drops or rebuilds the index."""
    match statement:
        case Drop(kind="INDEX"):
            return any(dropped.name.name == name for dropped in statement.objects)
        case Reindex():
            return statement.name is not None and statement.name.name == name
        case DoBlock():
            return any(_mends(inner.statement, name) for inner in statement.body.statements)
    return False


RULE = Rule(id="if-not-exists-hides-invalid-index", check=check, on=(CreateIndex,))
