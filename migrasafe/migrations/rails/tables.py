"""Operations of Active Record on tables and columns → the statements that it sends to PostgreSQL.

https://api.rubyonrails.org/classes/ActiveRecord/ConnectionAdapters/SchemaStatements.html
"""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.migrations.rails.columns import Version, Wanted, add_reference, column, of_call, timestamps
from migrasafe.migrations.rails.indexes import add_index, remove_foreign_key
from migrasafe.migrations.rails.made import Made
from migrasafe.migrations.rails.ruby import Call, Value
from migrasafe.migrations.rails.types import column_type, key_type
from migrasafe.migrations.rails.words import NotReadError, known, literal, name_of, names_of, quoted, singular
from migrasafe.sql.quote import quote_literal


def create_table(call: Call, inner: list[Call], made: Made, version: Version) -> Iterator[str]:
    """CREATE TABLE with what its block asks for, then its indexes."""
    table, options = name_of(call.arguments[0] if call.arguments else None, "the table"), call.options
    if options.get("force"):
        yield f"DROP TABLE IF EXISTS {quoted(table)}{' CASCADE' if options['force'] == 'cascade' else ''}"
    wanted = Wanted(columns=list(_key(options, version)))
    after: list[Call] = []
    for one in inner:
        found = of_call(one, table, version)
        if found is None:
            after.append(one)
            continue
        _add(wanted, found)
    keys = options.get("primary_key")
    if isinstance(keys, list):
        wanted.constraints.append(f"PRIMARY KEY ({', '.join(map(quoted, names_of(keys, 'the key')))})")
    for one in list(after):
        if (constraint := made.constraint_of(one, table)) is not None:
            wanted.constraints.append(constraint)
            after.remove(one)
    temporary = "TEMPORARY " if options.get("temporary") else ""
    exists = "IF NOT EXISTS " if options.get("if_not_exists") else ""
    head = f"CREATE {temporary}TABLE {exists}{quoted(table)}"
    if isinstance(options.get("as"), str):
        yield f"{head} AS {options['as']}"
    else:
        tail = f" {options['options']}" if isinstance(options.get("options"), str) else ""
        yield f"{head} ({', '.join((*wanted.columns, *wanted.constraints))}){tail}"
    if isinstance(options.get("comment"), str):
        yield f"COMMENT ON TABLE {quoted(table)} IS {quote_literal(str(options['comment']))}"
    yield from _rest(table, wanted, made, version)
    for one in after:
        if one.name != "index":
            raise NotReadError(f"t.{one.name} is not known here")
        yield from add_index(table, one.arguments[0] if one.arguments else None, one.options, made, version)


def _key(options: dict[str, Value], version: Version) -> Iterator[str]:
    said = known(options.get("id", True), "id")
    if said is False or isinstance(options.get("primary_key"), list):
        return
    name = options.get("primary_key")
    kind = said.get("type", True) if isinstance(said, dict) else said
    yield f"{quoted(name if isinstance(name, str) else 'id')} {key_type(version, kind)} PRIMARY KEY"


def _add(wanted: Wanted, found: Wanted) -> None:
    wanted.columns.extend(found.columns)
    wanted.constraints.extend(found.constraints)
    wanted.comments.extend(found.comments)
    wanted.keys.extend(found.keys)
    wanted.indexes.extend(found.indexes)


def _rest(table: str, wanted: Wanted, made: Made, version: Version) -> Iterator[str]:
    made.columns(table, wanted.columns)
    for to, column_name, name in wanted.keys:
        made.key(table, to, column_name, name)
    for columns, options in wanted.indexes:
        yield from add_index(table, columns, options, made, version)
    for name, comment in wanted.comments:
        yield f"COMMENT ON COLUMN {quoted(table)}.{quoted(name)} IS {quote_literal(comment)}"


def create_join_table(call: Call, inner: list[Call], made: Made, version: Version) -> Iterator[str]:
    """A table with the keys of two others."""
    both = names_of(call.arguments[:2], "a table")
    table = call.options.get("table_name") or "_".join(sorted(both))
    own = call.options.get("column_options")
    said = {"null": False, **(own if isinstance(own, dict) else {})}
    keys = [
        Call(name="bigint", line=call.line, receiver=None, arguments=[f"{singular(one)}_id"], options=said, block=None)
        for one in both
    ]
    options = {**call.options, "id": False}
    new = Call(name="create_table", line=call.line, receiver=None, arguments=[table], options=options, block=None)
    return create_table(new, [*keys, *inner], made, version)


def drop_table(call: Call, made: Made) -> Iterator[str]:
    """One table or several."""
    exists = "IF EXISTS " if call.options.get("if_exists") else ""
    force = " CASCADE" if call.options.get("force") == "cascade" else ""
    for table in names_of(call.arguments, "the table"):
        made.gone(table)
        yield f"DROP TABLE {exists}{quoted(table)}{force}"


