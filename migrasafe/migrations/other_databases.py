"""Signs that a folder's migrations are for another database than PostgreSQL."""

from __future__ import annotations

from pathlib import PurePath

from migrasafe.errors import InputError
from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.tool_in_use import text_of
from migrasafe.regex import regex

_OTHERS = regex(
    r"(?i)(?:^|[-_./])(sqlite3?|libsql|turso|d1|mysql|mariadb|tidb|mssql|sqlserver|oracle|db2|(?<!\d[-_./])h2|hsqldb|derby|duckdb|clickhouse"
    r"|snowflake|redshift|bigquery|spanner|firebird|cassandra|scylla)(?=$|[-_./])"
)
_POSTGRES = regex(r"(?i)postgres|pgsql|(?:^|[-_./])pg(?:$|[-_./])")
_SQLITE_CRATE = regex(r"(?m)^\s*(?:sqlx|diesel)\b[^\n]*")


class OtherDatabaseError(InputError):
    """Migrations that a tool's own files say are not for PostgreSQL."""

    def __init__(self, path: str, database: str) -> None:
        super().__init__(f"{path}: these migrations are for {database}; migrasafe reads PostgreSQL's")
        self.path = path
        self.database = database


def other_database(folder: Folder, root: Folder) -> str | None:
    """The database that the path below `root` names, or the nearest Cargo.toml alone; None for PostgreSQL or no sign."""
    depth = len(PurePath(root.path).parts)
    below = "/".join(PurePath(folder.path).parts[depth:])
    named = _OTHERS.search(below)
    if named and not _POSTGRES.search(below):
        return named.group(1).lower()
    for place in folder.upwards():
        if "Cargo.toml" in place.files:
            uses = " ".join(_SQLITE_CRATE.findall(text_of(place, "Cargo.toml"))).lower()
            return "sqlite" if "sqlite" in uses and "postgres" not in uses else None
        if place is root:
            break
    return None
