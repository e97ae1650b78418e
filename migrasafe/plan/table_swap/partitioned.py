"""What stands in the way of a table that is to be partitioned, and how its keys have to change for it."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan import phases
from migrasafe.plan.carry_over.references import own_keys_to
from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.plan.model import Gate
from migrasafe.plan.objects.partition_bounds import condition_of
from migrasafe.plan.table_swap.belongings import publications_with, valid_keys_to
from migrasafe.schema.definitions import name_of, names
from migrasafe.schema.model import Constraint, RelationKind, Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.statements import PartitionBound, PartitionBy

_BEFORE_ROW_TRIGGERS_SINCE = 13
_PUBLISHED_SINCE = 13
_IDENTITY_SINCE = 17
_PARTS_VALIDATED_SINCE = 18


def by_sql(by: PartitionBy) -> str:
    """`PARTITION BY RANGE (day)`. Raises NoPlanError for an expression."""
    columns = [one for one in by.columns if one is not None]
    if len(columns) != len(by.columns):
        said = ", ".join(deparse_expression(one) for one in by.expressions)
        raise NoPlanError(f"partitioned by an expression ({said}) a table can have no key: make a column of it first")
    return f"PARTITION BY {by.strategy.upper()} ({names(columns)})"


def widened_key(table: Table, by: PartitionBy, said: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that the primary key needs beside its own: those it is partitioned by, in the order in which `said` has them.
    Raises NoPlanError where it is another key altogether."""
    key = table.primary_key
    if key is None:
        return ()
    missing = tuple(one for one in by.columns if one is not None and one not in key.columns)
    if said and set(said) != {*key.columns, *missing}:
        raise NoPlanError(
            f"the primary key of {table.ref} becomes ({', '.join(said)}), and not only what it needs to be partitioned,"
            f" ({', '.join((*key.columns, *missing))}): change the key in a migration before"
        )
    return missing


def refuse_partitioned(ground: Ground, table: Table, by: PartitionBy) -> None:
    """Raise NoPlanError for the first thing that a partitioned table cannot have."""
    for reason in _reasons(ground, table, [one for one in by.columns if one is not None]):
        raise NoPlanError(reason)


def _reasons(ground: Ground, table: Table, by: list[str]) -> Iterator[str]:
    ref, target = table.ref, ground.target
    key = table.primary_key
    if table.kind is RelationKind.PARTITIONED_TABLE and not target.at_least(_BEFORE_ROW_TRIGGERS_SINCE):
        yield f"{ref} is partitioned, and the copy of its rows needs a trigger that partitioned tables have from 13 on"
    for column in by:
        known = table.column(column)
        if known is None:
            yield f"{ref} has no column {column}"
        elif not known.not_null:
            yield f"{ref}.{column} may be null: `migrasafe plan not-null {ref}.{column}` comes before"
        elif known.generated is not None:
            yield f"{ref}.{column} is generated, and PostgreSQL partitions by no such column"
    for index in ground.schema.indexes_of(table):
        is_key = key is not None and index.constraint == key.name
        if index.unique and not is_key and not set(by) <= {one.column for one in index.elements}:
            yield (
                f"{index.ref.name} is unique over columns without {', '.join(by)}, which no index over partitions can be: drop it,"
                f" or replace it by one with {', '.join(by)}, before"
            )
    if key is not None and not set(by) <= set(key.columns):
        for child, one in own_keys_to(ground.schema, ref):
            yield (
                f"{one.name} of {child.ref} refers to ({', '.join(one.target_columns or key.columns)}), which is unique no more once"
                f" {', '.join(by)} is in every key: drop that foreign key before, or partition by ({', '.join(key.columns)})"
            )
    for trigger in (ground.beside or {})[ref].triggers if ref in (ground.beside or {}) else ():
        words = trigger.sql.upper()
        if " BEFORE " in words and " FOR EACH ROW " in words and not target.at_least(_BEFORE_ROW_TRIGGERS_SINCE):
            yield f"the trigger {trigger.name} is BEFORE … FOR EACH ROW, which partitioned tables have from 13 on"
        if " REFERENCING " in words and " FOR EACH ROW " in words:
            yield f"the trigger {trigger.name} has transition tables and is FOR EACH ROW, which partitions cannot have"
    for column_ in table.columns:
        if column_.identity is not None and not target.at_least(_IDENTITY_SINCE):
            yield f"{ref}.{column_.name} is an identity column, which partitions have from 17 on: make it a serial one before"
    for name in publications_with(ground, table):
        if not target.at_least(_PUBLISHED_SINCE):
            yield f"{ref} is in the publication {name}, and partitioned tables can be from 13 on"
    if table.replica_identity == "index":
        yield f"the replica identity of {ref} is an index, which each partition would have to say anew: make it DEFAULT or FULL"


def fits(table: Table, by: PartitionBy, bounds: tuple[PartitionBound, ...]) -> tuple[Gate, ...]:
    """Whether every row has a partition; nothing to ask where there is a DEFAULT one, or where no simple condition tells."""
    parent = Table(ref=table.ref, partition_by=by)
    conditions = [condition_of(parent, one) for one in bounds]
    if by.strategy == "hash" or any(one is None for one in conditions):
        return ()
    return (
        phases.none_left(
            "every-row-fits",
            f"Does every row of {table.ref} belong to a partition?",
            name_of(table.ref),
            f"NOT ({' OR '.join(f'({one})' for one in conditions)})",
            "Add a partition for these rows, or a DEFAULT one: from the dual write on, who writes such a row gets an error.",
        ),
    )


def weaker(table: Table, wider: tuple[str, ...]) -> Iterator[str]:
    """What the end lacks that the table had."""
    key: Constraint | None = table.primary_key
    if key is not None and wider:
        yield (
            f"the primary key is ({', '.join((*key.columns, *wider))}): only its sequence sees to it that {', '.join(key.columns)} "
            "alone is unique, and PostgreSQL does not"
        )


def marked_unchecked(ground: Ground, table: Table) -> Iterator[str]:
    """What VALIDATE CONSTRAINT leaves of the foreign keys to a partitioned table: no statement sets it, and nothing reads it."""
    keys = ", ".join(f"{key.name} of {child.ref}" for child, key in valid_keys_to(ground.schema, table.ref))
    if keys and not ground.target.at_least(_PARTS_VALIDATED_SINCE):
        yield (
            f"{keys} is checked for every row, and marked so; its parts for each partition, which before PostgreSQL"
            f" {_PARTS_VALIDATED_SINCE} VALIDATE CONSTRAINT does not reach, stay convalidated = false in pg_constraint, which"
            " nothing reads"
        )
