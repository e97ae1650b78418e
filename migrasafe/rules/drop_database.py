"""DROP DATABASE, DROP TABLESPACE and DROP OWNED: everything in them is lost."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.row_security import people
from migrasafe.sql.statements import ClusterWide, RoleStatement


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    if isinstance(statement, RoleStatement):
        if statement.verb == "drop owned":
            yield step.finding(
                RULE.id,
                f"Every table, view and function that {people(statement.roles)} owns in this database is lost, and so are the "
                "privileges.",
                help="REASSIGN OWNED gives the objects to another role first; DROP OWNED then takes the privileges only.",
                objects=statement.roles,
            )
        return
    assert isinstance(statement, ClusterWide)
    if statement.verb == "drop" and statement.kind in ("DATABASE", "TABLESPACE"):
        what = "every table in it" if statement.kind == "DATABASE" else "whatever still is in it"
        yield step.finding(
            RULE.id,
            f"The {statement.kind.lower()} {statement.name} is lost with {what}.",
            help="Do it by hand, after a backup that was restored once; no migration should be able to.",
            objects=(statement.name,),
        )


RULE = Rule(id="drop-database", check=check, on=(ClusterWide, RoleStatement))
