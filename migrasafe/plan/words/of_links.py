"""One that becomes several, in words: a reference that becomes links, an array that becomes rows."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.errors import InputError
from migrasafe.plan.read.names_said import column_name, said_parts, table_name
from migrasafe.plan.words.of_columns import column_said, type_said
from migrasafe.schema.definitions import names
from migrasafe.schema.model import Column, Constraint, Ref, Schema, Table
from migrasafe.sql.quote import quote_ident, quote_name, spell_type
from migrasafe.sql.statements import Name


def link(schema: Schema, said: str, target: str) -> str:
    """A column that refers to one row becomes a table of links to several."""
    table, column = _table(schema, said), column_said(schema, said)
    old = next((one for one in table.constraints if one.target and column.name in one.columns), None)
    key = table.primary_key
    there = schema.table(old.target) if old is not None and old.target is not None else None
    if old is None or there is None:
        raise InputError(f"{said} refers to no table that is known: `many-to-many` is about a foreign key")
    if key is None:
        raise InputError(f"{table.ref} has no primary key, so that nothing tells its rows apart")
    # A column of both keys, as of a tenant, is one column of the link.
    shared = {one: to for one, to in zip(old.columns, old.target_columns, strict=True) if one in key.columns}
    own = {one: one if one in shared else f"{table.ref.name}_{one}" for one in key.columns}
    refers = {
        one: own.get(one, f"{_apart(there, table)}_{to}")
        for one, to in zip(old.columns, old.target_columns, strict=True)
    }
    types = {own[one.name]: type_said(one, said) for one in _of(table, key)}
    types |= {
        refers[here]: type_said(one, said)
        for here, to in zip(old.columns, old.target_columns, strict=True)
        for one in there.columns
        if one.name == to
    }
    lines = [f"{quote_ident(name)} {type} NOT NULL" for name, type in types.items()]
    lines.append(f"PRIMARY KEY ({names(types)})")
    lines += [
        f"FOREIGN KEY ({names(columns)}) REFERENCES {_name(ref)} ({names(targets)}) ON DELETE CASCADE"
        for columns, ref, targets in (
            (own.values(), table.ref, key.columns),
            (refers.values(), there.ref, old.target_columns),
        )
    ]
    new, (name, quoted) = table_name(target), column_name(said)
    index = f"CREATE INDEX ON {new} ({names(refers.values())})"
    pairs = {to: one for one, to in (*own.items(), *refers.items())}
    given = " AND ".join(f"{quote_ident(one)} IS NOT NULL" for one in refers)
    insert = f"INSERT INTO {new} ({names(pairs)}) SELECT {names(pairs.values())} FROM {name} WHERE {given}"
    comment = f"-- migrasafe: link {name}.{quoted} -> {new}"
    made = f"CREATE TABLE {new} ({', '.join(lines)});\n{index};\n{insert};"
    return f"{made}\n{comment}\nALTER TABLE {name} DROP COLUMN {quoted}"


def rows(schema: Schema, said: str, target: str) -> str:
    """An array becomes a table with a row for each element."""
    table, column = _table(schema, said), column_said(schema, said)
    key = table.primary_key
    if column.type is None or not column.type.array:
        raise InputError(f"{said} is no array: `array-to-table` is about one")
    if key is None:
        raise InputError(f"{table.ref} has no primary key, so that nothing tells its rows apart")
    ids = [(one, f"{table.ref.name}_{one.name}") for one in _of(table, key)]
    listed = names(id for _, id in ids)
    lines = [f"{quote_ident(id)} {type_said(one, said)} NOT NULL" for one, id in ids]
    lines += ["position integer NOT NULL", f"value {spell_type(replace(column.type, array=False))}"]
    lines += [f"PRIMARY KEY ({listed}, position)"]
    lines += [f"FOREIGN KEY ({listed}) REFERENCES {_name(table.ref)} ({names(key.columns)}) ON DELETE CASCADE"]
    new, (name, quoted) = table_name(target), column_name(said)
    there = ", ".join(f"here.{quote_ident(one.name)}" for one, _ in ids)
    insert = (
        f"INSERT INTO {new} ({listed}, position, value) SELECT {there}, one.place, one.element FROM {name} AS here,"
        f" unnest(here.{quoted}) WITH ORDINALITY AS one (element, place)"
    )
    comment = f"-- migrasafe: rows {name}.{quoted} -> {new} (position, value)"
    made = f"CREATE TABLE {new} ({', '.join(lines)});\n{insert};"
    return f"{made}\n{comment}\nALTER TABLE {name} DROP COLUMN {quoted}"


def _apart(there: Table, table: Table) -> str:
    """How the columns that refer to a table begin; a table may refer to itself."""
    return there.ref.name if there.ref != table.ref else f"other_{there.ref.name}"


def _of(table: Table, key: Constraint) -> list[Column]:
    return [one for name in key.columns for one in table.columns if one.name == name]


def _name(ref: Ref) -> str:
    return quote_name(Name(ref.schema, ref.name))


def _table(schema: Schema, said: str) -> Table:
    parts = said_parts(said)
    table = schema.table(schema.resolve(parts[0] if len(parts) == 3 else None, parts[-2])) if len(parts) > 1 else None
    if table is None:
        raise InputError(f"{said} is not a column of a table that is known: say TABLE.COLUMN")
    return table
