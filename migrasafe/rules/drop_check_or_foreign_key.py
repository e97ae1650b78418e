"""DROP CONSTRAINT of a CHECK or foreign key: rows that break it can come in."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Constraint, Table
from migrasafe.sql.expressions import proves_not_null, same_expression
from migrasafe.sql.statements import AlterTable, ConstraintKind, DropConstraint

_KINDS = (ConstraintKind.CHECK, ConstraintKind.FOREIGN_KEY, ConstraintKind.EXCLUDE)


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    table = step.schema.table(ref)
    end = step.at_end().table(ref)
    if table is None or end is None or not step.situation.exists_already(ref):
        return
    for index, action in enumerate(statement.actions):
        constraint = table.constraint(action.name) if isinstance(action, DropConstraint) else None
        if constraint is None or constraint.kind not in _KINDS or constraint.born.migration == step.moment.migration:
            continue
        if _is_kept(constraint, end) or _goes_with_a_column(constraint, table, end):
            continue
        yield step.finding(
            RULE.id,
            f"Rows that break {constraint.name} can come into {shown(ref)}, and keep it from being added again.",
            severity=Severity.INFO,
            help="Drop it when every running app version does without it.",
            action=index,
            objects=(f"{ref}.{constraint.name}",),
            lock=step.effects.lock_on(ref),
        )


def _is_kept(constraint: Constraint, end: Table) -> bool:
    """Whether the table keeps something that says the same: the constraint under any name, or the NOT NULL it proved."""
    for other in end.constraints:
        if other.kind is not constraint.kind:
            continue
        if constraint.kind is ConstraintKind.FOREIGN_KEY:
            if (other.columns, other.target) == (constraint.columns, constraint.target):
                return True
        elif constraint.expression is not None and other.expression is not None:
            if same_expression(constraint.expression, other.expression):
                return True
        elif other.name == constraint.name:
            return True
    if constraint.expression is None:
        return False
    columns = [one for one in end.columns if one.name in constraint.columns]
    return bool(columns) and all(one.not_null and proves_not_null(constraint.expression, one.name) for one in columns)


def _goes_with_a_column(constraint: Constraint, table: Table, end: Table) -> bool:
    """Whether this migration drops what it is about: no row can break it any more."""
    return any(table.column(name) is not None and end.column(name) is None for name in constraint.columns)


RULE = Rule(id="drop-check-or-foreign-key", check=check, on=(AlterTable,), actions=(DropConstraint,))
