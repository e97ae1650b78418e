"""What a table must not have so that another one can take its place."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan.carry_over.references import own_keys_to
from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.plan.table_swap.belongings import views_over
from migrasafe.plan.table_swap.follow import touchable
from migrasafe.schema.model import Ref, RelationKind, Schema, Table
from migrasafe.sql.statements import ConstraintKind

_KEYS = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)
_NOT_VALID_OF_PARTITIONED_SINCE = 18


def key_of(ground: Ground, table: Table) -> tuple[str, ...]:
    """The columns by which its rows are told apart: the primary key, else a UNIQUE of columns that are NOT NULL.
    Raises NoPlanError."""
    for key in sorted(table.constraints, key=lambda one: one.kind is not ConstraintKind.PRIMARY_KEY):
        columns = [table.column(one) for one in key.columns]
        if key.kind in _KEYS and key.valid and all(one is not None and one.not_null for one in columns):
            if touchable(table, key.columns) is None:
                raise NoPlanError(
                    f"every column of {table.ref} is in its key, and a backfill has none to touch its rows by"
                )
            return key.columns
    raise NoPlanError(f"{table.ref} has no primary key: nothing tells which row of a copy is which")


def refuse(ground: Ground, table: Table, *, partitioned: bool = False) -> None:
    """Raise NoPlanError for the first thing that would be lost. `partitioned`: whether the new table is."""
    for reason in _reasons(ground, table, partitioned=partitioned):
        raise NoPlanError(reason)


def _reasons(ground: Ground, table: Table, *, partitioned: bool) -> Iterator[str]:
    ref, schema = table.ref, ground.schema
    if not table.complete:
        yield f"not every column of {ref} is known: give a dump or a DSN with --schema"
    if table.partition_of is not None:
        yield f"{ref} is a partition of {table.partition_of}: a copy could not be attached while this one is"
    if table.inherits or table.children or table.of_type is not None:
        yield f"{ref} inherits, is inherited from, or is of a type: a copy would not be"
    if table.rewritten:
        yield f"a rule decides what writing to {ref} does, and triggers do not see what it makes of it"
    for one in table.constraints:
        if one.kind is ConstraintKind.EXCLUDE:
            yield f"{ref} has the exclusion constraint {one.name}, which is not carried to a copy"
        if one.kind in _KEYS and one.deferrable:
            yield f"{one.name} of {ref} is DEFERRABLE: a copy would be told of rows that are doubled for a moment"
        if one.kind is ConstraintKind.CHECK and not one.valid:
            yield f"{one.name} of {ref} is NOT VALID, and rows that break it could not be copied: VALIDATE it before"
    if table.triggers and ground.beside is None:
        yield f"{ref} has the trigger {table.triggers[0].name}: plan with --schema DSN, where its definition is to be read"
    for view in views_over(schema, ref):
        if view.kind is RelationKind.MATERIALIZED_VIEW:
            yield f"the materialized view {view.ref} reads {ref}: drop it before, and create it after the change"
    for child, key in own_keys_to(schema, ref):
        if child.kind is RelationKind.PARTITIONED_TABLE and not ground.target.at_least(_NOT_VALID_OF_PARTITIONED_SINCE):
            yield f"{key.name} of {child.ref}, which is partitioned, refers to {ref}, and cannot be added NOT VALID before 18"
        if child.ref == ref and partitioned and not ground.target.at_least(_NOT_VALID_OF_PARTITIONED_SINCE):
            yield f"{key.name} of {ref} refers to {ref} itself, and cannot be added to a partitioned table NOT VALID before 18"
    yield from _by_number(schema, ref)


def _by_number(schema: Schema, table: Ref) -> Iterator[str]:
    """What knows the table by its number, and cannot be told of another one."""
    for ref in sorted(schema.functions):
        for function in schema.functions[ref]:
            types = [function.returns, *(one.type for one in function.arguments)]
            if any(one.relation == table for one in function.reads):
                yield f"the body of function {ref} (BEGIN ATOMIC) is bound to {table}: drop it before, and create it after"
            if any(one is not None and one.name == table.name and one.schema in (None, table.schema) for one in types):
                yield f"function {ref} takes or returns rows of {table} by its type: drop it before, and create it after"
    for dependent in sorted(schema.dependents_of(table)):
        other = schema.table(dependent)
        for column in other.columns if other is not None else ():
            if (
                column.type is not None
                and column.type.name == table.name
                and column.type.schema in (None, table.schema)
            ):
                yield f"{dependent}.{column.name} is of the row type of {table}"
