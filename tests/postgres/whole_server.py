"""What belongs to a whole server, which other tests are using at this moment, in other databases: roles and tablespaces."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from psycopg import errors

from migrasafe.postgres.connect import Connection, run
from migrasafe.sql.quote import quote_ident
from tests.postgres.servers import Database

FAST = "ms_fast"
"""A tablespace that several tests use, and none of them drops."""


@contextmanager
def role_of_its_own(database: Database, *options: str) -> Iterator[str]:
    """A role that no other test has; it goes with what it owns and may do in this database."""
    name = f"role_{uuid.uuid4().hex[:12]}"
    database.execute(f"CREATE ROLE {name} {' '.join(options)}")
    try:
        yield name
    finally:
        database.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def make_role(session: Connection, name: str) -> None:
    """See that there is a role, whoever else makes it in the same instant."""
    with suppress(errors.DuplicateObject, errors.UniqueViolation):
        run(session, f"CREATE ROLE {quote_ident(name)}")


def make_fast_tablespace(database: Database) -> None:
    """See that the tablespace is there, whoever else makes it in the same instant."""
    with database.connect() as session, suppress(errors.DuplicateObject, errors.UniqueViolation):
        run(session, "SET allow_in_place_tablespaces = on")
        run(session, f"CREATE TABLESPACE {FAST} LOCATION ''")
