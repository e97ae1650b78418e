"""The relations of a database as a session sees them at one moment, and what changed between two moments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from migrasafe.locks import LockMode
from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.queries import query
from migrasafe.schema.names import Ref

INDEX_KINDS = frozenset({"i", "I"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A row of pg_class, with what its transaction did to it so far."""

    oid: int
    schema: str
    name: str
    kind: str
    """As in pg_class.relkind."""
    table_oid: int
    """Its own, or for an index that of its table."""
    file_node: int
    """Changes when all rows are written to a new file."""
    tablespace: int
    size_bytes: int
    rows_read: int
    rows_changed: int

    @property
    def is_index(self) -> bool:
        return self.kind in INDEX_KINDS

    @property
    def holds_rows(self) -> bool:
        return self.kind in {"r", "p", "m"}

    def __str__(self) -> str:
        return str(Ref(self.schema, self.name))


Relations = Mapping[int, Relation]
"""By oid."""

Moments = tuple[Relations, Relations]
"""Earlier and later."""

HeldLocks = frozenset[tuple[int, LockMode]]
"""Oid of a relation, and a mode in which it is locked."""


def read_relations(session: Connection) -> Relations:
    """Read all relations outside the system schemas, as this session sees them, its own changes included."""
    rows = run(session, query("relations_and_their_tables"))
    return {row[0]: Relation(**dict(zip(_FIELDS, row, strict=True))) for row in rows}


def read_locks(watcher: Connection, backend: int) -> HeldLocks:
    """Read which relations the session with this process id has locked, or waits for, through another session."""
    rows = run(watcher, query("locks_held_by_session"), backend)
    return frozenset((oid, _LOCK_MODES[mode]) for oid, mode in rows if mode in _LOCK_MODES)


def strongest_by_table(locks: HeldLocks, before: Relations) -> dict[str, LockMode]:
    """Name the tables that existed before with their strongest lock; a lock on an index counts for its table."""
    strongest: dict[str, LockMode] = {}
    for oid, mode in sorted(locks, key=lambda lock: lock[1].strength):
        table = table_of(oid, before)
        if table is not None:
            strongest[str(table)] = mode
    return dict(sorted(strongest.items()))


def table_of(oid: int, before: Relations) -> Relation | None:
    """Return the table, view or sequence that a relation is, or that an index is of, if it existed before."""
    relation = before.get(oid)
    return before.get(relation.table_oid) if relation is not None else None


def rewritten(moments: Moments, before: Relations) -> set[str]:
    """Name the tables whose rows stand in a new file: an empty new file is TRUNCATE's, which writes nothing."""
    earlier, later = moments
    return {
        str(before[oid])
        for oid in _present_throughout(moments, before)
        if later[oid].file_node != earlier[oid].file_node
        and later[oid].tablespace == earlier[oid].tablespace
        and later[oid].size_bytes > 0
    }


def moved(moments: Moments, before: Relations) -> set[str]:
    """Name the tables whose file was copied to another tablespace."""
    earlier, later = moments
    return {
        str(before[oid])
        for oid in _present_throughout(moments, before)
        if later[oid].file_node and later[oid].tablespace != earlier[oid].tablespace
    }


def difference(moments: Moments, before: Relations, counter: Literal["rows_read", "rows_changed"]) -> dict[str, int]:
    """Count the rows that were read or changed between two moments of one transaction, where there were any."""
    earlier, later = moments
    counts = {}
    for oid in _present_throughout(moments, before):
        count = getattr(later[oid], counter) - getattr(earlier[oid], counter)
        if count > 0:
            counts[str(before[oid])] = count
    return dict(sorted(counts.items()))


def named(names: Iterable[str], moments: Moments, locked: HeldLocks, before: Relations) -> set[str]:
    """Find the tables that the server means by names without a schema: of several, those which are locked."""
    there = {**moments[0], **moments[1]}
    locked_tables = {there[oid].table_oid for oid, _ in locked if oid in there}
    found = set()
    for name in set(names):
        tables = {relation.oid for relation in there.values() if relation.name == name and not relation.is_index}
        found |= {str(before[oid]) for oid in (tables & locked_tables or tables) if oid in before}
    return found


def _present_throughout(moments: Moments, before: Relations) -> set[int]:
    """Return the tables that existed before the migration, and before and after its statement."""
    earlier, later = moments
    return {oid for oid in before.keys() & earlier.keys() & later.keys() if before[oid].holds_rows}


_FIELDS = (
    "oid",
    "schema",
    "name",
    "kind",
    "table_oid",
    "file_node",
    "tablespace",
    "size_bytes",
    "rows_read",
    "rows_changed",
)
"""Of Relation, in the order of the query's columns."""
_LOCK_MODES = {mode.name.title().replace("_", "") + "Lock": mode for mode in LockMode}
