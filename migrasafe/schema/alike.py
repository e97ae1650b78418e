"""The indexes of a table that has many, by what they are over: so that not all of them are looked at for each new one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from migrasafe.schema.added import added
from migrasafe.schema.model import Index, Ref, Schema, Table, View
from migrasafe.schema.persistent_map import PersistentMap
from migrasafe.sql.expressions import said

Listed: TypeAlias = "PersistentMap[int, tuple[Ref, ...]]"
MANY = 16
"""Up to so many indexes of a table are looked at one by one."""


def unlisted(old: Table | None, new: Table) -> Sequence[Ref]:
    """The indexes of a changed table that are not listed yet, and should be."""
    if len(new.indexes) <= MANY or (old is not None and old.indexes is new.indexes):
        return ()
    return new.indexes if old is None or len(old.indexes) <= MANY else added(old.indexes, new.indexes)


def with_index(listed: Listed, index: Index | None) -> Listed:
    """`Schema.alike` with an index of a table that has many."""
    if index is None:
        return listed
    for mark in _marks(index):
        known = listed.get(mark, ())
        if index.ref not in known:
            listed = listed.insert(mark, (*known, index.ref))
    return listed


def with_changed_index(listed: Listed, old: Index, new: Index) -> Listed:
    """Likewise with an index as it is now, if it was listed."""
    rest = without_index(listed, old)
    return listed if rest is listed else with_index(rest, new)


def without_index(listed: Listed, index: Index) -> Listed:
    """Likewise without one that is gone."""
    for mark in _marks(index) if listed else ():
        known = listed.get(mark, ())
        if index.ref in known:
            rest = tuple([ref for ref in known if ref != index.ref])
            listed = listed.insert(mark, rest) if rest else listed.remove(mark)
    return listed


def over_the_same(schema: Schema, table: Table | View, like: Index) -> Iterator[Index]:
    """The indexes of a table that may be over the columns, expressions and rows of one of them, itself among them."""
    return _marked(schema, table, (_whole(like),))


def beginning_with(schema: Schema, table: Table | View, columns: tuple[str, ...]) -> Iterator[Index]:
    """The indexes of a table that may have one of these columns first."""
    return _marked(schema, table, tuple(hash((table.ref, column)) for column in columns))


def _marked(schema: Schema, table: Table | View, marks: tuple[int, ...]) -> Iterator[Index]:
    if isinstance(table, View) or len(table.indexes) <= MANY:
        yield from schema.indexes_of(table)
        return
    seen: set[Ref] = set()
    for mark in marks:
        for ref in schema.alike.get(mark, ()):
            index = schema.index(ref)
            if index is not None and index.table == table.ref and ref not in seen:
                seen.add(ref)
                yield index


def _marks(index: Index) -> tuple[int, ...]:
    return _whole(index), hash((index.table, index.elements[0].column if index.elements else None))


def _whole(index: Index) -> int:
    elements = [(one.column, None if one.expression is None else said(one.expression)) for one in index.elements]
    condition = None if index.predicate is None else said(index.predicate)
    return hash((index.table, index.method, condition, *elements))
