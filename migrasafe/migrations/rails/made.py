"""The indexes and foreign keys that the migrations read so far have made, by which Rails finds the one to remove."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from migrasafe.migrations.rails.columns import foreign_key
from migrasafe.migrations.rails.ruby import Call, Value
from migrasafe.migrations.rails.words import check_name, hashed_name, known, name_of, names_of, quoted, singular


class Made:
    """What is there, by table; starts empty."""

    def __init__(self) -> None:
        self._indexes: dict[str, dict[tuple[str, ...], str]] = {}
        self._keys: dict[str, dict[str, tuple[str, str]]] = {}
        self._columns: dict[str, set[str]] = {}

    def columns(self, table: str, written: Iterable[str]) -> None:
        """A table has these columns, each as in CREATE TABLE."""
        self._columns.setdefault(table, set()).update(one.split()[0].strip('"') for one in written)

    def has(self, table: str, column: str | None = None) -> bool:
        """Whether a table, or a column of it, was made; False where that is not known."""
        return table in self._columns and (column is None or column in self._columns[table])

    def gone(self, table: str) -> None:
        """A table was dropped."""
        for kept in (self._indexes, self._keys, self._columns):
            kept.pop(table, None)

    def index(self, table: str, columns: list[str], name: str) -> None:
        self._indexes.setdefault(table, {})[tuple(columns)] = name

    def index_on(self, table: str, columns: list[str]) -> str | None:
        """The name of the index on these columns."""
        return self._indexes.get(table, {}).get(tuple(columns))

    def key(self, table: str, to: str, column: str, name: str) -> None:
        self._keys.setdefault(table, {})[name] = (to, column)

    def no_key(self, table: str, name: str) -> None:
        """A foreign key is gone."""
        self._keys.get(table, {}).pop(name, None)

    def key_of(self, table: str, to: str | None, column: str | None) -> str | None:
        """The name of the foreign key to a table, or of a column."""
        for name, (target, of) in sorted(self._keys.get(table, {}).items()):  # as the catalog is asked
            if (to is None or target == to) and (column is None or of == column):
                return name
        return None

    def renamed(self, old: str, new: str) -> None:
        """A table has another name."""
        self._columns[new] = self._columns.pop(old, set())
        self._indexes[new] = self._indexes.pop(old, {})
        self._keys[new] = self._keys.pop(old, {})

    def constraint_of(self, call: Call, table: str) -> str | None:
        """`t.check_constraint`, `t.foreign_key` and their like, as in CREATE TABLE; None for another call."""
        first: Value = call.arguments[0] if call.arguments else None
        options = call.options
        match call.name:
            case "check_constraint":
                return check(table, first, options)
            case "foreign_key":
                return self.foreign_key(table, first, options)
            case "unique_constraint":
                return unique(table, first, options)
            case "exclusion_constraint":
                return exclusion(table, first, options)
        return None

    def foreign_key(self, table: str, to: Value, options: Mapping[str, Value]) -> str:
        """A foreign key as it is written, which is known from now on."""
        target = name_of(to, "the referenced table")
        said = dict(options)
        said.setdefault("column", f"{singular(target.rsplit('.', 1)[-1])}_id")
        written = foreign_key(table, to, said)
        self.key(table, target, ",".join(names_of(said["column"], "the column")), written.split()[1].strip('"'))
        return written


def check(table: str, expression: Value, options: Mapping[str, Value]) -> str:
    text = name_of(expression, "the expression")
    late = " NOT VALID" if known(options.get("validate", True), "validate") is False else ""
    return f"CONSTRAINT {quoted(check_name(table, text, options))} CHECK ({text}){late}"


def unique(table: str, columns: Value, options: Mapping[str, Value]) -> str:
    late = " DEFERRABLE INITIALLY DEFERRED" if options.get("deferrable") == "deferred" else ""
    said = options.get("name")
    if options.get("using_index"):
        index = name_of(options["using_index"], "the index")
        return f"CONSTRAINT {quoted(str(said or index))} UNIQUE USING INDEX {quoted(index)}{late}"
    names = names_of(columns, "a column")
    name = str(said) if said else hashed_name("uniq", f"{table}_{'_and_'.join(names)}_unique")
    nulls = " NULLS NOT DISTINCT" if options.get("nulls_not_distinct") else ""
    return f"CONSTRAINT {quoted(name)} UNIQUE{nulls} ({', '.join(map(quoted, names))}){late}"


def exclusion(table: str, expression: Value, options: Mapping[str, Value]) -> str:
    text, said = name_of(expression, "the expression"), options.get("name")
    using = f" USING {options['using']}" if options.get("using") else ""
    where = f" WHERE ({options['where']})" if isinstance(options.get("where"), str) else ""
    name = str(said) if said else hashed_name("excl", f"{table}_{text}_excl")
    return f"CONSTRAINT {quoted(name)} EXCLUDE{using} ({text}){where}"
