"""Columns that triggers keep, in words: the migration that makes the column, its functions and its triggers."""

from __future__ import annotations

from migrasafe.errors import InputError
from migrasafe.plan.changes.copy_column import CopyColumn
from migrasafe.plan.changes.count_column import CountColumn
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.read.names_said import column_name, said_parts, table_name
from migrasafe.plan.words.of_columns import column_said, type_said
from migrasafe.schema.model import Schema
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ColumnDef, Name
from migrasafe.target import DEFAULT, Target


def copy(schema: Schema, said: str, source: str, *chosen: str) -> str:
    """A column that says what a column of the table says that a foreign key refers to. `chosen`: `by`, and a column of it."""
    table, column = column_name(said)
    other, value = column_name(source)
    type = type_said(column_said(schema, source), source)
    made = CopyColumn(
        table=_name(said_parts(said)[:-1]),
        column=ColumnDef(name=said_parts(said)[-1], type=None),
        source=_name(said_parts(source)[:-1]),
        value=said_parts(source)[-1],
        by=_by(chosen),
    )
    copied = made.copied(_ground(schema))
    return (
        f"-- migrasafe: keep {table}.{column} = {other}.{value}{_behind(made.by)}\n"
        f"ALTER TABLE {table} ADD COLUMN {column} {type};\n"
        f"{copied.keeper().script}UPDATE {table} SET {column} = {copied.source_value}"
    )


def count(schema: Schema, said: str, child: str, *chosen: str) -> str:
    """A column that counts the rows of a table that refer to the row. `chosen`: likewise."""
    table, column = column_name(said)
    made = CountColumn(
        table=_name(said_parts(said)[:-1]),
        column=ColumnDef(name=said_parts(said)[-1], type=None),
        child=_name(said_parts(child)),
        by=_by(chosen),
    )
    counted = made.counted(_ground(schema))
    return (
        f"-- migrasafe: count {table_name(child)} -> {table}.{column}{_behind(made.by)}\n"
        f"ALTER TABLE {table} ADD COLUMN {column} bigint DEFAULT 0 NOT NULL;\n"
        f"{counted.keeper().script}UPDATE {table} SET {column} = {counted.counted_now}"
    )


def _by(chosen: tuple[str, ...]) -> str | None:
    """The column of the foreign key that somebody chose. Raises InputError where it is not said so."""
    if not chosen:
        return None
    if chosen[0] != "by":
        raise InputError(f"`{' '.join(chosen)}`: a foreign key is chosen so: by COLUMN")
    return said_parts(chosen[1])[-1]


def _behind(by: str | None) -> str:
    return "" if by is None else f" by {quote_ident(by)}"


def _ground(schema: Schema) -> Ground:
    return Ground(schema=schema, target=Target(pg_version=DEFAULT, pg_version_assumed=True), id="")


def _name(parts: tuple[str, ...]) -> Name:
    return Name(parts[0] if len(parts) == 2 else None, parts[-1])
