"""A schema as bytes, and back: what a relation, a type or a function is, is only read where it is looked up.

Only values of ours come out of bytes, whoever wrote them: nothing else is looked up by name, and nothing is run.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from typing import Any

from migrasafe.schema.model import Schema
from migrasafe.schema.persistent_map import PersistentMap
from migrasafe.sql.statements import Expression, Query

_PROTOCOL = 5
_LOOKED_UP = ("relations", "types", "functions")
"""The maps of a schema with large values, of which a migration looks up few."""
_TREES = (Expression, Query)
"""What is equal only to itself: where two objects of a schema have the same one, they have it afterwards."""


_OURS = ("migrasafe.schema.", "migrasafe.sql.")
"""Where the classes of these values are."""


class NotASchemaError(ValueError):
    """Bytes that are no schema, or that of another version."""


def schema_to_bytes(schema: Schema) -> bytes:
    """Raises RecursionError for expressions that are nested too deeply."""
    trees = _WrittenTrees()
    fields = {name: getattr(schema, name) for name in Schema.__struct_fields__}
    for name in _LOOKED_UP:
        fields[name] = {key: _dumped(value, trees) for key, value in fields[name].items()}
    return pickle.dumps((_dumped(fields, trees), trees.written), _PROTOCOL)


def schema_from_bytes(stored: bytes) -> Schema:
    """Raises NotASchemaError."""
    try:
        written, trees = pickle_of_ours(stored)
        fields = pickle_of_ours(written, known := _ReadTrees(trees))
        for name in _LOOKED_UP:
            fields[name] = PersistentMap.unread(fields[name], lambda one: pickle_of_ours(one, known))
        if set(fields) != set(Schema.__struct_fields__):
            raise NotASchemaError("has other fields than a schema")
        return Schema(**fields)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise NotASchemaError(f"is no schema: {error}") from error


def _dumped(value: Any, trees: _WrittenTrees) -> bytes:
    written = io.BytesIO()
    _Writer(written, trees).dump(value)
    return written.getvalue()


class _WrittenTrees:
    """The trees of a schema, each written once."""

    def __init__(self) -> None:
        self.written: list[tuple[bool, bytes]] = []
        """Whether it is a query, and its nodes."""
        self._places: dict[Expression | Query, int] = {}  # by identity, as they are compared

    def place(self, tree: Expression | Query) -> int:
        place = self._places.get(tree)
        if place is None:
            place = self._places[tree] = len(self.written)
            self.written.append((type(tree) is Query, pickle.dumps(tree.node, _PROTOCOL)))
        return place


class _ReadTrees:
    """Likewise, each read once."""

    def __init__(self, written: Sequence[tuple[bool, bytes]]) -> None:
        self._written = written
        self._read: dict[int, Expression | Query] = {}

    def at(self, place: int) -> Expression | Query:
        tree = self._read.get(place)
        if tree is None:
            is_query, node = self._written[place]
            tree = self._read[place] = (Query if is_query else Expression)(node=pickle_of_ours(node))
        return tree


class _Writer(pickle.Pickler):
    def __init__(self, file: io.BytesIO, trees: _WrittenTrees) -> None:
        super().__init__(file, _PROTOCOL)
        self._trees = trees

    def persistent_id(self, value: Any) -> int | None:
        return self._trees.place(value) if type(value) in _TREES else None


class _Reader(pickle.Unpickler):
    """Makes our own values, and nothing else."""

    def __init__(self, stored: bytes, trees: _ReadTrees | None) -> None:
        super().__init__(io.BytesIO(stored))
        self._trees = trees

    def persistent_load(self, place: Any) -> Expression | Query:
        if self._trees is None:
            raise NotASchemaError("has a tree among the trees")
        return self._trees.at(place)

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith(_OURS) and isinstance(found := super().find_class(module, name), type):
            return found
        if (module, name) == ("msgspec._utils", "rebuild"):
            return super().find_class(module, name)
        raise NotASchemaError(f"holds {module}.{name}, which is no part of a schema")


def pickle_of_ours(stored: bytes, trees: _ReadTrees | None = None) -> Any:
    """The value that was written. Raises NotASchemaError."""
    try:
        return _Reader(stored, trees).load()
    except NotASchemaError:
        raise
    except Exception as error:  # whatever reading a pickle raises that somebody else wrote
        raise NotASchemaError(f"cannot be read: {error}") from error
