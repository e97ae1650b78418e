"""What a file of an app is, by its name: a program, a file of queries, a model, or nothing that the running app uses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from migrasafe.app.literals import LANGUAGES


class FileKind(Enum):
    PROGRAM = "program"
    SQL = "SQL"
    SQLX = "queries that sqlx described"
    PRISMA = "Prisma schema"
    RAN = "what a server ran"
    SQLC = "settings of sqlc"
    TEST = "test"
    MIGRATION = "migration"
    OTHER = "other"


_TEST_FOLDERS = frozenset(
    {
        "test",
        "tests",
        "__tests__",
        "spec",
        "specs",
        "e2e",
        "cypress",
        "testdata",
        "test-utils",
        "testutils",
        "__mocks__",
    }
)
_TEST_FILES = re.compile(
    r"(?:test_[^/]*|[^/]*_tests?|conftest)\.pyi?$|[^/]*_test\.(?:go|rb)$|[^/]*_spec\.rb$"
    r"|[^/]*\.(?:test|spec|cy|clienttest|servertest)\.[cm]?[jt]sx?$|[^/]*(?:Test|Tests|IT|Spec)\.(?:java|kt|php)$"
)
_MIGRATION_FOLDERS = frozenset({"migrations", "migration", "migrate", "changelog", "changelogs"})
_SQL_MIGRATION = re.compile(r"(?:[VUR]\d[\w.]*__|R__)[^/]*\.sql$|[^/]*\.(?:up|down)\.sql$")
_SQLX = re.compile(r"(?:^|/)\.sqlx/query-[^/]*\.json$|(?:^|/)sqlx-data\.json$")
_SQLC = re.compile(r"(?:^|/)sqlc\.(?:ya?ml|json)$")


def kind_of(path: str, migrations: Sequence[str] = ()) -> FileKind:
    """What the file at `path` in the app is; `migrations` are the folders or files of its migrations, where known."""
    *folders, name = path.split("/")
    suffix = "." + name.rpartition(".")[2].lower() if "." in name else ""
    kind = FileKind.OTHER
    if suffix in LANGUAGES:
        kind = FileKind.PROGRAM
    elif suffix in (".sql", ".pgsql", ".psql"):
        kind = FileKind.SQL
    elif suffix == ".prisma":
        kind = FileKind.PRISMA
    elif _SQLX.search(path):
        kind = FileKind.SQLX
    elif _SQLC.search(path):
        return FileKind.SQLC
    if kind is FileKind.OTHER:
        return kind
    if any(path == known or path.startswith(f"{known}/") for known in migrations) or _is_migration(path, folders, kind):
        return FileKind.MIGRATION
    if not _TEST_FOLDERS.isdisjoint(folders) or (kind is FileKind.PROGRAM and _TEST_FILES.match(name)):
        return FileKind.TEST
    return kind


def kind_of_one_file(path: str) -> FileKind:
    """What a file is that was given by itself: of no folder, so that it is no test and no migration."""
    name = path.rpartition("/")[2]
    if name.endswith((".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".log", ".txt")) and not _SQLX.search(
        f".sqlx/{name}"
    ):
        return FileKind.RAN
    kind = kind_of(f"app/x.{name.rpartition('.')[2]}") if "." in name else FileKind.SQL
    return FileKind.SQLX if _SQLX.search(f".sqlx/{name}") else FileKind.SQL if kind is FileKind.OTHER else kind


def _is_migration(path: str, folders: Sequence[str], kind: FileKind) -> bool:
    if kind is FileKind.SQL:
        return not _MIGRATION_FOLDERS.isdisjoint(folders) or _SQL_MIGRATION.search(path) is not None
    if kind is not FileKind.PROGRAM:
        return False
    # A program that only lies in such a folder may well be the runner; these are what the tools themselves write there.
    return bool(folders) and (
        folders[-1] == "migrations"
        or ("versions" in folders and any("alembic" in name or "migration" in name for name in folders))
        or folders[-2:] == ["db", "migrate"]
    )
