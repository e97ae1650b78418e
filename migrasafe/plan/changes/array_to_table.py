"""An array becomes a table with a row for each of its elements."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.beside import name_aside
from migrasafe.plan.carry_over.in_the_way import readers_in_the_way
from migrasafe.plan.carry_over.unseen import bodies_that_name, triggers_that_say
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.dual_write.rows_of_array import (
    RowsOfArray,
    all_there,
    drop_rows_sql,
    functions_sql,
    lock_both,
    touch,
    write_rows,
)
from migrasafe.plan.model import Phase, Step
from migrasafe.schema.definitions import name_of, names, type_of
from migrasafe.schema.model import Column, ColumnRef, Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind, Name

_WHOLE = ("int2", "int4", "int8")


class ArrayToTable(Struct, frozen=True, kw_only=True):
    table: Name
    column: str
    child: Name
    place: str
    """The column of the child that says where in the array an element is."""
    value: str

    def plan(self, ground: Ground) -> Draft:
        """Array and rows kept in step by triggers until the old version is gone. Raises NoPlanError."""
        table, child = table_of(ground, self.table), table_of(ground, self.child)
        column = column_of(table, self.column)
        for reason in (*_in_the_way(ground, table, column), *self._misfits(table, child, column)):
            raise NoPlanError(f"{table.ref}.{column.name} cannot become rows of {child.ref} yet: {reason}")
        key = next(one for one in child.constraints if one.target == table.ref)
        rows = RowsOfArray(
            id=ground.id,
            table=table.ref,
            column=column.name,
            type=type_of(column),
            child=child.ref,
            key=tuple(zip(key.target_columns, key.columns, strict=True)),
            place=self.place,
            value=self.value,
            search_path=ground.schema.search_path,
        )
        return Draft(
            title=f"let {table.ref}.{column.name} be rows of {child.ref}",
            tables=(table.ref, child.ref),
            phases=tuple(_phases(ground, table, rows)),
            why=(
                "each version reads and writes its own, and triggers carry what one writes into the other, in the same transaction",
                f"the order of the elements is that of {self.place}: the new version may leave room between two, and a write of the"
                " old one numbers them from 1",
            ),
            by_hand=tuple(_by_hand(ground, table, column, rows)),
            names_gone=(ColumnRef(table.ref, column.name),),
        )

    def _misfits(self, table: Table, child: Table, column: Column) -> Iterator[str]:
        """What the child is not as it has to be."""
        place, value = column_of(child, self.place), column_of(child, self.value)
        if column.type is None or not column.type.array:
            yield f"it is {type_of(column)}, and no array"
        elif value.type is None or replace(value.type, array=True) != column.type:
            yield f"{child.ref}.{value.name} is {type_of(value)}, and no element of {type_of(column)}"
        if place.type is None or place.type.array or place.type.name not in _WHOLE:
            yield f"{child.ref}.{place.name} has to be a whole number: it says where in the array an element is"
        key = next((one for one in child.constraints if one.target == table.ref), None)
        if key is None:
            yield f"{child.ref} has no foreign key to {table.ref}: nothing tells which rows belong together"
            return
        if key.references is None or key.references.on_delete != "CASCADE":
            yield f"{key.name} of {child.ref} has to be ON DELETE CASCADE: the old version deletes rows of {table.ref} only"
        unique = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)
        wanted = {*key.columns, place.name}
        if not any(one.kind in unique and set(one.columns) == wanted for one in child.constraints):
            yield f"{child.ref} needs a primary key, or UNIQUE, over {names([*key.columns, place.name])}"
        for one in child.columns:
            given = {*key.columns, place.name, value.name}
            if one.name not in given and one.not_null and one.default is None and one.identity is None:
                yield f"{child.ref}.{one.name} is NOT NULL without a default, and triggers make rows"


def _in_the_way(ground: Ground, table: Table, column: Column) -> Iterator[str]:
    if column.generated is not None:
        yield "PostgreSQL fills it itself"
    if column.not_null and column.default is None:
        yield (
            "it is NOT NULL without a default, so a new version that writes rows only could make none of the table: plan"
            f" `default {table.ref}.{column.name} \"'{{}}'\"` before this one"
        )
    if column.default is not None and deparse_expression(column.default).split("::")[0] not in ("'{}'", "ARRAY[]"):
        yield "its default has elements, which would be rows before the new version makes its own: drop the default first"
    yield from readers_in_the_way(ground.schema, table, (column.name,))


def _phases(ground: Ground, table: Table, rows: RowsOfArray) -> Iterator[Phase]:
    was, now = f"{rows.table.name}.{rows.column}", str(rows.child)
    over = f"({predicates.columns_are_gone(rows.table, rows.column, _dropped(rows))})"
    yield from phases.both_ways(
        was,
        now,
        steps.superseded((write_rows(rows),), over),
        f"The rows from before are touched, in batches, and get their rows in {now}",
        touch(rows),
        all_there(rows),
    )
    yield phases.contract(
        f"{was} goes: out of sight first, for good when nobody has missed it",
        f"reads and writes {now}",
        (_soft(rows, over), _hard(rows, over)),
        needed=was,
        old_application_name=ground.old_application_name,
        gates=triggers_that_say(ground.schema, table, [rows.column]),
    )


def _dropped(rows: RowsOfArray) -> str:
    return name_aside(rows.column)


def _soft(rows: RowsOfArray, over: str) -> Step:
    """Out of sight, and still kept in step: the way back loses nothing."""
    rename, dropped = f"ALTER TABLE {name_of(rows.table)} RENAME COLUMN", _dropped(rows)
    return Step(
        title=f"Take {rows.column} out of sight; kept up to date as {dropped}",
        statements=(
            lock_both(rows),
            f"{rename} {quote_ident(rows.column)} TO {quote_ident(dropped)}",
            *functions_sql(replace(rows, column=dropped)),
        ),
        done=predicates.columns_are_gone(rows.table, rows.column),
        past=over,
        undo=(
            lock_both(rows),
            f"{rename} {quote_ident(dropped)} TO {quote_ident(rows.column)}",
            *functions_sql(rows),
        ),
        undoable=predicates.column_exists(rows.table, dropped),
    )


def _hard(rows: RowsOfArray, over: str) -> Step:
    dropped = _dropped(rows)
    return Step(
        title=f"Drop {dropped} for good",
        statements=(*drop_rows_sql(rows), f"ALTER TABLE {name_of(rows.table)} DROP COLUMN {quote_ident(dropped)}"),
        done=over,
        loses=f"{rows.table}.{rows.column}: from here on the way back is a plan of its own",
    )


def _by_hand(ground: Ground, table: Table, column: Column, rows: RowsOfArray) -> Iterator[str]:
    array = quote_ident(column.name)
    if not column.not_null:
        yield "an array that is null and one that is empty are the same to the new version; what it empties the old one reads as {}"
    yield (
        "arrays of several dimensions, or that do not begin at 1, lose that where the new version writes: SELECT count(*) FROM"
        f" {name_of(table.ref)} WHERE array_ndims({array}) > 1 OR array_lower({array}, 1) <> 1"
    )
    yield (
        f"a write of the old version makes all rows of {rows.child} anew for its row, where an element changes: what else the new"
        " version keeps in them begins with its default again, until the old one has ended"
    )
    yield (
        f"a transaction that writes {rows.child} first, and one that writes {rows.table} first, lock the same rows in turns: one of"
        " them is told of a deadlock (40P01), and has to be tried again"
    )
    yield f"TRUNCATE, and session_replication_role = replica, go past the triggers: {rows.table} and {rows.child} differ then"
    for index in ground.schema.indexes_of(table):
        if column.name in index.reads:
            yield f"the index {index.ref.name} goes with {column.name}: make one over {rows.child}.{rows.value} before the switch"
    for constraint in table.constraints:
        if column.name in constraint.columns and constraint.kind is ConstraintKind.CHECK:
            yield f"the constraint {constraint.name} goes with {column.name}: plan what {rows.child} has to obey in its place"
    yield from bodies_that_name(ground.schema, table.ref, [column.name])
