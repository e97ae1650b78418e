"""Partitions made, attached, detached and dropped on a real server while both versions of the app are at work."""

from __future__ import annotations

import random
from pathlib import Path

import psycopg
import pytest

from tests.postgres.plans.rollout import Work, nobody_notices
from tests.postgres.plans.test_plans_under_traffic import Case
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE kinds (kind int PRIMARY KEY);
CREATE TABLE events (
  id bigserial, day int NOT NULL, owner int NOT NULL, words text DEFAULT 'x' CHECK (words <> ''),
  kind int REFERENCES kinds, PRIMARY KEY (id, day)
) PARTITION BY RANGE (day);
CREATE INDEX events_owner ON events (owner);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100);
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (100) TO (200);
CREATE TABLE events_0 PARTITION OF events FOR VALUES FROM (-100) TO (0);
CREATE TABLE rest (id bigserial, region text NOT NULL, owner int, PRIMARY KEY (id, region)) PARTITION BY LIST (region);
CREATE TABLE rest_eu PARTITION OF rest FOR VALUES IN ('eu');
CREATE TABLE rest_other PARTITION OF rest DEFAULT;
CREATE TABLE events_3 (
  id bigint NOT NULL, day int NOT NULL, owner int NOT NULL, words text DEFAULT 'x' CONSTRAINT events_words_check CHECK (words <> ''),
  kind int
);
CREATE TABLE logs (id bigserial, day int NOT NULL, owner int NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (owner);
CREATE TABLE logs_1_all PARTITION OF logs_1 DEFAULT;
CREATE TABLE logs_2 PARTITION OF logs FOR VALUES FROM (100) TO (200);
"""
ROWS = """
INSERT INTO kinds SELECT n FROM generate_series(1, 9) n;
INSERT INTO events (day, owner, words, kind) SELECT n % 200, 0, 'event ' || n, 1 + n % 9 FROM generate_series(1, 1000) n;
INSERT INTO events_3 SELECT n, 200 + n % 100, 0, 'event ' || n, 1 + n % 9 FROM generate_series(5001, 5500) n;
INSERT INTO rest (region, owner) SELECT CASE WHEN n % 2 = 0 THEN 'eu' ELSE 'x' || n END, 0 FROM generate_series(1, 500) n;
INSERT INTO logs (day, owner) SELECT n % 200, n % 7 FROM generate_series(1, 500) n;
"""


def events(first: int, last: int) -> Work:
    """A version that writes events of these days, changes them, and reads them."""

    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        put = "INSERT INTO events (day, owner, kind) VALUES (%s, %s, 1) RETURNING id, day"
        row = session.execute(put, (rng.randrange(first, last), owner)).fetchone()
        assert row is not None
        session.execute("UPDATE events SET words = %s WHERE id = %s AND day = %s", ("new", *row))
        read = session.execute("SELECT words FROM events WHERE id = %s AND day = %s", row).fetchone()
        assert read == ("new",)

    return work


def others(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    """A version that writes to the other partitioned tables."""
    region = rng.choice(["eu", "x1", "x2"])
    row = session.execute(
        "INSERT INTO rest (region, owner) VALUES (%s, %s) RETURNING id, region", (region, owner)
    ).fetchone()
    assert row is not None and row[1] == region
    assert session.execute("SELECT owner FROM rest WHERE id = %s AND region = %s", row).fetchone() == (owner,)
    session.execute("INSERT INTO logs (day, owner) VALUES (%s, %s)", (rng.randrange(200), owner))


CASES = {
    "a new partition": Case(
        migration="CREATE TABLE events_4 PARTITION OF events FOR VALUES FROM (300) TO (400)",
        old=events(0, 200),
        new=events(300, 400),
    ),
    "a new partition beside the default one": Case(
        migration="CREATE TABLE rest_us PARTITION OF rest FOR VALUES IN ('us', 'ca')", old=others, new=others
    ),
    "a table becomes a partition": Case(
        migration="ALTER TABLE events ATTACH PARTITION events_3 FOR VALUES FROM (200) TO (300)",
        old=events(0, 200),
        new=events(200, 300),
    ),
    "a partition is one no more": Case(
        migration="ALTER TABLE events DETACH PARTITION events_2", old=events(0, 100), new=events(0, 100)
    ),
    "a partition goes": Case(migration="DROP TABLE events_2", old=events(0, 100), new=events(0, 100)),
    "a partition is detached and dropped": Case(
        migration="ALTER TABLE rest DETACH PARTITION rest_eu; DROP TABLE rest_eu",
        old=events(0, 100),
        new=events(0, 100),
    ),
    "a partition takes more rows": Case(
        migration="ALTER TABLE events DETACH PARTITION events_2; ALTER TABLE events ATTACH PARTITION events_2"
        " FOR VALUES FROM (100) TO (300)",
        old=events(0, 200),
        new=events(200, 300),
    ),
    "a partition takes fewer rows": Case(
        migration="ALTER TABLE events DETACH PARTITION events_0; ALTER TABLE events ATTACH PARTITION events_0"
        " FOR VALUES FROM (-50) TO (0)",
        old=events(-50, 200),
        new=events(-50, 200),
    ),
    "a partition is split": Case(
        migration="ALTER TABLE events DETACH PARTITION events_1;"
        "CREATE TABLE events_1b PARTITION OF events FOR VALUES FROM (50) TO (100);"
        "INSERT INTO events SELECT * FROM events_1 WHERE day >= 50; DELETE FROM events_1 WHERE day >= 50;"
        "ALTER TABLE events ATTACH PARTITION events_1 FOR VALUES FROM (0) TO (50)",
        old=events(0, 200),
        new=events(0, 200),
    ),
    "two partitions become one": Case(
        migration="ALTER TABLE events DETACH PARTITION events_1; ALTER TABLE events DETACH PARTITION events_2;"
        "INSERT INTO events_1 SELECT * FROM events_2; DROP TABLE events_2;"
        "ALTER TABLE events ATTACH PARTITION events_1 FOR VALUES FROM (0) TO (200)",
        old=events(0, 200),
        new=events(0, 200),
    ),
    "a partition takes rows of the default one": Case(
        migration="ALTER TABLE rest DETACH PARTITION rest_eu;"
        "INSERT INTO rest_eu SELECT * FROM rest_other WHERE region = 'x1'; DELETE FROM rest_other WHERE region = 'x1';"
        "ALTER TABLE rest ATTACH PARTITION rest_eu FOR VALUES IN ('eu', 'x1')",
        old=others,
        new=others,
    ),
    "an index piece by piece": Case(migration="CREATE INDEX logs_owner ON logs (owner, day)", old=others, new=others),
    "a key piece by piece": Case(
        migration="ALTER TABLE logs ADD CONSTRAINT logs_pkey PRIMARY KEY (id, day, owner)", old=others, new=others
    ),
    "a unique constraint piece by piece": Case(
        migration='ALTER TABLE events ADD CONSTRAINT "One each" UNIQUE (day, id) DEFERRABLE',
        old=events(0, 200),
        new=events(0, 200),
    ),
    "an index goes with its pieces": Case(migration="DROP INDEX events_owner", old=events(0, 200), new=events(0, 200)),
}


ALIKE = {"a partition takes fewer rows", "a partition takes rows of the default one"}
"""Told by others as well: they are carried out with those of the other majors only."""


@pytest.mark.parametrize("name", [name for name in CASES if name not in ALIKE])
def test_nobody_notices(database: Database, tmp_path: Path, name: str) -> None:
    nobody_notices(database, tmp_path, SETUP, ROWS, CASES[name])


@pytest.mark.soak
@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_nobody_notices_anywhere(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    nobody_notices(database, tmp_path, SETUP, ROWS, CASES[name])
