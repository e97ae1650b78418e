"""ALTER SYSTEM, ALTER DATABASE and ALTER ROLE … SET, and superusers: what concerns more than this app's schema."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.row_security import people
from migrasafe.sql.statements import ClusterWide, RoleStatement

_POWERS = ("superuser", "isreplication", "createrole", "bypassrls")


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    if isinstance(statement, RoleStatement):
        powers = [one for one in _POWERS if one in statement.options]
        if powers:
            shown = {"isreplication": "REPLICATION"}.get(powers[0], powers[0].upper())
            yield _finding(
                step,
                f"{people(statement.roles)} gets {shown}, in every database of the server.",
                "Give the role the privileges that it needs, one by one.",
                people(statement.roles),
            )
        return
    assert isinstance(statement, ClusterWide)
    if statement.verb != "alter":
        return
    setting = f" {statement.setting}" if statement.setting else ""
    if statement.kind == "SYSTEM":
        yield _finding(
            step,
            f"Every database of the server gets the setting{setting}, at the next reload or restart.",
            "Set it where servers are configured; a migration runs on copies of this database too.",
            statement.setting or "system",
        )
    elif statement.kind == "DATABASE" and statement.setting:
        yield _finding(
            step,
            f"Every new session on {statement.name} gets the setting{setting}, whichever app it is of; open ones do not.",
            "Set it for the role of the app, or in its connection.",
            statement.name,
        )


def _finding(step: Step, message: str, help: str, subject: str) -> Finding:
    return step.finding(
        RULE.id, message[0].upper() + message[1:], severity=Severity.WARNING, help=help, objects=(subject,)
    )


RULE = Rule(id="change-server-setting", check=check, on=(ClusterWide, RoleStatement))
