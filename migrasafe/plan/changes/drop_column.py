"""A column goes: out of sight first, for good when nobody has missed it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.beside import name_aside
from migrasafe.plan.carry_over.extended_statistics import statistics_over
from migrasafe.plan.carry_over.in_the_way import left_by_column, policies_through, views_in_the_way, with_their_own
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.carry_over.unseen import triggers_that_say
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Column, ColumnRef, Constraint, Table
from migrasafe.schema.publishing import publications_of
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind, Expression, Name

_GEN_RANDOM_UUID_SINCE = 13
_A_UUID = "00000000-0000-0000-0000-000000000000"
_NEUTRAL = {
    **dict.fromkeys(("text", "varchar", "bpchar", "citext"), "''"),
    **dict.fromkeys(("int2", "int4", "int8", "numeric", "float4", "float8"), "0"),
    "bool": "false",
    **dict.fromkeys(("timestamptz", "timestamp", "date", "time", "timetz"), "now()"),
    **dict.fromkeys(("json", "jsonb"), "'{}'"),
    "bytea": "''",
}
"""What a new row gets in a column that the new version does not know, so that the old one can still read it."""


class DropColumn(Struct, frozen=True, kw_only=True):
    table: Name
    column: str
    meanwhile: Expression | None = None
    """What new rows have in it until it is gone."""
    with_key: bool = False
    """The primary key, which is over it alone, goes with it."""

    def plan(self, ground: Ground) -> Draft:
        """The new version stops using it; then it is renamed away; then it is dropped. Raises NoPlanError."""
        table = table_of(ground, self.table)
        column = column_of(table, self.column)
        for reason in _in_the_way(ground, table, column, with_key=self.with_key):
            raise NoPlanError(f"{table.ref}.{column.name} cannot go yet: {reason}")
        needs_value = (
            column.not_null and column.default is None and column.identity is None and column.generated is None
        )
        expand = (_expand(ground, table, column, self.meanwhile),) if needs_value else ()
        dropped = name_aside(column.name)
        return Draft(
            title=f"drop {table.ref}.{column.name}" + (", and the primary key with it" if self.with_key else ""),
            tables=(table.ref,),
            phases=(
                *expand,
                phases.deploy(f"neither reads nor writes {column.name}", f"reads and writes {column.name}"),
                phases.contract(
                    f"{column.name} goes: out of sight first, for good when nobody has missed it",
                    f"does not know {column.name}",
                    (_soft(table, column.name, dropped), _hard(ground, table, column.name, dropped)),
                    needed=f"{table.ref}.{column.name}",
                    old_application_name=ground.old_application_name,
                    gates=triggers_that_say(ground.schema, table, (column.name,)),
                ),
            ),
            by_hand=(
                f"an INSERT INTO {table.ref.name} VALUES (…) without column names puts its values into the wrong columns"
                f" once {column.name} is gone",
                *keyless(table) * self.with_key,
            ),
            names_gone=(ColumnRef(table.ref, column.name),),
        )


def keyless(table: Table) -> tuple[str, ...]:
    """What follows where a table has no primary key any more."""
    return (
        f"{table.ref} has no primary key from then on: backfills, replication of UPDATE and DELETE, and most ORMs want one;"
        " `migrasafe plan primary-key` makes one of other columns",
    )


def needs_key(ground: Ground, table: Table, key: Constraint) -> Iterator[str]:
    """What a primary key cannot go before."""
    for child, one in foreign_keys_to(ground.schema, table.ref):
        if set(one.target_columns or key.columns) == set(key.columns):
            yield f"{child.ref} refers to it with {one.name}: drop that before"
    for publication in publications_of(ground.schema, table):
        if publication.changes and table.replica_identity == "default":
            yield (
                f"{publication.name} publishes {table.ref}, in which UPDATE and DELETE would be refused without it (55000): plan"
                " `replica-identity` to another unique index, or to full, before"
            )


def _in_the_way(ground: Ground, table: Table, column: Column, *, with_key: bool) -> Iterator[str]:
    yield from views_in_the_way(ground.schema, table.ref, (column.name,))
    yield from policies_through(ground.schema, table.ref, column.name)
    for other in table.columns:
        if other.generated is not None and column.name in columns_read(other.generated):
            yield f"the generated column {other.name} reads it: drop that before"
    yield from with_their_own(ground.schema, table, column.name)
    for policy in table.policies:
        if column.name in policy.reads:
            yield f"the policy {policy.name} reads it: change the policy in a migration before this one"
    key = table.primary_key
    if key is not None and with_key:
        yield from needs_key(ground, table, key)
    elif key is not None and column.name in key.columns:
        yield f"it is in the primary key: let the migration DROP CONSTRAINT {quote_ident(key.name)} as well, or make another key"
    if table.partition_by is not None and column.name in table.partition_by.columns:
        yield "the table is partitioned by it"
    yield from left_by_column(ground.schema, table.ref, column.name)


def _expand(ground: Ground, table: Table, column: Column, meanwhile: Expression | None) -> Phase:
    """Rows of the new version, which does not give the column a value, need one while NOT NULL is there."""
    alter = f"ALTER TABLE {name_of(table.ref)} ALTER COLUMN {quote_ident(column.name)}"
    neutral = _NEUTRAL.get(column.type.name) if column.type is not None and not column.type.array else None
    unique = _unique_over(ground, table, column.name)
    if unique is not None:  # two rows of the new version must not be alike in it
        neutral = _another_each_time(column) if ground.target.at_least(_GEN_RANDOM_UUID_SINCE) else None
    value = deparse_expression(meanwhile) if meanwhile is not None else neutral
    if value is None and unique is not None:
        raise NoPlanError(
            f"{table.ref}.{column.name} is NOT NULL and in {unique}, so each row of the new version needs a value of its own while"
            " the old one still reads them: give an expression that is another each time with --down"
        )
    if value is None:
        raise NoPlanError(
            f"{table.ref}.{column.name} is NOT NULL without a default, so rows of the new version need a value while the old"
            " one still reads them: give one with --down"
        )
    step = Step(
        title=f"Let rows without {column.name} have {value}",
        statements=(f"{alter} SET DEFAULT {value}",),
        done=predicates.column_has_default(table.ref, column.name),
        past=predicates.columns_are_gone(table.ref, column.name),
        undo=(f"{alter} DROP DEFAULT",),
    )
    return Phase(
        name=PhaseName.EXPAND,
        title=f"{column.name} can be left out",
        old_app=f"reads and writes {column.name}",
        new_app="is not deployed yet",
        steps=(step,),
    )


def _unique_over(ground: Ground, table: Table, column: str) -> str | None:
    return next((one.ref.name for one in ground.schema.indexes_of(table) if one.unique and column in one.reads), None)


def _another_each_time(column: Column) -> str | None:
    type = column.type
    if type is None or type.array:
        return None
    if type.name == "uuid":
        return "gen_random_uuid()"
    has_room = type.name == "text" or (
        type.name == "varchar" and (not type.modifiers or int(type.modifiers[0]) >= len(_A_UUID))
    )
    return "gen_random_uuid()::text" if has_room else None


def _soft(table: Table, column: str, dropped: str) -> Step:
    rename = f"ALTER TABLE {name_of(table.ref)} RENAME COLUMN"
    return Step(
        title=f"Take {column} out of sight; it is kept as {dropped}",
        statements=(f"{rename} {quote_ident(column)} TO {quote_ident(dropped)}",),
        done=predicates.all_of(predicates.relation_exists(table.ref), predicates.columns_are_gone(table.ref, column)),
        undo=(f"{rename} {quote_ident(dropped)} TO {quote_ident(column)}",),
        undoable=predicates.column_exists(table.ref, dropped),
    )


def _hard(ground: Ground, table: Table, column: str, dropped: str) -> Step:
    return Step(
        title=f"Drop {dropped} for good",
        statements=(f"ALTER TABLE {name_of(table.ref)} DROP COLUMN {quote_ident(dropped)}",),
        done=predicates.all_of(
            predicates.relation_exists(table.ref), predicates.columns_are_gone(table.ref, column, dropped)
        ),
        loses=f"the values of {column}{''.join(f', {one}' for one in _goes_along(ground, table, column))}",
    )


def _goes_along(ground: Ground, table: Table, column: str) -> Iterator[str]:
    """What PostgreSQL drops with a column without a word: also what reads it only in an expression or a condition."""
    for index in ground.schema.indexes_of(table):
        if column in index.reads and index.constraint is None:
            yield f"the index {index.ref.name}"
    for constraint in table.constraints:
        if column in constraint.columns and constraint.kind is not ConstraintKind.NOT_NULL:
            yield f"the constraint {constraint.name}"
    beside = (ground.beside or {}).get(table.ref)
    for one in statistics_over(beside, column):
        yield f"the statistics {one.name}"
