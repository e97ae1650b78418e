"""What a server keeps beside its columns: comments, column privileges, statistics targets, storage, options."""

from __future__ import annotations

from collections.abc import Iterable

from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.queries import query
from migrasafe.schema.attached import Attached, ColumnGrant
from migrasafe.schema.model import ColumnRef, Ref


def attached_to_columns(connection: Connection) -> dict[ColumnRef, Attached]:
    """Of every column that has something beside it. Raises psycopg.Error where the catalog cannot be read."""
    found: dict[ColumnRef, Attached] = {}
    for schema, relation, column, comment, statistics, storage, options, compression, grants in run(
        connection, query("attached_to_columns")
    ):
        found[ColumnRef(Ref(schema, relation), column)] = Attached(
            comment=comment,
            statistics=statistics,
            storage=storage,
            options=tuple(_pair(option) for option in options or ()),
            compression={"p": "pglz", "l": "lz4"}.get(compression or ""),
            grants=tuple(_grants(grants or ())),
        )
    return found


def _pair(option: str) -> tuple[str, str]:
    key, _, value = option.partition("=")
    return key, value


def _grants(rows: Iterable[tuple[str, str, str]]) -> Iterable[ColumnGrant]:
    return (
        ColumnGrant(role=role, privilege=privilege, grantable=grantable == "true")
        for role, privilege, grantable in rows
    )
