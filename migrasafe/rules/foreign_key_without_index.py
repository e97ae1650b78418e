"""A foreign key whose columns no index serves: every DELETE on the referenced table scans the referencing one."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Fix, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, outside_title, plan
from migrasafe.rules.wording import columns_sql, shown, sql_name
from migrasafe.schema.added import added
from migrasafe.schema.index_use import unserved_foreign_keys
from migrasafe.schema.model import Constraint, Ref, RelationKind, Table
from migrasafe.sql.statements import AddColumn, AddConstraint, AlterTable, CreateTable


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, (AlterTable, CreateTable))
    ref = step.situation.ref(statement.name)
    made = step.after.table(ref)
    before = step.schema.table(ref)
    if made is None or not _any_new(before, made):
        return
    new = [one.name for one in added(before.constraints if before is not None else (), made.constraints)]
    if before is not None:
        new = [name for name in new if before.constraint(name) is None]
    for constraint in unserved_foreign_keys(step.at_end(), ref, among=new):
        if constraint.target is None:
            continue
        if isinstance(statement, AlterTable) or step.exists_already(constraint.target):
            yield _finding(step, ref, constraint)


def _any_new(before: Table | None, made: Table) -> bool:
    new = added(before.constraints if before is not None else (), made.constraints)
    return any(one.target is not None for one in new)


def _finding(step: Step, ref: Ref, constraint: Constraint) -> Finding:
    assert constraint.target is not None
    target, columns = constraint.target, constraint.columns
    in_use = isinstance(step.statement, AlterTable) and step.exists_already(ref)
    return step.finding(
        RULE.id,
        f"Every DELETE on {shown(target)}, and every change of its key, scans {shown(ref)} for rows that point there: no index "
        f"begins with {', '.join(columns)}.",
        severity=Severity.INFO,
        help=_when(step, ref, columns, in_use=in_use),
        objects=(ref, target),
        fix=_index(step, ref, columns, in_use=in_use),
        assumed=(f"rows of {shown(target)} are deleted",),
    )


def _when(step: Step, ref: Ref, columns: tuple[str, ...], *, in_use: bool) -> str:
    if not in_use:
        return "Make the index while the table is empty."
    return "Make the index next." if _is_new(step, ref, columns) else "Make the index before the foreign key."


def _is_new(step: Step, ref: Ref, columns: tuple[str, ...]) -> bool:
    """Whether one of the columns is not there before the statement."""
    table = step.schema.table(ref)
    return table is not None and table.complete and any(table.column(column) is None for column in columns)


def _index(step: Step, ref: Ref, columns: tuple[str, ...], *, in_use: bool) -> Fix | None:
    table = step.schema.table(ref)
    on = f"ON {sql_name(ref)} ({columns_sql(columns)})"
    if not in_use:
        return plan(step, Stage("behind this statement", (f"CREATE INDEX {on}",)))
    if table is not None and table.kind is RelationKind.PARTITIONED_TABLE:
        return None  # CONCURRENTLY is refused there; create-index-without-concurrently knows the way
    behind = "behind this statement, in " if _is_new(step, ref, columns) else ""
    return plan(step, Stage(f"{behind}{outside_title(step)}", (f"CREATE INDEX CONCURRENTLY {on}",)))


RULE = Rule(
    id="foreign-key-without-index",
    check=check,
    on=(AlterTable, CreateTable),
    actions=(AddConstraint, AddColumn),
)
