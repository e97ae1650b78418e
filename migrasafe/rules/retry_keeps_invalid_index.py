"""CREATE INDEX CONCURRENTLY IF NOT EXISTS: after a failed build it does nothing, and the index stays invalid."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, outside_title, plan
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import CreateIndex, DoBlock, Drop, Reindex, Statement


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, CreateIndex)
    if not (statement.concurrently and statement.if_not_exists) or statement.name is None:
        return
    ref = step.situation.ref(statement.table)
    if not step.exists_already(ref) or _is_mended(step, statement.name):
        return
    known = step.schema.index(Ref(ref.schema, statement.name))
    if known is not None and known.valid:
        return  # the history or the server shows it whole
    index = quote_ident(statement.name)
    if statement.table.schema is not None:
        index = f"{quote_ident(statement.table.schema)}.{index}"
    unique = ", and keeps no duplicates out" if statement.unique else ""
    written = step.script.text_of(statement)
    yield step.finding(
        RULE.id,
        f"If the build on {shown(ref)} fails, the next try does nothing: {statement.name} is there, but no query uses it{unique}.",
        severity=Severity.WARNING,
        help="Drop what a failed build left before, so that a retry builds the index.",
        objects=(ref,),
        fix=plan(
            step,
            Stage(outside_title(step), (f"DROP INDEX CONCURRENTLY IF EXISTS {index}", written)),
        ),
        assumed=("a build can fail: on a duplicate, a deadlock, a timeout",),
    )


def _is_mended(step: Step, name: str) -> bool:
    """Whether the migration drops an index of this name first, or rebuilds it afterwards."""
    statements = step.script.statements
    return any(_drops(one, name) for one in statements[: step.number]) or any(
        isinstance(one, Reindex) and one.name is not None and one.name.name == name for one in statements[step.number :]
    )


def _drops(statement: Statement, name: str) -> bool:
    match statement:
        case Drop(kind="INDEX"):
            return any(one.name.name == name for one in statement.objects)
        case DoBlock():
            return any(_drops(inner.statement, name) for inner in statement.body.statements)
    return False


RULE = Rule(id="retry-keeps-invalid-index", check=check, on=(CreateIndex,))
