"""What a server keeps beside a column, and no migration's schema shows: it has to go along when a column is replaced."""

from __future__ import annotations

from msgspec import Struct


class ColumnGrant(Struct, frozen=True, kw_only=True):
    role: str
    """`public` for everybody."""
    privilege: str
    grantable: bool = False


class Attached(Struct, frozen=True, kw_only=True):
    """Beside one column; None and empty where it is as PostgreSQL makes it."""

    comment: str | None = None
    statistics: int | None = None
    """The target of ALTER COLUMN … SET STATISTICS."""
    storage: str | None = None
    """`plain`, `external`, `extended` or `main`, where it is not the type's own."""
    options: tuple[tuple[str, str], ...] = ()
    """`n_distinct` and the like."""
    grants: tuple[ColumnGrant, ...] = ()
