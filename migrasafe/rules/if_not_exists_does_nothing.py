"""CREATE … IF NOT EXISTS of something that is there and looks different: nothing happens."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Table
from migrasafe.sql.quote import spell_type
from migrasafe.sql.statements import AddColumn, AlterTable, CreateIndex, CreateTable


def check(step: Step) -> Iterator[Finding]:
    if step.may_run:
        return
    statement = step.statement
    match statement:
        case CreateTable() if statement.if_not_exists:
            yield from _table(step, statement)
        case AlterTable():
            yield from _columns(step, statement)
        case CreateIndex() if statement.if_not_exists and statement.name is not None:
            yield from _index(step, statement)


def _table(step: Step, statement: CreateTable) -> Iterator[Finding]:
    ref = step.situation.ref(statement.name)
    table = step.schema.relation(ref)
    if not isinstance(table, Table) or not table.complete or statement.like or statement.inherits:
        return
    missing = [one.name for one in statement.columns if table.column(one.name) is None]
    if missing:
        yield _finding(
            step,
            f"{shown(ref)} is there already, and does not get the column {missing[0]}: nothing happens.",
            "Add the columns with ALTER TABLE.",
            str(ref),
            None,
        )


def _columns(step: Step, statement: AlterTable) -> Iterator[Finding]:
    ref = step.situation.ref(statement.name)
    table = step.schema.table(ref)
    for index, action in enumerate(statement.actions):
        if not isinstance(action, AddColumn) or not action.if_not_exists or table is None:
            continue
        old, new = table.column(action.column.name), action.column.type
        if old is None or old.type is None or new is None or (old.type.name, old.type.array) == (new.name, new.array):
            continue
        yield _finding(
            step,
            f"{shown(ref)}.{old.name} is there already and stays {spell_type(old.type)}: nothing happens.",
            f"Add a column of another name, or change its type to {spell_type(new)} in steps.",
            f"{ref}.{old.name}",
            index,
        )


def _index(step: Step, statement: CreateIndex) -> Iterator[Finding]:
    table = step.schema.table(step.situation.ref(statement.table))
    name = statement.name or ""
    found = step.schema.index(step.schema.resolve(table.ref.schema if table is not None else None, name))
    if found is None or not found.valid:
        return
    same = found.unique is statement.unique and [one.column for one in found.elements] == [
        one.column for one in statement.elements
    ]
    if table is not None and found.table == table.ref and same:
        return
    yield _finding(
        step,
        f"An index {name} is there already, on {shown(found.table)} and over other columns: nothing happens.",
        "Give the new index another name, and drop the old one afterwards.",
        str(found.ref),
        None,
    )


def _finding(step: Step, message: str, help: str, subject: str, action: int | None) -> Finding:
    return step.finding(RULE.id, message, severity=Severity.WARNING, help=help, objects=(subject,), action=action)


RULE = Rule(
    id="if-not-exists-does-nothing", check=check, on=(CreateTable, AlterTable, CreateIndex), actions=(AddColumn,)
)
