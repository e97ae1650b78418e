"""`split`, `merge` and `convert` in words: the migration that adds the new columns and drops the old ones."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.errors import InputError
from migrasafe.plan.read.names_said import column_name, name_parts
from migrasafe.schema.model import Schema
from migrasafe.sql.quote import quote_ident, quote_literal, quote_name, spell_type
from migrasafe.sql.statements import Name


def split(schema: Schema, old: str, new: str) -> str:
    definitions = list(_items(new))
    if len(definitions) < 2:
        raise InputError(f"`split {old} {new}`: say the columns that it is split into, with commas between")
    return _replace(schema, old, definitions)


def merge(schema: Schema, old: str, new: str) -> str:
    if len(list(_items(old))) < 2:
        raise InputError(f"`merge {old} {new}`: say the columns that are merged, TABLE.COLUMN,COLUMN")
    return _replace(schema, old, [new])


def convert(schema: Schema, old: str, new: str) -> str:
    if len(list(_items(old))) > 1 or len(list(_items(new))) > 1:
        raise InputError(f"`convert {old} {new}` is about one column: several are for `split` and `merge`")
    return _replace(schema, old, [new])


def status(schema: Schema, old: str, new: str, values: str) -> str:
    """A boolean becomes one of two values, of more that may come."""
    yes, comma, no = values.partition(",")
    if not comma or not yes or not no:
        raise InputError(f"`status {old} {values}`: say what stands for true and for false, YES,NO")
    table, column = column_name(old)
    name = quote_ident(_name(new.strip().partition(" ")[0])[-1])
    script = convert(schema, old, new)
    added, dropped = (script.rpartition(", DROP COLUMN ")[place] for place in (0, 2))
    case = f"CASE WHEN {column} THEN {quote_literal(yes)} WHEN NOT {column} THEN {quote_literal(no)} END"
    return f"{added};\nUPDATE {table} SET {name} = {case};\nALTER TABLE {table} DROP COLUMN {dropped}"


def _replace(schema: Schema, old: str, definitions: list[str]) -> str:
    first, *more = (_name(item) for item in _items(old))
    if len(first) not in (2, 3) or any(len(one) != 1 for one in more):
        raise InputError(f"{old} is not a column: say TABLE.COLUMN or TABLE.COLUMN,COLUMN")
    table = Name(first[0] if len(first) == 3 else None, first[-2])
    columns = [first[-1], *(one[0] for one in more)]
    made = [_definition(schema, table, columns[0], item) for item in definitions]
    target = quote_name(table)
    was, now = ", ".join(map(quote_ident, columns)), ", ".join(quote_ident(name) for name, _ in made)
    parts = [f"ADD COLUMN {quote_ident(name)} {rest}" for name, rest in made]
    parts += [f"DROP COLUMN {quote_ident(column)}" for column in columns]
    return f"-- migrasafe: replace {target}.{was} -> {now}\nALTER TABLE {target} {', '.join(parts)}"


def _definition(schema: Schema, table: Name, old: str, item: str) -> tuple[str, str]:
    """Name and definition of a new column; one that says no type has that of the old column."""
    head, _, rest = item.strip().partition(" ")
    (name,) = _name(head)[-1:]
    if rest.strip():
        return name, rest.strip()
    known = schema.table(schema.resolve(*table))
    column = known.column(old) if known is not None else None
    if column is None or column.type is None:
        raise InputError(f"the type of {table}.{old} is not known: say what type {name} has, `{name} text`")
    return name, spell_type(column.type)


def _name(text: str) -> tuple[str, ...]:
    try:
        return name_parts(text.strip())
    except ValueError as error:
        raise InputError(f"{text} is not a name; put names with capitals or signs in double quotes") from error


def _items(text: str) -> Iterator[str]:
    """What stands between the commas that are in no parentheses and no quotes."""
    depth, quote, start = 0, "", 0
    for place, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "()":
            depth += 1 if sign == "(" else -1
        elif sign == "," and depth == 0:
            yield text[start:place]
            start = place + 1
    yield text[start:]
