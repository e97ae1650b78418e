"""SET (autovacuum_enabled = false): dead rows stay, and the table grows."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.sql.statements import AlterTable, CreateTable, SetOptions

_OFF = frozenset({"false", "off", "0", "no"})


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, (AlterTable, CreateTable))
    options = (
        [statement.options]
        if isinstance(statement, CreateTable)
        else [one.options for one in statement.actions if isinstance(one, SetOptions)]
    )
    if not any(
        name == "autovacuum_enabled" and (value or "").lower() in _OFF for some in options for name, value in some
    ):
        return
    ref = step.situation.ref(statement.name)
    table = step.at_end().table(ref)
    if table is None or dict(table.options).get("autovacuum_enabled", "true").lower() not in _OFF:
        return
    yield step.finding(
        RULE.id,
        f"Dead rows of {shown(ref)} are never cleared away: it grows with every UPDATE and DELETE, and its statistics grow old.",
        severity=Severity.WARNING,
        help="Turn it on again when the bulk change is done; thresholds and cost limits slow it down without stopping it.",
        objects=(ref,),
    )


RULE = Rule(id="autovacuum-turned-off", check=check, on=(AlterTable, CreateTable), actions=(SetOptions,))
