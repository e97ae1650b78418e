"""DROP COLUMN: the app version still running may read and write it, and its data is gone."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.in_phases import in_phases
from migrasafe.rules.instead import after_deploy
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Column
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AlterAttribute, AlterTable, DropColumn


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    if statement.kind == "TYPE":
        yield from _of_composite(step, statement)
        return
    if statement.kind not in ("TABLE", "FOREIGN TABLE") or not step.situation.exists_already(ref):
        return
    table = step.schema.table(ref)
    for index, action in enumerate(statement.actions):
        if not isinstance(action, DropColumn):
            continue
        column = table.column(action.column) if table is not None else None
        if column is not None and column.born.migration == step.moment.migration:
            continue
        if column is None and action.if_exists and table is not None and table.complete:
            continue
        yield step.finding(
            RULE.id,
            f"The running app fails if it still uses {shown(ref)}.{action.column}, and the data in it is lost.",
            help="Deploy an app version that does not use the column, and drop it when the old version is gone.",
            action=index,
            objects=(f"{ref}.{action.column}",),
            lock=LockMode.ACCESS_EXCLUSIVE,
            assumed=("the running app uses it (--old SOURCE would tell)",),
            command=in_phases(step, "drop", ref, action.column),
            fix=after_deploy(
                step, f"does not use {shown(ref)}.{action.column}", _without_it(step, column), action=index
            ),
        )


def _of_composite(step: Step, statement: AlterTable) -> Iterator[Finding]:
    """ALTER TYPE … DROP ATTRIBUTE: from every value that is stored."""
    name = statement.name
    known = step.schema.types.get(step.schema.resolve_type(name.schema, name.name))
    if known is not None and known.born.migration == step.moment.migration:
        return
    for place, action in enumerate(statement.actions):
        if isinstance(action, AlterAttribute) and action.verb == "drop":
            yield step.finding(
                RULE.id,
                f"The running app fails if it still uses {name}.{action.attribute}, and the data in it is lost.",
                help="Deploy an app version that does not use the attribute, and drop it when the old version is gone.",
                action=place,
                objects=(f"{name}.{action.attribute}",),
                assumed=("the running app uses it (--old SOURCE would tell)",),
                fix=after_deploy(step, f"does not use {name}.{action.attribute}", action=place),
            )


def _without_it(step: Step, column: Column | None) -> tuple[str, ...]:
    """What lets the next app version leave out a column that must have a value."""
    if column is None or not column.not_null or column.default is not None or column.identity is not None:
        return ()
    return (f"ALTER TABLE {step.table_name} ALTER COLUMN {quote_ident(column.name)} DROP NOT NULL",)


RULE = Rule(id="drop-column-in-use", check=check, on=(AlterTable,), actions=(DropColumn, AlterAttribute))
