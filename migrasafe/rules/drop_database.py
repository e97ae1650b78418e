"""DROP DATABASE, DROP TABLESPACE and DROP OWNED: everything in them is lost."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Fix
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import ONE_MIGRATION, Stage, plan, shell
from migrasafe.rules.row_security import people
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ClusterWide, RoleStatement


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    if isinstance(statement, RoleStatement):
        if statement.verb == "drop owned" and not _owns_nothing(step, statement):
            yield step.finding(
                RULE.id,
                f"Every table, view and function that {people(statement.roles)} owns in this database is lost, and so are the "
                "privileges.",
                help="REASSIGN OWNED gives the objects to another role first; DROP OWNED then takes the privileges only.",
                objects=statement.roles,
                fix=_given_away(step, statement),
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
            fix=_by_hand(step, statement),
        )


def _owns_nothing(step: Step, statement: RoleStatement) -> bool:
    """Whether what the roles had was given to another one just before."""
    earlier = step.script.statements[: step.number]
    given = {
        role for one in earlier if isinstance(one, RoleStatement) and one.verb == "reassign owned" for role in one.roles
    }
    return set(statement.roles) <= given


def _given_away(step: Step, statement: RoleStatement) -> Fix:
    roles = ", ".join(map(quote_ident, statement.roles))
    return plan(step, Stage(ONE_MIGRATION, (f"REASSIGN OWNED BY {roles} TO CURRENT_USER", f"DROP OWNED BY {roles}")))


def _by_hand(step: Step, statement: ClusterWide) -> Fix:
    name, kind = statement.name, statement.kind.lower()
    dump = ("pg_dump", "--format=custom", f"--file={name}.dump", name)
    copy = (f"--    {' '.join(map(shell, dump))}",) if kind == "database" else ()
    return plan(
        step,
        Stage(f"deploy the app version that does not use the {kind} {name}"),
        Stage("when the old version is gone, from a shell", copy),
        Stage("by hand, not in a migration", (f"--    psql --command {shell(step.sql())} postgres",)),
    )


RULE = Rule(id="drop-database", check=check, on=(ClusterWide, RoleStatement))
