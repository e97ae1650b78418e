"""What compat says about each release in fixtures/compat is what a real server says to every query of both versions."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from migrasafe.app.model import App, Query
from migrasafe.app.verdict import Verdict, Version, Weight
from migrasafe.migrations.model import Migration
from migrasafe.postgres.connect import Connection
from tests.compat_releases import RELEASES, Release, read_release
from tests.postgres.servers import Database

pytestmark = pytest.mark.postgres

VALUES = {
    "boolean": "true",
    "date": "2026-01-01",
    "timestamp without time zone": "2026-01-01",
    "timestamp with time zone": "2026-01-01",
    "json": "{}",
    "jsonb": "{}",
    "uuid": "00000000-0000-0000-0000-000000000001",
}
Outcomes = dict[Query, tuple[str, str] | None]


def run(session: Connection, migration: Migration) -> None:
    for part in migration.parts:
        for statement in part.script.statements:
            start, end = statement.span
            session.execute(part.script.source.text[start:end].encode())


def outcomes(session: Connection, app: App) -> Outcomes:
    """What the server says to each query, prepared and executed: nothing, or the error's code and message."""
    # Foreign keys are about rows, of which there are none here.
    session.execute("SET session_replication_role = replica")
    return {query: outcome(session, query) for query in app.queries}


def outcome(session: Connection, query: Query) -> tuple[str, str] | None:
    try:
        with session.transaction(force_rollback=True):
            session.execute(f"PREPARE query AS {query.sql}".encode())
            row = session.execute("SELECT parameter_types::text[] FROM pg_prepared_statements").fetchone()
            values = [value(session, kind) for kind in (row or ([],))[0]]
            arguments = f"({', '.join(values)})" if values else ""
            session.execute(f"EXECUTE query{arguments}".encode())
    except psycopg.Error as error:
        return error.sqlstate or "", error.diag.message_primary or ""
    finally:
        session.execute("DEALLOCATE ALL")
    return None


def value(session: Connection, kind: str) -> str:
    labels = session.execute(
        "SELECT enumlabel FROM pg_enum WHERE enumtypid = %s::regtype ORDER BY enumsortorder", (kind,)
    )
    label = labels.fetchone()
    text = "{}" if kind.endswith("[]") else label[0] if label else VALUES.get(kind, "1")
    return f"'{text}'::{kind}"


def steps(session: Connection, release: Release) -> Iterator[tuple[str, dict[Version, tuple[Outcomes, Outcomes]]]]:
    """Each migration of the release, with the outcomes before and after it."""
    judged = {one.id for one in release.result.migrations}
    before: dict[Version, Outcomes] = {}
    for migration in release.migrations:
        if migration.id in judged and not before:
            before = {version: outcomes(session, app) for version, app in release.apps.items()}
        run(session, migration)
        if migration.id in judged:
            after = {version: outcomes(session, app) for version, app in release.apps.items()}
            yield migration.id, {version: (before[version], after[version]) for version in Version}
            before = after


@pytest.mark.parametrize("name", RELEASES)
def test_a_server_refuses_the_queries_that_compat_says_break_and_no_others(name: str, database: Database) -> None:
    release = read_release(name)
    verdicts = {one.id: one for one in release.result.migrations}
    queries = {version: {(one.sql, one.location): one for one in app.queries} for version, app in release.apps.items()}
    with database.connect() as session:
        for migration, seen in steps(session, release):
            verdict = verdicts[migration]
            for version, (before, after) in seen.items():
                refused = {(query, False): after[query] for query in before if before[query] is None and after[query]}
                refused |= {(query, True): before[query] for query in after if after[query] is None and before[query]}
                said: dict[tuple[Query, bool], set[tuple[str, str]]] = {}
                for one in verdict.breakages:
                    if one.version is version and one.weight is Weight.FAILS and one.query is not None and one.sqlstate:
                        query = queries[version][one.query.sql, one.query.location]
                        said.setdefault((query, one.before), set()).add((one.sqlstate, one.message))
                # What a version needs and another migration of the release brings is refused on both sides here.
                both = {query for query in before if before[query] and after[query]}
                assert {key for key in said if key[0] not in both} == set(refused), (migration, version)
                for key, answer in refused.items():
                    assert answer in said[key], (migration, version, key[0].sql)
                side = verdict.old if version is Version.OLD else verdict.new
                if any(not was_before for _, was_before in refused):
                    assert side.after is Verdict.BREAKS
                if any(was_before for _, was_before in refused):
                    assert side.before is Verdict.BREAKS
