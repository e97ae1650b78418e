"""How many tables have something: kept with the schema, so that nothing has to look at all of them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeAlias, TypeVar

from migrasafe.schema.model import Granted, Table
from migrasafe.schema.persistent_map import NOTHING, PersistentMap

K = TypeVar("K", bound=Hashable)
TableGrants: TypeAlias = "PersistentMap[str, PersistentMap[frozenset[Granted], int]]"


def counted(counts: PersistentMap[K, int], key: K, step: int) -> PersistentMap[K, int]:
    """The counts with one more or one less of a key; none of it is not in them."""
    count = counts.get(key, 0) + step
    if count > 0:
        return counts.insert(key, count)
    return counts.remove(key) if key in counts else counts


def grants_counted(counts: TableGrants, old: Table | None, new: Table | None) -> TableGrants:
    """The grants of the tables of each schema once a table is changed, made or gone; a partition counts with its parent."""
    if old is not None and new is not None and old.grants is new.grants and old.partition_of == new.partition_of:
        return counts
    for table, step in ((old, -1), (new, 1)):
        if table is not None and table.partition_of is None:
            schema = table.ref.schema
            counts = counts.insert(schema, counted(counts.get(schema, NOTHING), table.grants, step))
    return counts
