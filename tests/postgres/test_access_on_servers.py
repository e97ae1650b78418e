"""What compat says about privileges and row security is what a server says to a role that sends the query."""

from __future__ import annotations

import psycopg
import pytest

from migrasafe.app.verdict import MigrationVerdict, Version
from migrasafe.postgres.connect import Connection, run
from tests.changes import judged, read_changes
from tests.postgres.servers import Database

pytestmark = [pytest.mark.postgres, pytest.mark.since(15), pytest.mark.majors(15, 18)]

ROWS = "INSERT INTO orders (id, total, note, tenant) VALUES (1, 1, 'a', 't'); INSERT INTO users VALUES (1, 'x')"
ROLE = "pg_monitor"
"""A role that every server has."""


def answer(session: Connection, sql: str) -> str:
    """The error that the role gets, or how many rows it reads or writes."""
    if not sql:
        return ""
    try:
        with session.transaction(force_rollback=True):
            session.execute(f"SET LOCAL ROLE {ROLE}".encode())
            return f"{session.execute(sql.encode()).rowcount} rows"
    except psycopg.Error as error:
        return error.diag.message_primary or ""


def said(verdict: MigrationVerdict, version: Version, *, before: bool) -> list[str]:
    return [one.message for one in verdict.breakages if one.version is version and one.before is before]


def test_what_a_role_loses_is_said_and_nothing_else(database: Database) -> None:
    wrong = []
    seen = {"refused": 0, "hidden": 0, "kept": 0}
    with database.connect() as session:
        for change in read_changes("access.sql"):
            run(session, "DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC")
            run(session, change.schema)
            session.execute(ROWS.encode())
            before = (answer(session, change.old), answer(session, change.new))
            run(session, change.migration)
            after = (answer(session, change.old), answer(session, change.new))
            verdict = judged(change._replace(old=change.old or "SELECT 1", new=change.new or change.old or "SELECT 1"))
            lost = said(verdict, Version.OLD, before=False)
            missing = said(verdict, Version.NEW, before=True) if change.new else []
            for messages, good, bad in ((lost, before[0], after[0]), (missing, after[1], before[1])):
                refused = good.endswith("rows") and bad != good
                hidden = refused and bad.endswith("rows") and any("hidden" in one for one in messages)
                seen["hidden" if hidden else "refused" if refused else "kept"] += 1
                if (refused and bad not in messages and not hidden) or (not refused and messages):
                    wrong.append((change.about, messages, good, bad))
    assert wrong == []
    assert min(seen.values()) >= 4
