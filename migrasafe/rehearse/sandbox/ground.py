"""Lays the ground of a rehearsal: the schema as it was before, from migrations, a dump or a live server."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from migrasafe.dsn import without_secrets
from migrasafe.errors import ServerError
from migrasafe.migrations.model import Migration, TransactionMode
from migrasafe.postgres.attempt import attempt, missing_role, missing_schema
from migrasafe.postgres.connect import Connection, connect, describe_dsn, major_version, run
from migrasafe.postgres.for_programs import for_programs
from migrasafe.postgres.server.binaries import find_binaries
from migrasafe.postgres.watch.observed import SqlState
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.script import Script
from migrasafe.sql.statements import ClusterWide, Copy, Statement, Unrecognized

_UNDEFINED_OBJECT = "42704"

NeedsRole = Callable[[str], None]


def lay_script(dsn: str, script: Script, needs_role: NeedsRole) -> tuple[str, ...]:
    """Run a dump, or another script, statement by statement; say which ones the server refused, and why."""
    with connect(dsn) as session:
        return tuple(_run_all(session, script, needs_role))


def lay_migrations(dsn: str, migrations: Iterable[Migration], needs_role: NeedsRole) -> tuple[str, ...]:
    """Run migrations as their tool would; say which of their statements the server refused, and why.

    A part that runs in one transaction is tried as one; what a refused statement took with it is run without it.
    """
    notes: list[str] = []
    for migration in migrations:
        with connect(dsn) as session:
            for part in migration.parts:
                script = part.script
                alone = part.transaction is TransactionMode.NONE or any(map(beyond_reach, script.sent))
                text = ";\n".join(map(script.text_of, script.sent))
                if alone or _refused(session, text) is not None:
                    notes.extend(f"{note} ({migration.id})" for note in _run_all(session, script, needs_role))
    return tuple(notes)


def dump_of(live: str) -> str:
    """What `pg_dump --schema-only` says of a database. Raises ServerError where none is here that can read it."""
    with connect(live) as session:
        major = major_version(session)
    said = ""
    for program in _dump_programs(major):
        with for_programs(live) as (shown, environment):
            done = subprocess.run(
                [program, "--schema-only", "--no-owner", "--dbname", shown],
                env=environment,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        if done.returncode == 0:
            return done.stdout
        said = said or next((line for line in done.stderr.splitlines() if "permission denied" in line), "")
    if said:
        refused = without_secrets(said, live).removeprefix("pg_dump: ").removeprefix("error: ")
        raise ServerError(f"pg_dump: {refused}; docs/security.md lists what the role of each command needs")
    raise ServerError(
        f"no pg_dump that reads {describe_dsn(live)} (PostgreSQL {major}) was found: give --schema a dump that you made"
        " with `pg_dump --schema-only`"
    )


def _dump_programs(major: int) -> Iterator[str]:
    for binaries in find_binaries():
        program = Path(binaries.folder, "pg_dump")
        if binaries.major >= major and program.is_file():
            yield str(program)
    found = shutil.which("pg_dump")
    if found is not None:
        yield found


def _refused(session: Connection, text: str) -> SqlState | None:
    refused = attempt(session, text)
    if refused is not None:
        attempt(session, "ROLLBACK")
    return refused


def beyond_reach(statement: Statement) -> str:
    """Why a sandbox, which is one database on a server that may have others, does not run a statement; empty: it does."""
    if isinstance(statement, ClusterWide):
        return "it is about the whole server, and the sandbox is one database"
    if isinstance(statement, Unrecognized) and statement.kind == "meta-command":
        return statement.reason
    if isinstance(statement, Copy) and statement.of_client:
        return "rows are made up here"
    return ""


def _run_all(session: Connection, script: Script, needs_role: NeedsRole) -> Iterator[str]:
    for statement in script.sent:
        text = script.text_of(statement)
        why = beyond_reach(statement)
        if why:
            yield f"not made: {' '.join(text.split())[:80]}: {why}"
            continue
        refused = _refused(session, text)
        known: set[str] = set()
        while refused is not None and refused.message not in known:
            known.add(refused.message)
            role, schema = missing_role(refused), missing_schema(refused)
            if refused.code == _UNDEFINED_OBJECT and role is not None:
                needs_role(role)
            elif schema is not None:
                run(session, f"CREATE SCHEMA {quote_ident(schema)}")
                yield f"made first: the schema {schema}, which nothing makes before it is named"
            else:
                break
            refused = _refused(session, text)
        if refused is not None and not refused.message.endswith("already exists"):
            yield f"not made: {' '.join(text.split())[:80]}: {refused.message}"
    attempt(session, "COMMIT")
    run(session, "RESET ALL")
