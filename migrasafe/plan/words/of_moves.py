"""Columns that move to another table, in words."""

from __future__ import annotations

from migrasafe.dsn import is_dsn, without_password
from migrasafe.errors import InputError
from migrasafe.plan.changes.merge_tables import key_of
from migrasafe.plan.read.names_said import column_name, listed, said_parts, table_name
from migrasafe.plan.words.of_columns import type_said
from migrasafe.schema.definitions import names
from migrasafe.schema.model import Column, Schema, Table
from migrasafe.sql.quote import quote_ident


def move(schema: Schema, said: str, target: str) -> str:
    """Into a table that has a row for each already."""
    _, columns = _columns(schema, said)
    name, new = column_name(listed(said)[0])[0], table_name(target)
    added = ", ".join(f"ADD COLUMN {quote_ident(one.name)} {type_said(one, said)}" for one in columns)
    return f"{_comment(name, columns, new)}\nALTER TABLE {new} {added};\n{_drop(name, columns)}"


def extract(schema: Schema, said: str, target: str) -> str:
    """Into a table that is made for them."""
    table, columns = _columns(schema, said)
    name, new = column_name(listed(said)[0])[0], table_name(target)
    key = table.primary_key
    keyed = [one for one in table.columns if key is not None and one.name in key.columns]
    if not keyed:
        raise InputError(f"{table.ref} has no primary key, so that nothing tells which rows belong together")
    ids = [(one, f"{table.ref.name}_{one.name}") for one in keyed]
    both = names(id for _, id in ids)
    lines = [f"{quote_ident(id)} {type_said(one, said)} NOT NULL" for one, id in ids]
    lines += [f"{quote_ident(one.name)} {type_said(one, said)}" for one in columns]
    lines += [f"PRIMARY KEY ({both})"]
    lines += [f"FOREIGN KEY ({both}) REFERENCES {name} ({names(one.name for one in keyed)}) ON DELETE CASCADE"]
    body = ", ".join(lines)
    return f"CREATE TABLE {new} ({body});\n{_comment(name, columns, new)}\n{_drop(name, columns)}"


def merge(schema: Schema, said: str, into: str) -> str:
    """A table that another one takes in: its columns, but for those by which rows belong together."""
    old, new = (_table(schema, one) for one in (said, into))
    key = key_of(old, new)
    moved = [one for one in old.columns if one.name not in key.columns and one.name not in _own_key(old)]
    if not moved:
        raise InputError(f"{old.ref} has no column beside those by which its rows belong to {new.ref}")
    taken = {one.name for one in new.columns}
    news = [one.name if one.name not in taken else f"{old.ref.name}_{one.name}" for one in moved]
    olds = names(one.name for one in moved)
    name, other = table_name(said), table_name(into)
    added = ", ".join(
        f"ADD COLUMN {quote_ident(now)} {type_said(one, said)}" for one, now in zip(moved, news, strict=True)
    )
    comment = f"-- migrasafe: merge {name} ({olds}) -> {other} ({names(news)})"
    return f"{comment}\nALTER TABLE {other} {added};\nDROP TABLE {name}"


def to_database(said: str, database: str) -> str:
    """A table whose rows another database gets; its password, where one was said, stays out of what is written."""
    name = table_name(said)
    home = without_password(database) if is_dsn(database) else database
    return f"-- migrasafe: move-to-database {name} -> {' '.join(home.split())}\nDROP TABLE {name}"


def _own_key(table: Table) -> tuple[str, ...]:
    """A number that the table gives its rows itself, and that nobody needs when they are rows of another."""
    return tuple(
        one.name
        for one in table.columns
        if table.primary_key is not None
        and table.primary_key.columns == (one.name,)
        and (one.identity is not None or one.default is not None)
    )


def _table(schema: Schema, said: str) -> Table:
    parts = said_parts(said)
    table = schema.table(schema.resolve(parts[0] if len(parts) == 2 else None, parts[-1]))
    if table is None or len(parts) > 2:
        raise InputError(f"{said}: the schema has no such table")
    return table


def _comment(table: str, columns: list[Column], new: str) -> str:
    return f"-- migrasafe: move {table}.{names(one.name for one in columns)} -> {new}"


def _drop(table: str, columns: list[Column]) -> str:
    return f"ALTER TABLE {table} {', '.join(f'DROP COLUMN {quote_ident(one.name)}' for one in columns)}"


def _columns(schema: Schema, said: str) -> tuple[Table, list[Column]]:
    first, *more = listed(said)
    parts = said_parts(first)
    if len(parts) not in (2, 3):
        raise InputError(f"{first} is not a column: say TABLE.COLUMN or SCHEMA.TABLE.COLUMN")
    table = schema.table(schema.resolve(parts[0] if len(parts) == 3 else None, parts[-2]))
    wanted = [parts[-1], *(said_parts(one)[-1] for one in more)]
    found = [table.column(one) for one in wanted] if table is not None else []
    columns = [one for one in found if one is not None]
    if table is None or len(columns) != len(wanted):
        raise InputError(f"{said}: the schema has no such columns")
    return table, columns
