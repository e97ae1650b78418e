"""What a PostgreSQL server was seen to do when it ran a statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from migrasafe.locks import LockMode


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlState:
    """Why the server refused a statement: the five-character code, and its own words."""

    code: str
    message: str
    constraint: str = ""
    """The constraint that was in the way, without its schema, where it was one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One statement of a migration, as the server ran it.

    Tables (and views, sequences, …) are named `schema.name`, with the names they had before the migration, and only
    those are looked at which existed then. What happens to an index is told of its table.
    """

    statement: int
    """Its place in the migration, from 0."""
    in_transaction: bool
    """False: it ran by itself, so that each of its locks ended with it or earlier."""
    command: str = ""
    """The server's name for it, such as `ALTER TABLE` or `UPDATE 5`; empty when it failed or was sampled."""
    locks: Mapping[str, LockMode] = field(default_factory=dict)
    """The strongest lock that this statement took and the transaction did not hold before."""
    held: Mapping[str, LockMode] = field(default_factory=dict)
    """The strongest lock held when the statement was done, also those of earlier statements; empty outside one."""
    rewrites: tuple[str, ...] = ()
    """Tables written anew, row by row."""
    copies: tuple[str, ...] = ()
    """Tables whose file was copied to another tablespace as it is."""
    scans: tuple[str, ...] = ()
    """Tables whose rows were all read: to verify a constraint, build an index, rewrite, or by a query."""
    index_builds: tuple[str, ...] = ()
    """Tables of which an index was built."""
    rows_read: Mapping[str, int] = field(default_factory=dict)
    """Rows read by sequential scans, where there were any; not known outside a transaction."""
    rows_changed: Mapping[str, int] = field(default_factory=dict)
    """Rows inserted, updated and deleted, where there were any; not known outside a transaction."""
    proofs: tuple[str, ...] = ()
    """The server's words where it left out a scan because a constraint proves what it would look for."""
    error: SqlState | None = None
    seconds: float = 0.0
    """How long the server took, made-up rows and all."""
    wal_bytes: int = 0
    """Write-ahead log that was written meanwhile, by whomever."""

    @property
    def strongest_lock(self) -> LockMode | None:
        """The strongest lock that this statement took on anything that existed before; None when it took none."""
        return max(self.locks.values(), key=lambda mode: mode.strength, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """What other sessions could not do, because they tried, while a migration's transaction was open."""

    reads: frozenset[str]
    """Tables of which a SELECT had to wait."""
    writes: frozenset[str]
    """Tables where every INSERT, UPDATE and DELETE had to wait."""
    rows: frozenset[str]
    """Tables of which some rows could not be updated."""
