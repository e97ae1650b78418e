"""The server the migrations are meant for: its major version and what is true from which version on."""

from __future__ import annotations

from msgspec import Struct

OLDEST, NEWEST, DEFAULT = 12, 18, 15


class Target(Struct, frozen=True, kw_only=True):
    """The PostgreSQL that a migration will run on."""

    pg_version: int = DEFAULT
    """Major version, 12 to 18."""
    pg_version_assumed: bool = True
    """True when nobody said which version, so that messages can say so."""
    busy_rows: int = 0
    """Tables with fewer rows than this, where the number is known, are not treated as busy. 0: every table is."""

    def at_least(self, major: int) -> bool:
        """Whether the server is of this major version or newer."""
        return self.pg_version >= major
