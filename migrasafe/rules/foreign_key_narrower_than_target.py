"""A foreign key of a smaller integer type than the key it points at."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.schema.added import added
from migrasafe.schema.model import Column, Constraint, Ref, Schema, Table
from migrasafe.sql.quote import spell_type
from migrasafe.sql.statements import AddColumn, AddConstraint, AlterColumnType, AlterTable, CreateTable, TypeName

LARGEST = {"int2": 2**15 - 1, "int4": 2**31 - 1, "int8": 2**63 - 1}
_SERIAL = {"smallserial": "int2", "serial": "int4", "bigserial": "int8"}


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, (AlterTable, CreateTable))
    ref = step.situation.ref(statement.name)
    widened = isinstance(statement, AlterTable) and any(
        isinstance(one, AlterColumnType) and _largest(one.type) > 0 for one in statement.actions
    )
    own = step.after.table(ref)
    if not widened and (own is None or not [one for one in own.constraints if one.target is not None]):
        return
    end = step.at_end()
    tables = [ref, *(sorted(end.dependents_of(ref)) if widened else ())]
    for child in tables:
        now, then = end.table(child), step.schema.table(child)
        made = step.after.table(child)
        if now is None or made is None:
            continue
        still, before = _names(made), _names(then)
        for constraint in (
            now.constraints if widened else added(then.constraints if then is not None else (), now.constraints)
        ):
            if constraint.target is None or constraint.name not in still:
                continue
            if child != ref and constraint.target != ref:
                continue
            found = _narrow(end, child, constraint)
            if found is None or (constraint.name in before and _narrow(step.schema, child, constraint) is not None):
                continue  # it was so before
            yield _finding(step, child, constraint, *found)


def _narrow(schema: Schema, ref: Ref, constraint: Constraint) -> tuple[Column, Column] | None:
    """The first column of a foreign key that is narrower than the one it points at, with that one."""
    table = schema.table(ref)
    target = schema.table(constraint.target) if constraint.target is not None else None
    if table is None or target is None:
        return None
    key = target.primary_key
    pointed_at = constraint.target_columns or (key.columns if key is not None else ())
    for name, other in zip(constraint.columns, pointed_at, strict=False):
        column, wide = table.column(name), target.column(other)
        if column is not None and wide is not None and 0 < _size(column) < _size(wide):
            return column, wide
    return None


def _names(table: Table | None) -> frozenset[str]:
    return frozenset([one.name for one in table.constraints]) if table is not None else frozenset()


def _size(column: Column) -> int:
    """The largest value of an integer column, 0 for other types."""
    return 0 if column.type is None else _largest(column.type)


def _largest(type_name: TypeName) -> int:
    return 0 if type_name.array else LARGEST.get(_SERIAL.get(type_name.name, type_name.name), 0)


def _finding(step: Step, ref: Ref, constraint: Constraint, column: Column, wide: Column) -> Finding:
    assert constraint.target is not None and column.type is not None and wide.type is not None
    return step.finding(
        RULE.id,
        f"{shown(ref)}.{column.name} is {spell_type(column.type)}, but {shown(constraint.target)}.{wide.name} is "
        f"{spell_type(wide.type)}: writes fail once an id is above {_size(column)} (22003).",
        severity=Severity.WARNING,
        help=f"Give the column the type {spell_type(wide.type)}; while it is new, that costs nothing.",
        objects=(f"{ref}.{column.name}",),
    )


RULE = Rule(
    id="foreign-key-narrower-than-target",
    check=check,
    on=(AlterTable, CreateTable),
    actions=(AddConstraint, AddColumn, AlterColumnType),
)
