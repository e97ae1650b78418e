"""How the objects of a catalog are named and dated, and who may use them."""

from __future__ import annotations

import re
from typing import NamedTuple

_QUOTE = '"'
_QUOTED_FIRST = re.compile(r'"((?:[^"]|"")*)"\.')


class Ref(NamedTuple):
    """The full name of an object in the catalog: its schema is always known."""

    schema: str
    name: str

    def __str__(self) -> str:
        # The name is what comes after the first dot, so that a schema which has one itself is quoted.
        schema = self.schema
        if "." in schema or schema[:1] == _QUOTE:
            from migrasafe.sql.quote import quote_ident  # here, because hardly any schema is called so

            schema = quote_ident(schema)
        return f"{schema}.{self.name}"

    @classmethod
    def of(cls, text: str) -> Ref:
        """What `str` has made a text of."""
        found = _QUOTED_FIRST.match(text)
        if found is not None:
            return cls(found[1].replace(_QUOTE * 2, _QUOTE), text[found.end() :])
        schema, _, name = text.partition(".")
        return cls(schema, name)


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
