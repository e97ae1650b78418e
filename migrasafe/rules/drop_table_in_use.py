"""DROP TABLE: the app version still running may use it, and its data is gone."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import after_deploy
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Ref, Table
from migrasafe.sql.statements import Drop


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
    yield step.finding(
        RULE.id,
        f"The running app fails if it still uses {', '.join(shown(ref) for ref in used)}, "
        f"and {'its' if one else 'their'} rows are lost.",
        help="Deploy an app version that does not use the table, and drop it when the old version is gone.",
        objects=used,
        lock=LockMode.ACCESS_EXCLUSIVE,
        assumed=("the running app uses it",),
        fix=after_deploy(step, f"does not use {', '.join(shown(ref) for ref in used)}"),
    )


def _is_in_use(step: Step, statement: Drop, ref: Ref) -> bool:
    table = step.schema.relation(ref)
    if not step.situation.exists_already(ref) or (table is not None and not isinstance(table, Table)):
        return False
    return not (table is None and statement.if_exists and step.schema.complete)


RULE = Rule(id="drop-table-in-use", check=check, on=(Drop,))
