"""DROP TABLE: the app version still running may use it, and its data is gone."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.in_phases import in_phases
from migrasafe.rules.instead import after_deploy
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Ref, Table
from migrasafe.sql.statements import CreateTable, CreateTableAs, Drop


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Drop)
    if statement.kind not in ("TABLE", "FOREIGN TABLE"):
        return
    refs = [step.situation.ref(dropped.name) for dropped in statement.objects]
    used = [ref for ref in refs if _is_in_use(step, statement, ref)]
    if not used:
        return
    one = len(used) == 1
    guessed = statement.if_exists and all(_is_made_next(step, ref) for ref in used)
    yield step.finding(
        RULE.id,
        f"The running app fails if it still uses {', '.join(shown(ref) for ref in used)}, "
        f"and {'its' if one else 'their'} rows are lost.",
        help="Deploy an app version that does not use the table, and drop it when the old version is gone.",
        severity=Severity.WARNING if guessed else Severity.ERROR,
        objects=used,
        lock=LockMode.ACCESS_EXCLUSIVE,
        assumed=("it was there before, though no migration made it",)
        if guessed
        else ("the running app uses it (--old SOURCE would tell)",),
        command=in_phases(step, "drop", used[0]) if one else None,
        fix=after_deploy(step, f"does not use {', '.join(shown(ref) for ref in used)}"),
    )


def _is_in_use(step: Step, statement: Drop, ref: Ref) -> bool:
    table = step.schema.relation(ref)
    if not step.situation.exists_already(ref) or (table is not None and not isinstance(table, Table)):
        return False
    return not (table is None and statement.if_exists and step.schema.complete)


def _is_made_next(step: Step, ref: Ref) -> bool:
    """Whether DROP TABLE IF EXISTS comes before the CREATE TABLE of a table that nobody saw before: to be sure."""
    return (
        step.schema.relation(ref) is None
        and step.at_end().table(ref) is not None
        and any(
            isinstance(later, (CreateTable, CreateTableAs)) and step.situation.ref(later.name) == ref
            for later in step.to_the_end()
        )
    )


RULE = Rule(id="drop-table-in-use", check=check, on=(Drop,))
