"""Locks, work and failures: the words in which effects are told."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import TypeAlias

from msgspec import Struct

from migrasafe.locks import LockMode
from migrasafe.schema.model import Ref


class WorkKind(Enum):
    """Work whose time grows with the table."""

    REWRITE = "table rewrite"
    INDEX_BUILD = "index build"
    SCAN = "scan"
    BULK_WRITE = "bulk write"
    BULK_READ = "bulk read"
    FILE_COPY = "file copy"


class Cause(Enum):
    """Why PostgreSQL does the work: what the rules tell apart."""

    # rewrites
    VOLATILE_DEFAULT = "volatile default"
    SERIAL_COLUMN = "serial column"
    IDENTITY_COLUMN = "identity column"
    GENERATED_COLUMN = "stored generated column"
    CONSTRAINED_DOMAIN = "column of a constrained domain"
    COLUMN_TYPE = "column type change"
    GENERATION_EXPRESSION = "new generation expression"
    PERSISTENCE = "SET LOGGED or UNLOGGED"
    ACCESS_METHOD = "SET ACCESS METHOD"
    TABLESPACE = "SET TABLESPACE"
    CLUSTER = "CLUSTER"
    VACUUM_FULL = "VACUUM FULL"
    REFRESH = "REFRESH MATERIALIZED VIEW"
    # index builds
    CREATE_INDEX = "CREATE INDEX"
    REINDEX = "REINDEX"
    UNIQUE = "UNIQUE constraint"
    PRIMARY_KEY = "PRIMARY KEY constraint"
    EXCLUDE = "EXCLUDE constraint"
    COLLATION = "collation change"
    PARTITION_INDEX = "index that the partition lacks"
    # scans
    SET_NOT_NULL = "SET NOT NULL"
    PRIMARY_KEY_NULLS = "NOT NULL of a new primary key"
    CHECK = "CHECK constraint"
    INLINE_CHECK = "CHECK on a new column"
    FOREIGN_KEY = "FOREIGN KEY constraint"
    INLINE_FOREIGN_KEY = "FOREIGN KEY on a new column with a default"
    NEW_COLUMN_NOT_NULL = "NOT NULL on a new virtual column"
    VALIDATE = "VALIDATE CONSTRAINT"
    ENFORCE = "ALTER CONSTRAINT ENFORCED"
    ATTACH_PARTITION = "partition bound"
    PARTITION_FOREIGN_KEY = "foreign key that the partition lacks"
    DEFAULT_PARTITION = "rows of the DEFAULT partition"
    DOMAIN_CONSTRAINT = "domain constraint"
    RECHECKED_CONSTRAINT = "constraint checked again after a type change"
    # rows
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    MERGE = "MERGE"
    INSERT = "INSERT"
    COPY = "COPY"
    QUERY = "query"
    ROW_LOCKS = "SELECT … FOR UPDATE"
    TRUNCATE = "TRUNCATE"


class Lock(Struct, frozen=True, kw_only=True):
    """A lock on a relation; locks on an index are given for its table."""

    relation: Ref
    mode: LockMode
    action: int | None = None
    """Index of the ALTER TABLE action that needs it."""


class Work(Struct, frozen=True, kw_only=True):
    kind: WorkKind
    relation: Ref
    cause: Cause
    action: int | None = None
    column: str | None = None
    detail: str = ""
    """For messages: `random()`, `varchar(50) → integer`, the index's name."""
    concurrent: bool = False
    """Done without a lock that blocks reads or writes, in several transactions: CONCURRENTLY."""
    assumed: tuple[str, ...] = ()
    """What this stands on that we could not see."""


class Trouble(Enum):
    """Why a statement fails."""

    NOT_IN_TRANSACTION = "25001"
    TRANSACTION_END_IN_BODY = "2D000"
    NO_TRANSACTION = "25P01"
    ENUM_VALUE_NOT_COMMITTED = "55P04"
    DEPENDENT_OBJECTS = "2BP01"
    FEATURE_NOT_SUPPORTED = "0A000"
    WRONG_OBJECT = "42809"
    NO_SUCH_TABLE = "42P01"
    NO_SUCH_COLUMN = "42703"
    NO_SUCH_OBJECT = "42704"
    DUPLICATE_TABLE = "42P07"
    DUPLICATE_COLUMN = "42701"
    DUPLICATE_OBJECT = "42710"
    INVALID_TABLE_DEFINITION = "42P16"
    INVALID_OBJECT = "42P17"
    INVALID_TEXT = "22P02"
    TEXT_TOO_LONG = "22001"
    NULLS_IN_COLUMN = "23502"
    DATATYPE_MISMATCH = "42804"
    INVALID_FOREIGN_KEY = "42830"
    INVALID_FUNCTION = "42P13"
    DUPLICATE_FUNCTION = "42723"
    SYNTAX = "42601"
    NOT_IN_PREREQUISITE_STATE = "55000"
    TABLE_IN_USE = "55006"
    CHECK_VIOLATION = "23514"
    UNIQUE_VIOLATION = "23505"


class Failure(Struct, frozen=True, kw_only=True):
    trouble: Trouble
    reason: str
    """One sentence, as PostgreSQL would say it, with the names."""
    action: int | None = None
    objects: tuple[str, ...] = ()
    certain: bool = True
    """False: only on some data or some servers; `assumed` says when."""
    assumed: tuple[str, ...] = ()


Refusal: TypeAlias = tuple[Trouble, str]
"""A failure to be: the trouble and the reason, before it is said which action and which objects it is about."""


def unsupported(reason: str, objects: str) -> Failure:
    """What PostgreSQL has not implemented."""
    return Failure(trouble=Trouble.FEATURE_NOT_SUPPORTED, reason=reason, objects=(objects,))


class Effects(Struct, frozen=True, kw_only=True):
    locks: tuple[Lock, ...] = ()
    work: tuple[Work, ...] = ()
    failures: tuple[Failure, ...] = ()

    def lock_on(self, relation: Ref) -> LockMode | None:
        """The strongest lock on `relation`, None where it takes none."""
        strongest: LockMode | None = None
        for lock in self.locks:
            if lock.mode is strongest or lock.relation != relation:
                continue
            if strongest is None or lock.mode.strength > strongest.strength:
                strongest = lock.mode
        return strongest

    def strongest_locks(self) -> dict[Ref, LockMode]:
        """The strongest lock on each relation."""
        strongest: dict[Ref, LockMode] = {}
        for lock in self.locks:
            before = strongest.get(lock.relation)
            if before is None or lock.mode.strength > before.strength:
                strongest[lock.relation] = lock.mode
        return strongest

    def caused_by(self, *causes: Cause) -> Iterator[Work]:
        return (work for work in self.work if work.cause in causes)

    def and_(self, other: Effects) -> Effects:
        if not other.locks and not other.work and not other.failures:
            return self
        if not self.locks and not self.work and not self.failures:
            return other
        return Effects(
            locks=self.locks + other.locks, work=self.work + other.work, failures=self.failures + other.failures
        )


NOTHING = Effects()


def strong(ref: Ref, mode: LockMode = LockMode.ACCESS_EXCLUSIVE) -> Effects:
    """A lock on one relation, and nothing else."""
    return Effects(locks=(Lock(relation=ref, mode=mode),))
