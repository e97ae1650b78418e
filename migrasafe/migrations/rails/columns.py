"""What a column is in SQL, in CREATE TABLE and in ALTER TABLE ADD COLUMN, with the indexes and keys that come with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from migrasafe.migrations.rails.ruby import Call, Value
from migrasafe.migrations.rails.types import KNOWN, column_type
from migrasafe.migrations.rails.words import (
    NotReadError,
    foreign_key_name,
    known,
    literal,
    name_of,
    names_of,
    plural,
    quoted,
)

Version = tuple[int, int]
_ACTIONS = {"cascade": "CASCADE", "nullify": "SET NULL", "restrict": "RESTRICT"}


class Wanted(Struct, kw_only=True):
    """What one call of `t.…` or `add_…` asks for."""

    columns: list[str] = field(default_factory=list)
    """Each as in CREATE TABLE."""
    indexes: list[tuple[Value, dict[str, Value]]] = field(default_factory=list)
    """Columns and options, as add_index takes them."""
    constraints: list[str] = field(default_factory=list)
    keys: list[tuple[str, str, str]] = field(default_factory=list)
    """The foreign keys among the constraints: the table that each leads to, its column and its name."""
    comments: list[tuple[str, str]] = field(default_factory=list)


def column(name: str, kind: Value, options: Mapping[str, Value], version: Version) -> str:
    """`name type DEFAULT … NOT NULL`. Raises NotReadError."""
    for what in ("limit", "precision", "scale", "null", "default", "array"):
        known(options.get(what), what)
    spelled = column_type(kind, options, version)
    if spelled is None:
        raise NotReadError(f"the type of {name} cannot be read")
    parts = [quoted(name), spelled]
    if isinstance(options.get("collation"), str):
        parts.append(f'COLLATE "{options["collation"]}"')
    if kind == "virtual" and isinstance(options.get("as"), str):
        kept = "STORED" if options.get("stored") is True else "VIRTUAL"
        parts.append(f"GENERATED ALWAYS AS ({options['as']}) {kept}")
    if options.get("default") is not None:
        parts.append(f"DEFAULT {literal(options['default'], array=options.get('array') is True)}")
    if options.get("null") is False:
        parts.append("NOT NULL")
    if options.get("primary_key") is True:
        parts.append("PRIMARY KEY")
    return " ".join(parts)


def of_call(call: Call, table: str, version: Version) -> Wanted | None:
    """What `t.<type> :a, :b, …`, `t.references`, `t.timestamps` and `t.column` ask for; None for another call."""
    if call.name in ("references", "belongs_to"):
        wanted = Wanted()
        for name in names_of(call.arguments, "a reference"):
            add_reference(wanted, table, name, call.options, version)
        return wanted
    if call.name == "timestamps":
        return Wanted(columns=timestamps(call.options, version))
    if call.name == "column":
        if len(call.arguments) < 2:
            raise NotReadError("a column without a type")
        return _columns([call.arguments[0]], call.arguments[1], call.options, version)
    if call.name in KNOWN:
        return _columns(call.arguments, call.name, call.options, version)
    return None


def _columns(names: Sequence[Value], kind: Value, options: dict[str, Value], version: Version) -> Wanted:
    wanted = Wanted()
    for name in names_of(list(names), "a column"):
        wanted.columns.append(column(name, kind, options, version))
        index = options.get("index")
        if index:
            wanted.indexes.append(([name], index if isinstance(index, dict) else {}))
        if isinstance(options.get("comment"), str):
            wanted.comments.append((name, str(options["comment"])))
    return wanted


def timestamps(options: Mapping[str, Value], version: Version) -> list[str]:
    """created_at and updated_at."""
    said = {"null": version < (5, 0), **options}
    if "precision" not in said and version >= (6, 0):
        said["precision"] = 6
    return [column(name, "datetime", said, version) for name in ("created_at", "updated_at")]


def add_reference(wanted: Wanted, table: str, name: str, options: dict[str, Value], version: Version) -> None:
    """The column, its index and its foreign key."""
    kind = options.get("type") or ("bigint" if version >= (5, 1) else "integer")
    own: dict[str, Value] = {key: value for key, value in options.items() if key in ("null", "default", "comment")}
    polymorphic = options.get("polymorphic")
    if polymorphic:
        extra = polymorphic if isinstance(polymorphic, dict) else {}
        wanted.columns.append(column(f"{name}_type", "string", {**own, **extra}, version))
    wanted.columns.append(column(f"{name}_id", kind, own, version))
    index = options.get("index", version >= (5, 0))
    if known(index, "index"):
        given = dict(index) if isinstance(index, dict) else {}
        if polymorphic:
            given.setdefault("name", f"index_{table}_on_{name}")
        wanted.indexes.append(([f"{name}_type", f"{name}_id"] if polymorphic else [f"{name}_id"], given))
    key = known(options.get("foreign_key"), "foreign_key")
    if key:
        said = dict(key) if isinstance(key, dict) else {}
        said.setdefault("column", f"{name}_id")
        to = name_of(said.pop("to_table", None) or plural(name), "the referenced table")
        columns = names_of(said["column"], "the column")
        wanted.constraints.append(foreign_key(table, to, said))
        wanted.keys.append((to, ",".join(columns), foreign_key_name(table, columns, said)))


def foreign_key(table: str, to: Value, options: Mapping[str, Value]) -> str:
    """`CONSTRAINT … FOREIGN KEY … REFERENCES …`. Raises NotReadError."""
    target = name_of(to, "the referenced table")
    columns = names_of(options.get("column"), "the column")
    keys = names_of(options.get("primary_key") or "id", "the key")
    parts = [
        f"CONSTRAINT {quoted(foreign_key_name(table, columns, options))}",
        f"FOREIGN KEY ({', '.join(map(quoted, columns))})",
        f"REFERENCES {quoted(target)} ({', '.join(map(quoted, keys))})",
    ]
    for event in ("delete", "update"):
        action = options.get(f"on_{event}")
        if action is not None:
            parts.append(f"ON {event.upper()} {_ACTIONS.get(str(action), str(action).upper())}")
    if options.get("deferrable"):
        late = " INITIALLY DEFERRED" if options["deferrable"] == "deferred" else ""
        parts.append(f"DEFERRABLE{late}")
    if known(options.get("validate", True), "validate") is False:
        parts.append("NOT VALID")
    return " ".join(parts)
