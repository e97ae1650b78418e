"""Adding and dropping columns: when the table is rewritten, when rows are checked, what else waits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migrasafe.effects.constraints import locks_on_target, on_targets
from migrasafe.effects.defaults import judge_default
from migrasafe.effects.foreign_key_types import incompatible_types
from migrasafe.effects.keys import key_failures
from migrasafe.effects.model import Cause, Effects, Failure, Lock, Trouble, Work, WorkKind
from migrasafe.effects.refused_columns import refused_default
from migrasafe.effects.refused_indexes import new_virtual_column
from migrasafe.effects.replication import publications_that_need
from migrasafe.effects.situation import Situation
from migrasafe.locks import LockMode
from migrasafe.schema.model import Domain, Ref
from migrasafe.sql.expressions import is_null_constant
from migrasafe.sql.statements import (
    AddColumn,
    ColumnDef,
    ConstraintKind,
    DropColumn,
    Expression,
    SetExpression,
)

_SERIALS = frozenset({"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"})


def add_column(action: AddColumn, index: int, ref: Ref, situation: Situation) -> Effects:
    column = action.column
    table = situation.schema.table(ref)
    locks = [Lock(relation=ref, mode=LockMode.ACCESS_EXCLUSIVE, action=index)]
    if action.if_not_exists and table is not None and table.column(column.name) is not None:
        return Effects(locks=tuple(locks))
    for constraint in column.constraints:
        if constraint.references is not None:
            target = situation.ref(constraint.references.table)
            locks.extend(locks_on_target(target, LockMode.SHARE_ROW_EXCLUSIVE, situation, index))
    return Effects(
        locks=tuple(locks),
        work=tuple(_work_of_new_column(column, index, ref, situation)),
        failures=tuple(_failures_of_new_column(column, index, ref, situation)),
    )


def _work_of_new_column(column: ColumnDef, index: int, ref: Ref, situation: Situation) -> Iterator[Work]:
    rewrite = _rewrite_of_new_column(column, index, ref, situation)
    if rewrite is not None:
        yield rewrite
    if column.generated is not None and not column.generated_stored and column.not_null:
        yield Work(kind=WorkKind.SCAN, relation=ref, cause=Cause.NEW_COLUMN_NOT_NULL, action=index, column=column.name)
    for constraint in column.constraints:
        match constraint.kind:
            case ConstraintKind.CHECK if constraint.enforced and not constraint.not_valid:
                yield Work(kind=WorkKind.SCAN, relation=ref, cause=Cause.INLINE_CHECK, action=index, column=column.name)
            case ConstraintKind.FOREIGN_KEY if _is_looked_up(column) and constraint.enforced:
                yield Work(
                    kind=WorkKind.SCAN, relation=ref, cause=Cause.INLINE_FOREIGN_KEY, action=index, column=column.name
                )
            case ConstraintKind.UNIQUE | ConstraintKind.PRIMARY_KEY:
                cause = Cause.UNIQUE if constraint.kind is ConstraintKind.UNIQUE else Cause.PRIMARY_KEY
                yield Work(kind=WorkKind.INDEX_BUILD, relation=ref, cause=cause, action=index, column=column.name)


def _is_looked_up(column: ColumnDef) -> bool:
    """Whether a foreign key on it is checked for the rows that exist: not without a default; with DEFAULT NULL it is."""
    return column.default is not None or _has_value(column)


def _has_value(column: ColumnDef) -> bool:
    """Whether rows that exist get a value."""
    return (
        (column.default is not None and not is_null_constant(column.default))
        or column.generated is not None
        or column.identity is not None
        or (column.type is not None and column.type.name in _SERIALS)
    )


def _rewrite_of_new_column(column: ColumnDef, index: int, ref: Ref, situation: Situation) -> Work | None:
    cause: Cause | None = None
    detail = ""
    assumed: tuple[str, ...] = ()
    domains = tuple(situation.domains(column.type)) if column.type is not None else ()
    constrained = next((one for one in domains if one.constrained), None)
    default = column.default or _default_of(domains, situation)
    if column.type is not None and column.type.name in _SERIALS and column.type.schema is None:
        cause, detail = Cause.SERIAL_COLUMN, column.type.name
    elif column.identity is not None:
        cause = Cause.IDENTITY_COLUMN
    elif column.generated is not None:
        cause = Cause.GENERATED_COLUMN if column.generated_stored else None
    elif constrained is not None:
        cause, detail = Cause.CONSTRAINED_DOMAIN, str(constrained.ref.name)
    elif default is not None:
        verdict = judge_default(default, situation)
        if verdict.volatile:
            cause, assumed = Cause.VOLATILE_DEFAULT, verdict.assumed
            detail = ", ".join(f"{name}()" for name in verdict.functions)
    if cause is None:
        return None
    return Work(
        kind=WorkKind.REWRITE,
        relation=ref,
        cause=cause,
        action=index,
        column=column.name,
        detail=detail,
        assumed=assumed,
    )


def _default_of(domains: Iterable[Domain], situation: Situation) -> Expression | None:
    """What rows that exist get where the column itself says no default; 12 works it out once, whatever it is."""
    if situation.target.pg_version < 13:
        return None
    return next((one.default for one in domains if one.default is not None), None)


def _failures_of_new_column(column: ColumnDef, index: int, ref: Ref, situation: Situation) -> Iterator[Failure]:
    for constraint in column.constraints:
        yield from incompatible_types(ref, {column.name: column.type}, constraint, situation, index)
    for trouble, reason in refused_default(column.default, column.type, of_rows=True):
        yield Failure(trouble=trouble, reason=reason, action=index, objects=(f"{ref}.{column.name}",))
    if column.generated is not None and not column.generated_stored:
        yield from new_virtual_column(column.generated, ref, index, situation)
    table = situation.schema.table(ref)
    partition_by = table.partition_by if table is not None else None
    for constraint in column.constraints:
        yield from key_failures(constraint, ref.name, partition_by, situation.target, action=index, column=column.name)
    if table is not None and table.column(column.name) is not None:
        yield Failure(
            trouble=Trouble.DUPLICATE_COLUMN,
            reason=f"column {column.name} of table {ref.name} already exists",
            action=index,
            objects=(f"{ref}.{column.name}",),
        )
    required = column.not_null or any(one.kind is ConstraintKind.PRIMARY_KEY for one in column.constraints)
    domains = situation.domains(column.type) if column.type is not None else ()
    domain_default = any(one.default is not None for one in domains)
    if required and not _has_value(column) and not domain_default and not situation.is_new(ref):
        yield Failure(
            trouble=Trouble.NULLS_IN_COLUMN,
            reason=f"column {column.name} of table {ref.name} contains null values",
            action=index,
            objects=(f"{ref}.{column.name}",),
            certain=False,
            assumed=(f"{ref.name} has rows",),
        )


# --- the rest ---------------------------------------------------------------------------------------------------------


def set_expression(action: SetExpression, index: int, ref: Ref, situation: Situation) -> Effects:
    lock = Lock(relation=ref, mode=LockMode.ACCESS_EXCLUSIVE, action=index)
    table = situation.schema.table(ref)
    column = table.column(action.column) if table is not None else None
    if column is not None and not column.generated_stored:
        return Effects(locks=(lock,))
    work = Work(
        kind=WorkKind.REWRITE, relation=ref, cause=Cause.GENERATION_EXPRESSION, action=index, column=action.column
    )
    return Effects(locks=(lock,), work=(work,))


def drop_column(action: DropColumn, index: int, ref: Ref, situation: Situation) -> Effects:
    locks = [Lock(relation=ref, mode=LockMode.ACCESS_EXCLUSIVE, action=index)]
    table = situation.schema.table(ref)
    failures: list[Failure] = []
    if table is not None:
        locks.extend(on_targets(action.column, index, table, situation))
        for dependent in sorted(situation.schema.dependents_of(ref)):
            view = situation.schema.view(dependent)
            reads = view.reads if view is not None else frozenset()
            if any(read.relation == ref and read.column == action.column for read in reads) and not action.cascade:
                failures.append(
                    Failure(
                        trouble=Trouble.DEPENDENT_OBJECTS,
                        reason=f"cannot drop column {action.column} of table {ref.name}: the view {dependent.name} uses it",
                        action=index,
                        objects=(f"{ref}.{action.column}", str(dependent)),
                    )
                )
    if not action.cascade:
        failures.extend(
            Failure(
                trouble=Trouble.DEPENDENT_OBJECTS,
                reason=f"cannot drop column {action.column} of table {ref.name}: the publication {name} names it",
                action=index,
                objects=(f"{ref}.{action.column}",),
            )
            for name in publications_that_need(action.column, ref, situation)
        )
    return Effects(locks=tuple(locks), failures=tuple(failures))
