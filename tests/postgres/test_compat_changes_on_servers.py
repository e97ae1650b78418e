"""What compat says about one change is what a server says to the queries of both versions before and after it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from migrasafe.app.compat import CompatOptions, compat
from migrasafe.app.model import App, Origin, Query
from migrasafe.app.usage import SourceLocation
from migrasafe.app.verdict import MigrationVerdict, Verdict, Version, Weight
from migrasafe.migrations.model import History, Migration, Part
from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.watch.try_queries import Outcome, rows_in_tables, try_query
from migrasafe.schema.load import schema_from_script
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from tests.postgres.servers import Database

pytestmark = [pytest.mark.postgres, pytest.mark.since(15)]

ANYTHING = "SELECT id FROM users"
SECTION = re.compile(r"^-- (?:(change): (.*)|(schema|more|migration|old|new))\n", re.MULTILINE)


class Change(NamedTuple):
    """A migration, and a query of either version of the app."""

    about: str
    schema: str
    migration: str = ""
    old: str = ANYTHING
    new: str = ANYTHING

    @property
    def unsure(self) -> bool:
        """That it may be `unknown` is right."""
        return self.about.endswith("(unsure)")


def changes() -> list[Change]:
    _, *parts = SECTION.split(Path(__file__).with_name("changes.sql").read_text())
    found: list[Change] = []
    shop = ""
    for change, about, section, text in zip(*(parts[place::4] for place in range(4)), strict=True):
        if section == "schema":
            shop = text
        elif change:
            found.append(Change(about, shop, text.strip()))
        elif section == "more":
            found[-1] = found[-1]._replace(schema=shop + text)
        else:
            found[-1] = found[-1]._replace(**{section: text.strip()})
    return found


def verdict(change: Change) -> MigrationVerdict:
    schema = schema_from_script(read_script(Source(path="", text=change.schema)))
    part = Part(script=read_script(Source(path="1.sql", text=change.migration)))
    history = History(layout="plain", root=".", migrations=(Migration(id="1", path="1.sql", parts=(part,)),))
    apps = [
        App(label="app", queries=(Query(sql=sql, location=SourceLocation("app.sql", 1), origin=Origin.QUERY_FILE),))
        for sql in (change.old, change.new)
    ]
    (judged,) = compat([history], apps[0], apps[1], CompatOptions(schema=schema)).migrations
    return judged


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
    wrong = []
    with database.connect() as session:
        for change in changes():
            run(session, "DROP PUBLICATION IF EXISTS changes_of_orders, everything, inserts")
            run(session, "DROP SCHEMA IF EXISTS shop CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            run(session, change.schema)
            before = refusals(session, change)
            run(session, change.migration)
            after = refusals(session, change)
            judged = verdict(change)
            for version, side in ((Version.OLD, judged.old), (Version.NEW, judged.new)):
                seen = (bool(before[version]) > bool(after[version]), bool(after[version]) > bool(before[version]))
                said = (side.before, side.after)
                wanted = tuple(Verdict.BREAKS if breaks else Verdict.WORKS for breaks in seen)
                doubtful = change.unsure and all(
                    one is Verdict.UNKNOWN or one is other for one, other in zip(said, wanted, strict=True)
                )
                if said != wanted and not doubtful:
                    wrong.append((change.about, version.value, said, before[version], after[version]))
                ours = {
                    one.message for one in judged.breakages if one.version is version and one.weight is Weight.FAILS
                }
                if Verdict.BREAKS in said and ours.isdisjoint((before[version], after[version])):
                    wrong.append((change.about, version.value, ours, before[version], after[version]))
    assert wrong == []
