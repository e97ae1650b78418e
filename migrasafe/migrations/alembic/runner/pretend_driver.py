"""A database driver without a database: what SQLAlchemy needs of PEP 249, and rows as if every table were empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

apilevel = "2.0"
threadsafety = 1
paramstyle = "pyformat"
Binary = bytes


class Warning(Exception):  # noqa: N818  # PEP 249 names it so
    """As PEP 249 wants it."""


class Error(Exception):
    """As PEP 249 wants it."""


class InterfaceError(Error):
    """As PEP 249 wants it."""


class DatabaseError(Error):
    """As PEP 249 wants it."""


class DataError(DatabaseError):
    """As PEP 249 wants it."""


class OperationalError(DatabaseError):
    """As PEP 249 wants it."""


class IntegrityError(DatabaseError):
    """As PEP 249 wants it."""


class InternalError(DatabaseError):
    """As PEP 249 wants it."""


class ProgrammingError(DatabaseError):
    """As PEP 249 wants it."""


class NotSupportedError(DatabaseError):
    """As PEP 249 wants it."""


class Answer(NamedTuple):
    """What a statement returns: no columns when it returns nothing."""

    columns: tuple[str, ...] | None = None
    rows: tuple[tuple[Any, ...], ...] = ()
    is_read: bool = False
    """Whether looking at the rows is looking at the database."""


class Cursor:
    """Takes whole SQL; parameters are in it already."""

    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.description: list[tuple[Any, ...]] | None = None
        self.rowcount = -1
        self.lastrowid = None
        self._rows: list[tuple[Any, ...]] = []
        self._is_read = False

    def execute(self, sql: str, parameters: Any = None) -> Cursor:
        """Execute through the connection: the way of raw cursors that a revision asks for."""
        self.connection.run(self, sql, parameters)
        return self

    def executemany(self, sql: str, several: Sequence[Any]) -> None:
        """Likewise, once for each."""
        for parameters in several:
            self.connection.run(self, sql, parameters)

    def take(self, answer: Answer) -> None:
        """Hold the answer to what was executed."""
        columns = answer.columns
        self.description = None if columns is None else [(name, *[None] * 6) for name in columns]
        self._rows = list(answer.rows)
        self.rowcount = len(self._rows)
        self._is_read = answer.is_read

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row."""
        self._looked()
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        """Return the next rows."""
        self._looked()
        taken, self._rows = self._rows[: size or 1], self._rows[size or 1 :]
        return taken

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows that are left."""
        self._looked()
        taken, self._rows = self._rows, []
        return taken

    def __iter__(self) -> Cursor:
        return self

    def __next__(self) -> tuple[Any, ...]:
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close; there is nothing to close."""

    def setinputsizes(self, *_: object) -> None:
        """Ignore, as PEP 249 allows."""

    def setoutputsize(self, *_: object) -> None:
        """Ignore, as PEP 249 allows."""

    def _looked(self) -> None:
        if self._is_read:
            self.connection.looked()


class Connection:
    """A session with nobody. `run` and `looked` are given by who records."""

    def __init__(
        self,
        run: Callable[[Cursor, str, Any], None],
        looked: Callable[[], None],
        ended: Callable[[Connection], None],
    ) -> None:
        self.run = run
        self.looked = looked
        self._ended = ended
        self.autocommit = False

    def cursor(self, *_: object, **__: object) -> Cursor:
        """Return a new cursor."""
        return Cursor(self)

    def commit(self) -> None:
        """End the transaction."""
        self._ended(self)

    def rollback(self) -> None:
        """End the transaction."""
        self._ended(self)

    def close(self) -> None:
        """End the session."""
        self._ended(self)
