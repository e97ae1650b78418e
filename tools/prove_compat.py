"""Compares what `compat` says about queries with what a server says, commit by commit of a real history.

For each commit of the main line that adds migrations, the old app is its parent and the new app is the commit. Every
query of both is prepared and run on a throw-away server before and after each of the migrations:

    python tools/prove_compat.py /path/to/repo src/db/migrations --app src --commits 50

`--app` is the part of the repository that holds the app, `--layout` its migration tool where the folder does not tell.
Prints each disagreement, and how often the two agree.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg
from msgspec import Struct

from migrasafe.app.compat import CompatOptions, schemas_of
from migrasafe.app.judge.changed import changed_names, ever
from migrasafe.app.judge.version_queries import OnSchema, VersionQueries
from migrasafe.app.model import App
from migrasafe.app.read_app import read_app
from migrasafe.app.resolve import Resolver
from migrasafe.errors import MigrasafeError
from migrasafe.migrations.alembic.project import project_at
from migrasafe.migrations.alembic.read import render_online
from migrasafe.migrations.model import Migration, TransactionMode
from migrasafe.migrations.read import read_history
from migrasafe.postgres.connect import Connection, connect, run
from migrasafe.postgres.server.find import find_server
from migrasafe.postgres.watch.try_queries import Outcome, Tried, rows_in_tables, try_query
from migrasafe.schema.model import Schema
from tools.expand_stars import expand_stars


class Commit(Struct, frozen=True, kw_only=True):
    sha: str
    subject: str
    added: tuple[str, ...]
    """Paths of the migrations that it adds."""


def git(repo: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(repo), *arguments], check=True, capture_output=True).stdout


def commits(repo: Path, folder: str, most: int, *, oldest: bool) -> Iterator[Commit]:
    """The newest (or oldest) commits of the main line that add files to the folder, in their order."""
    log = git(
        repo, "log", "--first-parent", "-m", "--diff-filter=A", "--name-only", "--format=%x01%H %s", "--", folder
    ).decode(errors="replace")
    found = []
    for block in log.split("\x01")[1:]:
        head, *paths = block.strip().split("\n")
        sha, _, subject = head.partition(" ")
        added = tuple(path for path in paths if path)
        if added:
            found.append(Commit(sha=sha, subject=subject, added=added))
    yield from reversed(found[-most:] if oldest else found[:most])


def export(repo: Path, sha: str, folder: str, into: Path) -> Path:
    """The folder as it is in a commit."""
    archive = git(repo, "archive", sha, folder)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(into, filter="data")
    return into / folder


def apply(connection: Connection, migration: Migration) -> str | None:
    """Runs a migration in the transactions of its tool; the first error."""
    for part in migration.parts:
        text, statements = part.script.source.text, part.script.statements
        alone = part.transaction is TransactionMode.IMPLICIT and len(statements) == 1
        together = part.transaction is not TransactionMode.NONE and not alone
        try:
            if together:
                connection.execute("BEGIN")
            for statement in statements:
                run(connection, text[statement.span.start : statement.span.end])
            if together:
                connection.execute("COMMIT")
        except psycopg.Error as error:
            connection.execute("ROLLBACK")
            return (error.diag.message_primary or str(error)).strip()
    return None


def apply_what_works(connection: Connection, migration: Migration) -> None:
    """Runs each statement by itself, and goes on after those that fail."""
    for part in migration.parts:
        for statement in part.script.statements:
            with contextlib.suppress(psycopg.Error):
                run(connection, part.script.source.text[statement.span.start : statement.span.end])
    connection.execute("ROLLBACK")


def said(state: OnSchema) -> str:
    if any(problem.certain for problem in state.problems):
        return "breaks"
    undecided = state.resolution.opaque or any(problem.sqlstate[:2] in ("42", "") for problem in state.problems)
    return "unknown" if undecided else "works"


class Tally:
    """Counts, and prints what does not agree."""

    def __init__(self, show: int, *, lenient: bool = False) -> None:
        self.lenient = lenient
        self.counts: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.shown: set[str] = set()
        self.left = show

    def add(self, ours: str, tried: Tried, sql: str, where: str, why: str) -> None:
        if tried.outcome is Outcome.NOT_TRIED:
            self.counts["not tried"] += 1
            return
        server = "breaks" if tried.outcome is Outcome.REFUSED else "works"
        verdict = "unknown" if ours == "unknown" else "agrees" if ours == server else f"says {ours}, server {server}"
        self.counts[verdict] += 1
        if verdict == "unknown":
            self.reasons[why] += 1
        if verdict == "agrees" or (verdict == "unknown" and server == "works"):
            return
        key = f"{verdict} {sql} {tried.message}"
        if key not in self.shown and self.left > 0:
            self.shown.add(key)
            self.left -= 1
            print(f"--- {verdict} [{where}]\n    ours: {why}\n    server: {tried.sqlstate} {tried.message}")
            print("    " + " ".join(sql.split())[:300])


def prove(
    connection: Connection, migrations: Sequence[Migration], first: int, apps: Sequence[App], tally: Tally
) -> None:
    """All queries of both versions, before the first released migration and after each."""
    schemas = schemas_of(migrations, CompatOptions())
    known = ever(schemas)
    old, new = apps
    resolver = Resolver(schemas[first], known)
    versions = [VersionQueries(old, resolver), VersionQueries(new, resolver, Resolver(schemas[-1], known))]
    if tally.lenient:
        for migration in migrations[:first]:
            if apply(connection, migration) is not None:
                apply_what_works(connection, migration)
        errors: list[str] = []
    else:
        errors = [error for migration in migrations[:first] if (error := apply(connection, migration)) is not None]
    if errors:
        tally.counts["commits whose history fails"] += 1
        print(f"    its history fails on the server: {errors[0]}")
        return
    for place in range(first, len(migrations) + 1):
        if place > first:
            migration = migrations[place - 1]
            error = apply(connection, migration)
            if error is not None:
                print(f"    {migration.id} fails on the server: {error}")
                tally.counts["migrations that fail"] += 1
                return
            changed = changed_names(schemas[place - 1], schemas[place])
            resolver = Resolver(schemas[place], known)
            for version in versions:
                version.move(resolver, changed)
        tally.counts["states"] += 1
        with rows_in_tables(connection):
            for version in versions:
                where = f"{version.app.label} {migrations[place - 1].id if place else 'start'}"
                _compare(connection, version, schemas[first if version is versions[0] else -1], tally, where)


def _compare(connection: Connection, version: VersionQueries, built_with: Schema, tally: Tally, where: str) -> None:
    seen: set[str] = set()
    for one, state in zip(version.queries, version.states, strict=True):
        if one.query.partial or one.query.sql in seen:
            continue
        seen.add(one.query.sql)
        if one.named.isdisjoint(version.names):
            tally.counts["about tables that no migration makes"] += 1
            continue
        sql = expand_stars(one, built_with) if one.query.star_is_expanded else one.query.sql
        if sql is None:
            tally.counts["not tried"] += 1
            continue
        tried = try_query(connection, sql, one.query.search_path)
        why = "; ".join([*(problem.message for problem in state.problems[:2]), state.resolution.opaque])
        ours = said(state)
        if ours == "works" and any(problem.sqlstate == tried.sqlstate for problem in state.problems):
            tried = tried._replace(outcome=Outcome.DEPENDS)  # we say that it can fail so, with other values
        tally.add(ours, tried, one.query.sql, where, why)


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare the verdicts of compat with a server, commit by commit.")
    parser.add_argument("repo", type=Path)
    parser.add_argument("migrations", help="folder of the migrations in the repository")
    parser.add_argument("--app", default="", help="folder of the app in the repository")
    parser.add_argument("--layout")
    parser.add_argument("--commits", type=int, default=50)
    parser.add_argument("--oldest", action="store_true", help="the first commits of the history, not the last")
    parser.add_argument("--show", type=int, default=40)
    parser.add_argument(
        "--before", type=Path, metavar="FILE", help="SQL for what the database has before the first migration"
    )
    parser.add_argument("--lenient", action="store_true", help="go on where the history fails on the server")
    parser.add_argument("--pg-version", type=int, default=15)
    options = parser.parse_args()
    tally = Tally(options.show, lenient=options.lenient)
    with contextlib.suppress(KeyboardInterrupt):  # what was counted until then is printed
        _all_commits(options, tally)
    for verdict, count in tally.counts.most_common():
        print(f"{count:7}  {verdict}")
    for reason, count in tally.reasons.most_common(10):
        print(f"{count:7}  unknown because {reason}")
    return 0


def _all_commits(options: argparse.Namespace, tally: Tally) -> None:
    with find_server(options.pg_version).start() as server:
        if options.before is not None:  # Alembic's revisions are rendered in a copy of it
            with connect(server.dsn, database="template1") as template:
                template.execute(options.before.read_bytes())
        for number, commit in enumerate(
            commits(options.repo, options.migrations, options.commits, oldest=options.oldest)
        ):
            print(f"{commit.sha[:9]} {commit.subject[:70]} ({len(commit.added)} migrations)", flush=True)
            with connect(server.dsn) as admin:
                admin.execute(f"CREATE DATABASE proof{number} TEMPLATE template0")
            try:
                _commit(options, commit, server.dsn, f"proof{number}", tally)
            except (MigrasafeError, subprocess.CalledProcessError) as error:
                print(f"    skipped: {error}")
                tally.counts["commits skipped"] += 1
            else:
                tally.counts["commits"] += 1
                print("    so far:", ", ".join(f"{count} {verdict}" for verdict, count in tally.counts.most_common(4)))
            with connect(server.dsn) as admin:
                admin.execute(f"DROP DATABASE proof{number} WITH (FORCE)")


def _commit(options: argparse.Namespace, commit: Commit, dsn: str, database: str, tally: Tally) -> None:
    part = f":{options.app}" if options.app else ""
    apps = [read_app(f"{sha}{part}", folder=options.repo) for sha in (f"{commit.sha}^", commit.sha)]
    with tempfile.TemporaryDirectory() as folder:
        exported = export(options.repo, commit.sha, options.migrations, Path(folder))
        history = read_history((str(exported),), layout=options.layout)[0]
        if history.layout == "alembic":
            history = render_online(project_at(Path(history.root)), root=history.root, dsn=dsn)
        added = {str(Path(folder) / path) for path in commit.added}
        migrations = history.migrations
        released = [place for place, one in enumerate(migrations) if one.path in added]
        if not released:
            raise MigrasafeError("none of the added files is a migration")
        with connect(dsn, database=database) as connection:
            if options.before is not None:
                connection.execute(options.before.read_bytes())
            prove(connection, migrations, released[0], apps, tally)


if __name__ == "__main__":
    sys.exit(main())