def add_column(
    table: str, arguments: list[Value], options: dict[str, Value], made: Made, version: Version
) -> Iterator[str]:
    name = name_of(arguments[0] if arguments else None, "the column")
    exists = "IF NOT EXISTS " if options.get("if_not_exists") else ""
    spelled = column(name, arguments[1] if len(arguments) > 1 else None, options, version)
    made.columns(table, [spelled])
    yield f"ALTER TABLE {quoted(table)} ADD COLUMN {exists}{spelled}"
    if isinstance(options.get("comment"), str):
        yield f"COMMENT ON COLUMN {quoted(table)}.{quoted(name)} IS {quote_literal(str(options['comment']))}"


def add_columns(table: str, wanted: Wanted, made: Made, version: Version) -> Iterator[str]:
    """Several columns with their indexes and keys, each in a statement of its own, as Rails sends them."""
    for one in wanted.columns:
        yield f"ALTER TABLE {quoted(table)} ADD COLUMN {one}"
    yield from _rest(table, wanted, made, version)
    for constraint in wanted.constraints:
        yield f"ALTER TABLE {quoted(table)} ADD {constraint}"


def reference(table: str, name: str, options: dict[str, Value], made: Made, version: Version) -> Iterator[str]:
    wanted = Wanted()
    add_reference(wanted, table, name, options, version)
    return add_columns(table, wanted, made, version)


def add_timestamps(table: str, options: dict[str, Value], version: Version) -> Iterator[str]:
    for one in timestamps(options, version):
        yield f"ALTER TABLE {quoted(table)} ADD COLUMN {one}"


def remove_reference(table: str, name: str, options: dict[str, Value], made: Made) -> Iterator[str]:
    key = options.get("foreign_key")
    if key:
        said = dict(key) if isinstance(key, dict) else {}
        said.setdefault("column", f"{name}_id")
        yield from remove_foreign_key(table, said.pop("to_table", None), said, made)
    yield from remove_columns(table, [f"{name}_id", *([f"{name}_type"] if options.get("polymorphic") else [])], options)


def remove_columns(table: str, names: list[str], options: dict[str, Value]) -> Iterator[str]:
    exists = "IF EXISTS " if options.get("if_exists") else ""
    drops = ", ".join(f"DROP COLUMN {exists}{quoted(name)}" for name in names)
    yield f"ALTER TABLE {quoted(table)} {drops}"


def change_column(table: str, arguments: list[Value], options: dict[str, Value], version: Version) -> Iterator[str]:
    """Type, default and NULL in one ALTER TABLE."""
    name = quoted(name_of(arguments[0] if arguments else None, "the column"))
    kind = column_type(arguments[1] if len(arguments) > 1 else None, options, version)
    if kind is None:
        raise NotReadError(f"the type of {name} cannot be read")
    using = options.get("using") or (options.get("cast_as") and f"CAST({name} AS {options['cast_as']})")
    actions = [f"ALTER COLUMN {name} TYPE {kind}{f' USING {using}' if isinstance(using, str) else ''}"]
    if "default" in options:
        actions.append(_default(name, options["default"], array=options.get("array") is True))
    if "null" in options:
        actions.append(f"ALTER COLUMN {name} {'DROP' if known(options['null'], 'null') else 'SET'} NOT NULL")
    yield f"ALTER TABLE {quoted(table)} {', '.join(actions)}"


def change_default(table: str, arguments: list[Value], options: dict[str, Value]) -> Iterator[str]:
    if "to" in options:
        new = options["to"]
    elif len(arguments) > 1:
        new = arguments[1]
    else:
        raise NotReadError("a default that cannot be read")
    name = quoted(name_of(arguments[0], "the column"))
    yield f"ALTER TABLE {quoted(table)} {_default(name, new, array=isinstance(new, list))}"


def _default(name: str, value: Value, *, array: bool) -> str:
    if value is None:
        return f"ALTER COLUMN {name} DROP DEFAULT"
    return f"ALTER COLUMN {name} SET DEFAULT {literal(value, array=array)}"


def change_null(table: str, arguments: list[Value]) -> Iterator[str]:
    """SET or DROP NOT NULL, after an UPDATE where a default for the rows is given."""
    if len(arguments) < 2:
        raise NotReadError("whether NULL is allowed cannot be read")
    name, allowed = quoted(name_of(arguments[0], "the column")), known(arguments[1], "null")
    if not allowed and len(arguments) > 2 and arguments[2] is not None:
        yield f"UPDATE {quoted(table)} SET {name} = {literal(arguments[2])} WHERE {name} IS NULL"
    yield f"ALTER TABLE {quoted(table)} ALTER COLUMN {name} {'DROP' if allowed else 'SET'} NOT NULL"
