"""Writes statements by ddl.grammar over the objects that a schema has: most mean something, some are about nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from migrasafe.schema.model import (
    Composite,
    Domain,
    EnumType,
    Index,
    RelationKind,
    Schema,
    Table,
    View,
)
from migrasafe.schema.model import (
    Sequence as SequenceOf,
)
from migrasafe.sql.quote import quote_ident
from tools.fuzz.grammar import Slot, read_grammar, slots_of

T = TypeVar("T")

_NAMES = ("orders", "users", "items", "events", "invoices", "tags", "parts", "logs")
_COLUMNS = ("id", "email", "name", "total", "created_at", "status", "note", "parent_id", "data", "kind")
_STRANGE = (
    "Order",
    "user",
    "select",
    "a b",
    'quo"te',
    "semi;colon",
    "--dash",
    "ümläut",
    "日本",
    "x" * 63,
    "y" * 64,
    "$1",
    "1st",
    "%s",
    "new",
    "public",
)
_STRINGS = ("'a'", "'b'", "'O''Reilly'", "''", "'ü'", "E'\\\\n'", "'$$'", "'--'", "'%s'", "$t$x$t$")
_SCHEMAS = ("public", "public", "app", "audit")
_ROOT = "public"
_DEEPEST = 12


class Author:
    """The same random numbers write the same statements over the same schemas."""

    def __init__(self, rng: random.Random, *, strange: float = 0.03, unknown: float = 0.05) -> None:
        """`strange`: how often a new name needs quotes; `unknown`: how often a statement is about what is not there."""
        self._random = rng.random
        self._grammar = read_grammar()
        self._strange = strange
        self._unknown = unknown
        self._depth = 0
        self._methods: dict[str, Callable[[], str]] = {
            name: getattr(self, f"_{name}") for name in slots_of(self._grammar) - self._grammar.keys()
        }
        self.learn(Schema())

    def learn(self, schema: Schema) -> None:
        """Take the objects of `schema` to write about from here on."""
        relations = list(schema.relations.values())
        tables = [one for one in relations if isinstance(one, Table)]
        self._tables = [(_full(one.ref), tuple(quote_ident(column.name) for column in one.columns)) for one in tables]
        self._parents = [_full(one.ref) for one in tables if one.kind is RelationKind.PARTITIONED_TABLE]
        self._partitions = [_full(one.ref) for one in tables if one.partition_of is not None]
        self._constraints = [quote_ident(constraint.name) for one in tables for constraint in one.constraints]
        self._triggers = [quote_ident(trigger.name) for one in tables for trigger in one.triggers]
        self._policies = [quote_ident(policy.name) for one in tables for policy in one.policies]
        self._indexes = [quote_ident(one.ref.name) for one in relations if isinstance(one, Index)]
        self._views = [_full(one.ref) for one in relations if isinstance(one, View)]
        self._sequences = [_full(one.ref) for one in relations if isinstance(one, SequenceOf)]
        types = list(schema.types.values())
        self._enums = [_full(one.ref) for one in types if isinstance(one, EnumType)]
        self._domains = [_full(one.ref) for one in types if isinstance(one, Domain)]
        self._composites = [_full(one.ref) for one in types if isinstance(one, Composite)]
        self._functions = [_full(ref) for ref in schema.functions]
        self._table_now: tuple[str, ...] = _COLUMNS
        self._remote_now: tuple[str, ...] = _COLUMNS

    def statement(self, kind: str = "statement") -> str:
        """One statement, without a semicolon at its end. `kind`: a name of the grammar."""
        return self._write(kind)

    def _write(self, name: str) -> str:
        alternatives = self._grammar.get(name)
        if alternatives is None:
            return self._methods[name]()
        self._depth += 1
        # Deep down only what is written first, which does not go any deeper, is left.
        chosen = self._one_of(alternatives) if self._depth <= _DEEPEST else alternatives[0]
        written = []
        for piece in chosen:
            if not isinstance(piece, Slot):
                written.append(piece)
            elif not piece.maybe or self._random() < 1 / 3:
                written.append(self._write(piece.name))
        self._depth -= 1
        return "".join(written)

    def _one_of(self, choices: Sequence[T]) -> T:
        return choices[int(self._random() * len(choices))]

    # --- names ---

    def _known(self, known: Sequence[str], otherwise: Sequence[str] = _NAMES) -> str:
        return self._one_of(known) if known and self._random() > self._unknown else self._one_of(otherwise)

    def _pick_table(self) -> tuple[str, tuple[str, ...]]:
        if self._tables and self._random() > self._unknown:
            return self._one_of(self._tables)
        return self._one_of(_NAMES), _COLUMNS

    def _table(self) -> str:
        name, columns = self._pick_table()
        self._table_now = columns or _COLUMNS
        return name

    def _remote(self) -> str:
        name, columns = self._pick_table()
        self._remote_now = columns or _COLUMNS
        return name

    def _other_table(self) -> str:
        return self._pick_table()[0]

    def _parent(self) -> str:
        return self._known(self._parents)

    def _partition(self) -> str:
        return self._known(self._partitions)

    def _column(self) -> str:
        return self._known(self._table_now, _COLUMNS)

    def _remote_column(self) -> str:
        return self._known(self._remote_now, _COLUMNS)

    def _columns(self) -> str:
        first = self._column()
        others = [self._column() for _ in range(int(self._random() * 2.5))]
        return ", ".join(dict.fromkeys([first, *others]))

    def _new(self, names: Sequence[str]) -> str:
        if self._random() < self._strange:
            return quote_ident(self._one_of(_STRANGE))
        name = self._one_of(names)
        return name if self._random() < 0.5 else f"{name}{int(self._random() * 9)}"

    def _new_name(self) -> str:
        return self._new(_NAMES)

    def _new_table(self) -> str:
        name = self._new(_NAMES)
        if self._random() < 0.1:
            name = f"{self._one_of(_SCHEMAS)}.{name}"
        self._table_now = _COLUMNS
        return name

    def _new_column(self) -> str:
        name = self._new(_COLUMNS)
        self._table_now = (*self._table_now[-3:], name)
        return name

    def _new_type(self) -> str:
        return f"{self._new(_NAMES)}_type" if self._random() < 0.9 else self._new(_NAMES)

    def _new_function(self) -> str:
        return f"do_{self._one_of(_NAMES)}"

    def _index(self) -> str:
        return self._known(self._indexes)

    def _constraint(self) -> str:
        return self._known(self._constraints)

    def _trigger(self) -> str:
        return self._known(self._triggers)

    def _policy(self) -> str:
        return self._known(self._policies)

    def _view(self) -> str:
        return self._known(self._views)

    def _sequence(self) -> str:
        return self._known(self._sequences)

    def _function(self) -> str:
        return self._known(self._functions)

    def _enum(self) -> str:
        return self._known(self._enums, _NAMES if not self._enums else self._enums)

    def _domain(self) -> str:
        return self._known(self._domains, ("integer",))

    def _composite(self) -> str:
        return self._known(self._composites, ("text",))

    def _schema(self) -> str:
        return self._one_of(_SCHEMAS)

    # --- values ---

    def _small(self) -> str:
        return str(1 + int(self._random() * 9))

    def _string(self) -> str:
        return self._one_of(_STRINGS)


def _full(ref: Iterable[str]) -> str:
    schema, name = ref
    return quote_ident(name) if schema == _ROOT else f"{quote_ident(schema)}.{quote_ident(name)}"
