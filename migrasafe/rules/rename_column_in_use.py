"""RENAME COLUMN of a table or view that the running app uses."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.model import Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Rename


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Rename)
    if statement.kind != "COLUMN" or statement.part is None:
        return
    ref = step.situation.ref(statement.name)
    if not step.situation.exists_already(ref):
        return
    relation = step.schema.relation(ref)
    column = relation.column(statement.part) if isinstance(relation, Table) else None
    if column is not None and column.born.migration == step.moment.migration:
        return
    table, old, new = sql_name(ref), quote_ident(statement.part), quote_ident(statement.new_name)
    yield step.finding(
        RULE.id,
        f"The running app fails as soon as {shown(ref)}.{statement.part} is called {statement.new_name}.",
        help="Add the column under its new name, keep both in step, and drop the old one when the old app version is gone.",
        objects=(f"{ref}.{statement.part}",),
        steps=(
            "-- 1. one migration, and a trigger that keeps both columns in step\n"
            f"ALTER TABLE {table} ADD COLUMN {new} …;\n"
            "-- 2. fill it in batches: migrasafe backfill\n"
            f"-- 3. deploy the app version that uses {new}\n"
            "-- 4. when the old version is gone\n"
            f"ALTER TABLE {table} DROP COLUMN {old};"
        ),
        lock=LockMode.ACCESS_EXCLUSIVE,
        assumed=("the running app uses it",),
    )


RULE = Rule(id="rename-column-in-use", check=check, on=(Rename,))
