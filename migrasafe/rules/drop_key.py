"""Dropping a primary key or unique constraint: ON CONFLICT of the running app fails, duplicates come in."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.locks import LockMode
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import after_deploy
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Table
from migrasafe.sql.statements import AlterTable, ConstraintKind, DropConstraint


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    if not step.situation.exists_already(ref):
        return
    table = step.schema.table(ref)
    for index, action in enumerate(statement.actions):
        if not isinstance(action, DropConstraint):
            continue
        kind, columns = _key(table, action.name)
        if kind is None or _is_replaced(step.at_commit().table(ref), columns):
            continue
        primary = kind is ConstraintKind.PRIMARY_KEY
        known = table is not None and table.constraint(action.name) is not None
        yield step.finding(
            RULE.id,
            f"Inserts of the running app with ON CONFLICT on the {'primary' if primary else 'unique'} key of {shown(ref)} fail "
            "after it, and duplicates can come in.",
            severity=Severity.ERROR if primary else Severity.WARNING,
            help="Make the key that takes its place first, deploy an app version that uses it, and drop this one then.",
            action=index,
            objects=(f"{ref}.{action.name}",),
            lock=LockMode.ACCESS_EXCLUSIVE,
            fix=after_deploy(step, f"has no ON CONFLICT on this key of {shown(ref)}", action=index),
            assumed=() if known else (f"{action.name} is a key, as its name says",),
        )


def _key(table: Table | None, name: str) -> tuple[ConstraintKind | None, tuple[str, ...]]:
    constraint = table.constraint(name) if table is not None else None
    if constraint is not None:
        is_key = constraint.kind in (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)
        return (constraint.kind if is_key else None), constraint.columns
    return (ConstraintKind.PRIMARY_KEY, ()) if name.endswith("_pkey") else (None, ())


def _is_replaced(after: Table | None, columns: tuple[str, ...]) -> bool:
    """Whether another key over the same columns is there afterwards."""
    if after is None or not columns:
        return False
    keys = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)
    return any(one.kind in keys and one.columns == columns for one in after.constraints)


RULE = Rule(id="drop-key", check=check, on=(AlterTable,), actions=(DropConstraint,))
