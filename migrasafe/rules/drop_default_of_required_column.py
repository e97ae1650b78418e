"""DROP DEFAULT of a NOT NULL column: inserts of the running app that leave it out fail."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.in_phases import in_phases
from migrasafe.rules.instead import after_deploy
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Ref
from migrasafe.sql.statements import AddIdentity, AlterTable, DropDefault, DropIdentity, SetDefault

_HELP = "Deploy an app version that always gives the column, and drop the default when the old version is gone."
_BY_DJANGO = (
    "Give the field a db_default (Django 5.0 and newer), which keeps the default in the database, until no version of the app"
    " is left that does not give the column."
)


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    if not step.situation.exists_already(ref):
        return
    table = step.schema.table(ref)
    for index, action in enumerate(statement.actions):
        if not isinstance(action, (DropDefault, DropIdentity)):
            continue
        column = table.column(action.column) if table is not None else None
        if column is not None and column.born.migration == step.moment.migration:
            # The default served to fill the rows there are; the running app does not know the column at all.
            if not column.not_null:
                continue
        elif (column is not None and column.type is not None and not column.not_null) or (
            column is not None and column.type is not None and column.default is None and column.identity is None
        ):
            continue
        if _is_set_again(step, ref, action.column):
            continue
        yield step.finding(
            RULE.id,
            f"Inserts of the running app that leave out {shown(ref)}.{action.column} fail after it.",
            help=_BY_DJANGO if step.layout == "django" else _HELP,
            action=index,
            objects=(f"{ref}.{action.column}",),
            command=in_phases(step, "no-default", ref, action.column) if isinstance(action, DropDefault) else None,
            fix=after_deploy(step, f"always gives {shown(ref)}.{action.column}", action=index),
            assumed=() if column is not None and column.type is not None else (f"{action.column} is NOT NULL",),
        )


def _is_set_again(step: Step, ref: Ref, column: str) -> bool:
    """Whether the same transaction gives the column a default again: a change of type takes it off and puts it back."""
    if not step.in_transaction:
        return False
    return any(
        isinstance(action, (SetDefault, AddIdentity)) and action.column == column
        for later in (step.statement, *step.later)
        if isinstance(later, AlterTable) and step.situation.ref(later.name) == ref
        for action in later.actions
    )


RULE = Rule(id="drop-default-of-required-column", check=check, on=(AlterTable,), actions=(DropDefault, DropIdentity))
