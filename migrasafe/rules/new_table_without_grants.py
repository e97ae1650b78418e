"""A new table, view or sequence that a role may not use which may use all the others in its schema."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.recreate_without_grants import grants_sql
from migrasafe.rules.row_security import people_first
from migrasafe.rules.wording import shown
from migrasafe.schema.model import TEMPORARY_SCHEMA, Granted, Schema, Table, View
from migrasafe.sql.quote import comment
from migrasafe.sql.statements import CreateTable, CreateTableAs, CreateView

_ENOUGH = 2
"""So many tables of the schema must all be granted to a role before a new one that is not looks forgotten."""
_QUERIES = frozenset({"select", "insert", "update", "delete"})


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, (CreateTable, CreateTableAs, CreateView))
    if isinstance(statement, CreateTable) and statement.partition_of is not None:
        return  # queries go through the parent, whose privileges count
    ref = step.situation.ref(statement.name)
    if step.schema.relation(ref) is not None or ref.schema == TEMPORARY_SCHEMA:
        return
    known = step.migration_ending.usual_grants
    if ref.schema not in known:
        known[ref.schema] = _usual(step.schema, ref.schema)
    usual = known[ref.schema]
    made = step.at_end().relation(ref) if usual else None
    if not isinstance(made, (Table, View)):
        return
    roles = {one.role for one in usual} - {one.role for one in made.grants}
    if not roles:
        return
    missing = frozenset(one for one in usual if one.role in roles)
    yield step.finding(
        RULE.id,
        f"{people_first(tuple(sorted(roles)))} may use every other table of the schema {ref.schema}, but not {shown(ref)}.",
        severity=Severity.WARNING,
        help="Grant it what it may do with the other tables, or set ALTER DEFAULT PRIVILEGES once for those to come.",
        objects=(ref,),
        steps=comment(f"behind the statement that makes {shown(ref)}")
        + "\n"
        + "\n".join(grants_sql(ref, made, missing)),
        assumed=(f"the app that uses {shown(ref)} connects as this role",),
    )


def _usual(schema: Schema, name: str) -> frozenset[Granted]:
    """What every table of a schema that was there before grants; nothing where there are too few of them."""
    counts = schema.table_grants.get(name)
    if counts is None or frozenset() in counts or sum(counts.values()) < _ENOUGH:
        return frozenset()
    return frozenset(one for one in frozenset.intersection(*counts) if one.privilege in _QUERIES)


RULE = Rule(id="new-table-without-grants", check=check, on=(CreateTable, CreateTableAs, CreateView))
