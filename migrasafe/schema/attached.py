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
    compression: str | None = None
    """`pglz` or `lz4`, where the column says one."""
    grants: tuple[ColumnGrant, ...] = ()


class WrittenTrigger(Struct, frozen=True, kw_only=True):
    name: str
    sql: str
    """CREATE TRIGGER, as the server writes it."""
    enabled: str = "O"
    """pg_trigger.tgenabled: `O` as usual, `D` not, `R` on replicas, `A` always."""
    comment: str | None = None


class WrittenStatistics(Struct, frozen=True, kw_only=True):
    schema: str
    name: str
    sql: str
    """CREATE STATISTICS, as the server writes it."""
    target: int | None = None


class PublishedAs(Struct, frozen=True, kw_only=True):
    """A table in a publication that does not publish all of it."""

    publication: str
    columns: tuple[str, ...] = ()
    """None named: all of them."""
    filter: str | None = None


class Beside(Struct, frozen=True, kw_only=True):
    """Beside one table or view, what no migration's schema shows whole."""

    triggers: tuple[WrittenTrigger, ...] = ()
    statistics: tuple[WrittenStatistics, ...] = ()
    published: tuple[PublishedAs, ...] = ()
    index_comments: tuple[tuple[str, str], ...] = ()
    constraint_comments: tuple[tuple[str, str], ...] = ()
    identity_index: str | None = None
    """The index that REPLICA IDENTITY USING INDEX names."""
    identity_options: tuple[tuple[str, str], ...] = ()
    """Of identity columns: `START WITH …` and the like, where they are not as usual."""
    comment: str | None = None
    """Of the table or view itself."""
    owner: str | None = None
    """Of a view."""
