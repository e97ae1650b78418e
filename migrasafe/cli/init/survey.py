"""What `migrasafe init` finds in a project: its migrations and their tool, its server's version, its app and branch."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.app.read_app import read_app
from migrasafe.cli.init.server_version import SaidVersion, said_versions
from migrasafe.errors import MigrasafeError
from migrasafe.migrations.detect import Found, find_migrations
from migrasafe.migrations.folder import list_folder
from migrasafe.migrations.other_databases import other_database
from migrasafe.migrations.read import read_history
from migrasafe.regex import regex

_OF_TESTS = regex(r"(?i)(?:^|[-_./])(?:tests?|testdata|fixtures?|stubs?|mocks?)(?=$|[-_./])")


class FoundFolder(Struct, frozen=True, kw_only=True):
    """A folder of migrations."""

    path: str
    tool: str
    """The layout; where several are possible, the first of them."""
    others: tuple[str, ...] = ()
    """The layouts that it could be as well."""
    why: str = ""
    migrations: int = 0
    problem: str | None = None
    """Why it could not be read."""
    database: str | None = None
    """Set where it is for another database."""
    for_tests: bool = False
    """Whether its path says that it is there to be tested with, beside others."""


class Survey(Struct, frozen=True, kw_only=True):
    folders: tuple[FoundFolder, ...]
    versions: tuple[SaidVersion, ...]
    unsupported: tuple[SaidVersion, ...]
    """Versions that the project names and migrasafe does not know."""
    branch: str | None
    """The branch that is deployed, as far as git tells: `origin/main`."""
    queries: int
    """How many queries of the app were found."""
    sources: tuple[tuple[str, int], ...]
    """In which folders of the app, the most first."""


def survey(root: Path) -> Survey:
    """Reads the project in the working folder `root`; what cannot be read is said in the result."""
    folder = list_folder(".")
    folders = []
    all_found = find_migrations(folder)
    with_tests = all(_OF_TESTS.search(found.folder.path) for found in all_found)
    for found in all_found:
        database = None if found.folder is folder else other_database(found.folder, folder)
        for_tests = not with_tests and _OF_TESTS.search(found.folder.path) is not None
        folders.append(_read(found, database, for_tests=for_tests))
    queries, sources = _app(folders)
    said = said_versions(root)
    return Survey(
        folders=tuple(folders),
        versions=tuple(one for one in said if one.supported),
        unsupported=tuple(one for one in said if not one.supported),
        branch=_branch(),
        queries=queries,
        sources=sources,
    )


def _read(found: Found, database: str | None, *, for_tests: bool) -> FoundFolder:
    first, *others = found.candidates
    folder = FoundFolder(
        path=found.folder.path,
        tool=first.layout,
        others=tuple(one.layout for one in others),
        why=first.claim.why,
        database=database,
        for_tests=for_tests,
    )
    if database is not None or for_tests:
        return folder
    try:
        histories = read_history((folder.path,), layout=first.layout if folder.others else None)
    except MigrasafeError as error:
        return replace(folder, problem=str(error))
    return replace(folder, migrations=sum(len(history.migrations) for history in histories))


def _app(folders: list[FoundFolder]) -> tuple[int, tuple[tuple[str, int], ...]]:
    migrations = [one for folder in folders for one in Path(folder.path).rglob("*") if one.is_file()]
    try:
        app = read_app(".", migrations=migrations)
    except MigrasafeError:
        return 0, ()
    places: Counter[str] = Counter()
    for query in app.queries:
        parts = Path(str(query.location.path)).parts
        places["/".join(parts[: min(2, len(parts) - 1)]) or "."] += 1
    return len(app.queries), tuple(places.most_common(4))


def _branch() -> str | None:
    for command in (
        ["symbolic-ref", "--short", "refs/remotes/origin/HEAD"],
        ["rev-parse", "--abbrev-ref", "origin/HEAD"],
    ):
        if (said := _git(command)) and said != "origin/HEAD":
            return said
    for name in ("origin/main", "origin/master", "main", "master"):
        if _git(["rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"]):
            return name
    return None


def _git(arguments: list[str]) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
