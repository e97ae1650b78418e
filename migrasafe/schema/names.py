"""How the objects of a catalog are named and dated, and who may use them."""

from __future__ import annotations

from typing import NamedTuple


class Ref(NamedTuple):
    """The full name of an object in the catalog: its schema is always known."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


class Moment(NamedTuple):
    """When an object was made: which migration (place in the order), which transaction of it, which statement."""

    migration: int
    transaction: int
    statement: int


BEFORE_HISTORY = Moment(-1, -1, -1)

TEMPORARY_SCHEMA = "pg_temp"
"""The schema of every temporary relation, however PostgreSQL numbers it."""


class ColumnRef(NamedTuple):
    """A relation, or one column of it (`column` None: the relation as a whole, or a column we could not tell)."""

    relation: Ref
    column: str | None


class Granted(NamedTuple):
    """A privilege that somebody has on a relation, the owner's own left out."""

    role: str
    """`public` for everybody."""
    privilege: str
    """`select`, `insert`, `usage` …"""


class ColumnGranted(NamedTuple):
    """A privilege that somebody has on one column of a view."""

    column: str
    granted: Granted
