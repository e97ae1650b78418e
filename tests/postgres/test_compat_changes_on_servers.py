"""What compat says about one change is what a server says to the queries of both versions before and after it."""

from __future__ import annotations

import psycopg
import pytest

from migrasafe.app.verdict import Verdict, Version, Weight
from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.watch.try_queries import Outcome, rows_in_tables, try_query
from tests.changes import Change, judged, read_changes
from tests.postgres.servers import Database

pytestmark = [pytest.mark.postgres, pytest.mark.since(15)]

ANYTHING = "SELECT id FROM users"
CHANGES = [
    change._replace(old=change.old or ANYTHING, new=change.new or ANYTHING) for change in read_changes("changes.sql")
]


def refusals(session: Connection, change: Change) -> dict[Version, str]:
    """The error of each version's query on the schema of the moment, with rows in the tables; empty: it works."""
    with rows_in_tables(session):
        return {version: refusal(session, sql) for version, sql in zip(Version, (change.old, change.new), strict=True)}


def refusal(session: Connection, sql: str) -> str:
    if sql.startswith(("REFRESH", "CALL")):  # which cannot be prepared
        try:
            with session.transaction(force_rollback=True):
                run(session, sql)
        except psycopg.Error as error:
            return error.diag.message_primary or ""
        return ""
    tried = try_query(session, sql)
    # 0A000 is also how PREPARE says that it does not take a kind of statement; here it takes all.
    works = tried.outcome is Outcome.TAKEN or (tried.outcome is Outcome.NOT_TRIED and tried.sqlstate != "0A000")
    return "" if works else tried.message


def test_each_change_breaks_what_a_server_refuses_and_nothing_else(database: Database) -> None:
    wrong: list[tuple[object, ...]] = []
    with database.connect() as session:
        for change in CHANGES:
            run(session, "DROP PUBLICATION IF EXISTS changes_of_orders, everything, inserts")
            run(session, "DROP SCHEMA IF EXISTS shop CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            run(session, change.schema)
            before = refusals(session, change)
            run(session, change.migration)
            after = refusals(session, change)
            verdict = judged(change)
            for version, side in ((Version.OLD, verdict.old), (Version.NEW, verdict.new)):
                seen = (bool(before[version]) > bool(after[version]), bool(after[version]) > bool(before[version]))
                said = (side.before, side.after)
                wanted = tuple(Verdict.BREAKS if breaks else Verdict.WORKS for breaks in seen)
                doubtful = change.unsure and all(
                    one is Verdict.UNKNOWN or one is other for one, other in zip(said, wanted, strict=True)
                )
                if said != wanted and not doubtful:
                    wrong.append((change.about, version.value, said, before[version], after[version]))
                ours = {
                    one.message for one in verdict.breakages if one.version is version and one.weight is Weight.FAILS
                }
                if Verdict.BREAKS in said and ours.isdisjoint((before[version], after[version])):
                    wrong.append((change.about, version.value, ours, before[version], after[version]))
    assert wrong == []
