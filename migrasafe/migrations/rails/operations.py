"""One call of a migration → its SQL."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from migrasafe.migrations.rails import indexes, tables
from migrasafe.migrations.rails.columns import Version, of_call
from migrasafe.migrations.rails.made import Made
from migrasafe.migrations.rails.ruby import Call, Value
from migrasafe.migrations.rails.words import NotReadError, literal, name_of, names_of, quoted
from migrasafe.sql.quote import quote_literal

_OF_TABLE = {
    "remove": "remove_columns",
    "rename": "rename_column",
    "change": "change_column",
    "change_default": "change_column_default",
    "change_null": "change_column_null",
    "index": "add_index",
    "remove_index": "remove_index",
    "rename_index": "rename_index",
    "foreign_key": "add_foreign_key",
    "remove_foreign_key": "remove_foreign_key",
    "check_constraint": "add_check_constraint",
    "remove_check_constraint": "remove_check_constraint",
    "unique_constraint": "add_unique_constraint",
    "remove_unique_constraint": "remove_unique_constraint",
    "exclusion_constraint": "add_exclusion_constraint",
    "remove_references": "remove_reference",
    "remove_belongs_to": "remove_reference",
    "remove_timestamps": "remove_timestamps",
    "timestamps": "add_timestamps",
}
"""`t.…` in change_table, as the operation with the table as its first argument."""


def statements(call: Call, inner: list[Call], made: Made, version: Version) -> list[str] | None:
    """The SQL that Rails sends for a call; `inner` are the calls in its block. None for a call that is no operation.
    Raises NotReadError for one whose arguments only a run would tell."""
    found = _several(call, inner, made, version) or _other(call, made)
    if found is None and call.arguments:
        found = _of_table(call, made, version)
    return None if found is None else list(found)


def _several(call: Call, inner: list[Call], made: Made, version: Version) -> Iterator[str] | None:
    """Operations on whole tables."""
    match call.name:
        case "create_table":
            return tables.create_table(call, inner, made, version)
        case "create_join_table":
            return tables.create_join_table(call, inner, made, version)
        case "drop_table":
            return tables.drop_table(call, made)
        case "drop_join_table":
            both = names_of(call.arguments[:2], "a table")
            table = name_of(call.options.get("table_name") or "_".join(sorted(both)), "the table")
            return iter([f"DROP TABLE {quoted(table)}"])
        case "change_table":
            return _change_table(call, inner, made, version)
    return None


def _change_table(call: Call, inner: list[Call], made: Made, version: Version) -> Iterator[str]:
    table = name_of(call.arguments[0] if call.arguments else None, "the table")
    changes: list[str] = []
    for one in inner:
        asked = of_call(one, table, version) if one.name not in _OF_TABLE else None
        if asked is not None:
            found: list[str] | None = list(tables.add_columns(table, asked, made, version))
        else:
            named = replace(one, name=_OF_TABLE.get(one.name, one.name), arguments=[table, *one.arguments])
            found = statements(named, [], made, version)
        if found is None:
            raise NotReadError(f"t.{one.name} is not known here")
        changes += found
    start = f"ALTER TABLE {quoted(table)} "
    if call.options.get("bulk") is True:  # the actions of the table become one statement
        actions = [one.removeprefix(start) for one in changes if _joins(one, start)]
        if actions:
            yield start + ", ".join(actions)
        changes = [one for one in changes if not _joins(one, start)]
    yield from changes


def _joins(statement: str, start: str) -> bool:
    return statement.startswith((f"{start}ADD COLUMN", f"{start}DROP COLUMN", f"{start}ALTER COLUMN"))


def _of_table(call: Call, made: Made, version: Version) -> Iterator[str] | None:
    """Operations whose first argument is the table."""
    first, rest, options = call.arguments[0], call.arguments[1:], call.options
    name = call.name.replace("belongs_to", "reference")

    def table() -> str:
        return name_of(first, "the table")

    match name:
        case "add_column":
            return tables.add_column(table(), rest, options, made, version)
        case "add_columns":
            kind = options.pop("type", None)
            names = names_of(rest, "a column")
            return (sql for one in names for sql in tables.add_column(table(), [one, kind], options, made, version))
        case "remove_column":
            return tables.remove_columns(table(), names_of(rest[:1], "the column"), options)
        case "remove_columns":
            return tables.remove_columns(table(), names_of(rest, "the column"), options)
        case "change_column":
            return tables.change_column(table(), rest, options, version)
        case "change_column_default":
            return tables.change_default(table(), rest, options)
        case "change_column_null":
            return tables.change_null(table(), rest)
        case "rename_column":
            old, new = (quoted(name_of(one, "the column")) for one in rest[:2])
            return iter([f"ALTER TABLE {quoted(table())} RENAME COLUMN {old} TO {new}"])
        case "rename_table":
            new = name_of(rest[0] if rest else None, "the new name")
            made.renamed(table(), new)
            return iter([f"ALTER TABLE {quoted(table())} RENAME TO {quoted(new)}"])
        case "add_reference":
            return tables.reference(table(), name_of(rest[0], "the reference"), options, made, version)
        case "remove_reference" | "remove_references":
            return tables.remove_reference(table(), name_of(rest[0], "the reference"), options, made)
        case "add_timestamps":
            return tables.add_timestamps(table(), options, version)
        case "remove_timestamps":
            return tables.remove_columns(table(), ["updated_at", "created_at"], {})
        case "add_index":
            return indexes.add_index(table(), rest[0] if rest else options.pop("column", None), options, made, version)
        case "remove_index":
            return iter([indexes.remove_index(table(), rest, options, made, version)])
        case "rename_index":
            old, new = (quoted(name_of(one, "the index")) for one in rest[:2])
            return iter([f"ALTER INDEX {old} RENAME TO {new}"])
        case "add_foreign_key":
            return indexes.add_foreign_key(table(), rest[0] if rest else None, options, made)
        case "remove_foreign_key":
            return indexes.remove_foreign_key(table(), rest[0] if rest else None, options, made)
        case "validate_foreign_key":
            return indexes.validate_foreign_key(table(), rest[0] if rest else None, options, made)
        case (
            "add_check_constraint" | "remove_check_constraint" | "validate_check_constraint" | "add_unique_constraint"
            | "remove_unique_constraint" | "add_exclusion_constraint" | "remove_exclusion_constraint"
            | "validate_constraint"
        ):  # fmt: skip
            return indexes.constraint(call, table(), rest)
        case "change_column_comment" | "change_table_comment":
            return _comment(name, table(), rest, options)
    return None


def _comment(name: str, table: str, rest: list[Value], options: dict[str, Value]) -> Iterator[str]:
    said = options.get("to", rest[-1] if rest else None)
    text = quote_literal(said) if isinstance(said, str) else "NULL"
    if name == "change_table_comment":
        yield f"COMMENT ON TABLE {quoted(table)} IS {text}"
    else:
        yield f"COMMENT ON COLUMN {quoted(table)}.{quoted(name_of(rest[0], 'the column'))} IS {text}"


def _other(call: Call, made: Made) -> Iterator[str] | None:
    """SQL itself, and what belongs to no table."""
    first: Value = call.arguments[0] if call.arguments else None
    match call.name:
        case "execute" | "exec_query" | "exec_update" | "update" | "delete" | "insert" if call.arguments:
            return iter([name_of(first, "the SQL")])
        case "enable_extension":
            return iter([f'CREATE EXTENSION IF NOT EXISTS "{name_of(first, "the extension")}" CASCADE'])
        case "disable_extension":
            return iter([f'DROP EXTENSION IF EXISTS "{name_of(first, "the extension")}" CASCADE'])
        case "create_schema" | "drop_schema":
            verb = "CREATE SCHEMA" if call.name == "create_schema" else "DROP SCHEMA IF EXISTS"
            return iter([f"{verb} {quoted(name_of(first, 'the schema'))}"])
        case "create_enum":
            values = call.arguments[1] if len(call.arguments) > 1 else None
            labels = ", ".join(literal(one) for one in names_of(values, "a value"))
            return iter([f"CREATE TYPE {quoted(name_of(first, 'the type'))} AS ENUM ({labels})"])
        case "drop_enum":
            return iter([f"DROP TYPE IF EXISTS {quoted(name_of(first, 'the type'))}"])
        case "rename_enum":
            new = call.options.get("to", call.arguments[1] if len(call.arguments) > 1 else None)
            return iter([f"ALTER TYPE {quoted(name_of(first, 'the type'))} RENAME TO {quoted(name_of(new, 'a name'))}"])
        case "add_enum_value":
            return _enum_value(call)
        case "rename_enum_value":
            old, new = (literal(call.options.get(one)) for one in ("from", "to"))
            return iter([f"ALTER TYPE {quoted(name_of(first, 'the type'))} RENAME VALUE {old} TO {new}"])
    return None


def _enum_value(call: Call) -> Iterator[str]:
    name, label = names_of(call.arguments[:2], "a value")
    exists = "IF NOT EXISTS " if call.options.get("if_not_exists") else ""
    where = next(
        (f" {one.upper()} {literal(call.options[one])}" for one in ("before", "after") if one in call.options), ""
    )
    yield f"ALTER TYPE {quoted(name)} ADD VALUE {exists}{literal(label)}{where}"
