"""INSERT, UPDATE and DELETE in pg_catalog: PostgreSQL checks nothing of it, and open sessions do not notice."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.sql.statements import Delete, Dml, Insert, Merge, Name, Update

_STATEMENTS = {
    "pg_attribute": "ALTER TABLE",
    "pg_class": "ALTER TABLE",
    "pg_constraint": "ALTER TABLE",
    "pg_enum": "ALTER TYPE",
    "pg_index": "ALTER TABLE and REINDEX",
    "pg_trigger": "ALTER TABLE",
    "pg_proc": "CREATE OR REPLACE FUNCTION",
    "pg_database": "ALTER DATABASE",
    "pg_authid": "ALTER ROLE",
}


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Dml)
    if not is_catalog(step, statement.table):
        return
    earlier = step.script.statements[: step.number]
    if any(isinstance(one, Dml) and one.table == statement.table for one in earlier):
        return  # said once for a migration
    name = statement.table.name
    instead = _STATEMENTS.get(name, "the statement that PostgreSQL has for it")
    yield step.finding(
        RULE.id,
        f"{name} is changed by hand: PostgreSQL checks nothing of it and keeps nothing else in step, open sessions go on with "
        "what they have read, and only a superuser may do it at all (42501).",
        severity=Severity.WARNING,
        help=f"Use {instead}: it takes the locks, changes what hangs on it and tells all sessions.",
        objects=(f"pg_catalog.{name}",),
    )


def is_catalog(step: Step, table: Name) -> bool:
    """Whether a name is that of a table of PostgreSQL's own."""
    if table.schema is not None:
        return table.schema == "pg_catalog"
    return table.name in _STATEMENTS or (
        table.name.startswith("pg_") and step.schema.relation(step.situation.ref(table)) is None
    )


RULE = Rule(id="change-system-catalog", check=check, on=(Insert, Update, Delete, Merge))
