"""Operations of Active Record on indexes and constraints → the statements that it sends."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrasafe.migrations.rails.columns import Version
from migrasafe.migrations.rails.made import Made, check, exclusion, unique
from migrasafe.migrations.rails.ruby import Call, Value
from migrasafe.migrations.rails.words import (
    NotReadError,
    check_name,
    foreign_key_name,
    index_name,
    known,
    name_of,
    names_of,
    quoted,
    singular,
)

_KINDS = {"check_constraint": check, "unique_constraint": unique, "exclusion_constraint": exclusion}


def add_index(table: str, columns: Value, options: dict[str, Value], made: Made, version: Version) -> Iterator[str]:
    """CREATE INDEX. Columns are names, or one string with an expression."""
    known(columns, "the columns of an index")
    for what in ("unique", "algorithm", "where", "using", "name", "order", "opclass", "include"):
        known(options.get(what), what)
    if isinstance(columns, str) and re.search(r"\W", columns):
        keys, words = columns, ["_".join(re.findall(r"\w+", columns))]
    else:
        words = names_of(columns, "a column")
        keys = ", ".join(_key(one, options) for one in words)
    name = str(options.get("name") or index_name(table, words, version))
    made.index(table, words, name)
    parts = ["CREATE"]
    if options.get("unique"):
        parts.append("UNIQUE")
    parts.append("INDEX")
    if options.get("algorithm") == "concurrently":
        parts.append("CONCURRENTLY")
    if options.get("if_not_exists"):
        parts.append("IF NOT EXISTS")
    parts += [quoted(name), "ON", quoted(table)]
    if options.get("using"):
        parts.append(f"USING {options['using']}")
    parts.append(f"({keys})")
    if options.get("include"):
        parts.append(f"INCLUDE ({', '.join(map(quoted, names_of(options['include'], 'a column')))})")
    if options.get("nulls_not_distinct"):
        parts.append("NULLS NOT DISTINCT")
    if isinstance(options.get("where"), str):
        parts.append(f"WHERE {options['where']}")
    yield " ".join(parts)


def _key(column: str, options: dict[str, Value]) -> str:
    said = [quoted(column) if re.fullmatch(r"\w+", column) else column]
    for what in ("opclass", "order"):
        given = options.get(what)
        one = given.get(column) if isinstance(given, dict) else given
        if isinstance(one, str):
            said.append(one if what == "opclass" else one.upper())
    return " ".join(said)


def remove_index(table: str, arguments: list[Value], options: dict[str, Value], made: Made, version: Version) -> str:
    """DROP INDEX, by name or by columns."""
    said = options.get("name")
    if said is None:
        columns = options.get("column", arguments[0] if arguments else None)
        words = names_of(columns, "the columns of an index")
        if len(words) == 1 and re.search(r"\W", words[0]):
            words = ["_".join(re.findall(r"\w+", words[0]))]
        said = made.index_on(table, words) or index_name(table, words, version)
    concurrently = "CONCURRENTLY " if options.get("algorithm") == "concurrently" else ""
    exists = "IF EXISTS " if options.get("if_exists") else ""
    return f"DROP INDEX {concurrently}{exists}{quoted(name_of(said, 'the index'))}"


def add_foreign_key(table: str, to: Value, options: dict[str, Value], made: Made) -> Iterator[str]:
    yield f"ALTER TABLE {quoted(table)} ADD {made.foreign_key(table, to, options)}"


def remove_foreign_key(table: str, to: Value, options: dict[str, Value], made: Made) -> Iterator[str]:
    exists = "IF EXISTS " if options.get("if_exists") else ""
    name = _key_name(table, to, options, made)
    made.no_key(table, name)
    yield f"ALTER TABLE {quoted(table)} DROP CONSTRAINT {exists}{quoted(name)}"


def _key_name(table: str, to: Value, options: dict[str, Value], made: Made) -> str:
    """Of the foreign key that is meant by its name, its column or the table it leads to."""
    if options.get("name"):
        return name_of(options["name"], "the foreign key")
    target = name_of(to or options.get("to_table"), "a table") if to or options.get("to_table") else None
    column = options.get("column")
    of = ",".join(names_of(column, "the column")) if column else None
    found = made.key_of(table, target, of)
    if found is not None:
        return found
    if of is None and target is None:
        raise NotReadError("which foreign key is meant cannot be read")
    return foreign_key_name(table, of.split(",") if of else [f"{singular(target or '')}_id"], {})


def validate_foreign_key(table: str, to: Value, options: dict[str, Value], made: Made) -> Iterator[str]:
    yield f"ALTER TABLE {quoted(table)} VALIDATE CONSTRAINT {quoted(_key_name(table, to, options, made))}"


def constraint(call: Call, table: str, rest: list[Value]) -> Iterator[str]:
    """add_, remove_ and validate_ of check, unique and exclusion constraints."""
    verb, _, kind = call.name.partition("_")
    first = rest[0] if rest else None
    if verb == "add":
        yield f"ALTER TABLE {quoted(table)} ADD {_KINDS[kind](table, first, call.options)}"
        return
    name = call.options.get("name")
    if name is None and kind == "check_constraint" and isinstance(first, str):
        name = check_name(table, first, {})
    if name is None and kind == "constraint":
        name = first
    if name is None:
        raise NotReadError("which constraint is meant cannot be read")
    said = quoted(name_of(name, "the constraint"))
    exists = "IF EXISTS " if call.options.get("if_exists") and verb == "remove" else ""
    yield f"ALTER TABLE {quoted(table)} {'VALIDATE' if verb == 'validate' else 'DROP'} CONSTRAINT {exists}{said}"
