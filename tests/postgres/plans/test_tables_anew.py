"""Tables made anew beside the one that people use, with all that hangs on it, while both versions of the app are at work."""

from __future__ import annotations

import random
from pathlib import Path

import psycopg
import pytest

from migrasafe.plan.read.hints import Hints
from tests.postgres.plans.apps import writes
from tests.postgres.plans.rollout import carry_out, nobody_notices, roll_out
from tests.postgres.plans.test_plans_under_traffic import Case
from tests.postgres.servers import Database
from tests.postgres.whole_server import make_fast_tablespace

SETUP = """
DO $$ BEGIN CREATE ROLE ms_app; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA "Shop";
GRANT USAGE ON SCHEMA "Shop" TO ms_app;
CREATE TABLE kinds (kind int PRIMARY KEY);
CREATE TABLE "Shop"."Events" (
  id bigserial CONSTRAINT "Events key" PRIMARY KEY,
  number int GENERATED ALWAYS AS IDENTITY (START WITH 1000000),
  "Day" int NOT NULL,
  owner int NOT NULL,
  words text DEFAULT 'it''s' CHECK (words <> ''),
  twice int GENERATED ALWAYS AS (owner * 2) STORED,
  data json,
  kind int REFERENCES kinds ON DELETE SET NULL,
  above bigint,
  changes int DEFAULT 0 NOT NULL,
  UNIQUE (number, id)
) WITH (fillfactor = 80);
ALTER TABLE "Shop"."Events" ADD FOREIGN KEY (above) REFERENCES "Shop"."Events" ON DELETE SET NULL;
CREATE INDEX "Events by day" ON "Shop"."Events" ("Day" DESC, lower(words)) WHERE owner > 0;
COMMENT ON INDEX "Shop"."Events by day" IS 'for the report';
CREATE STATISTICS "Shop".day_owner (dependencies) ON "Day", owner FROM "Shop"."Events";
COMMENT ON TABLE "Shop"."Events" IS 'what has happened';
COMMENT ON COLUMN "Shop"."Events".words IS 'what people say';
ALTER TABLE "Shop"."Events" ALTER COLUMN words SET STATISTICS 300, ALTER COLUMN words SET STORAGE external;
GRANT SELECT, INSERT, UPDATE, DELETE ON "Shop"."Events" TO ms_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA "Shop" TO ms_app;
GRANT SELECT (words) ON "Shop"."Events" TO PUBLIC;
ALTER TABLE "Shop"."Events" ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone ON "Shop"."Events" USING (owner >= 0);
CREATE TABLE "Shop".lines (
  id bigserial PRIMARY KEY,
  event_id bigint NOT NULL CONSTRAINT of_event REFERENCES "Shop"."Events" ON DELETE CASCADE
);
COMMENT ON CONSTRAINT of_event ON "Shop".lines IS 'each line is of one';
GRANT SELECT, INSERT ON "Shop".lines TO ms_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA "Shop" TO ms_app;
CREATE POLICY of_known ON "Shop".lines USING (EXISTS (SELECT FROM "Shop"."Events" WHERE "Events".id = event_id));
ALTER TABLE "Shop".lines ENABLE ROW LEVEL SECURITY;
CREATE VIEW "Shop".recent AS SELECT id, "Day", words FROM "Shop"."Events" WHERE owner >= 0;
CREATE VIEW "Shop".of_recent AS SELECT id FROM "Shop".recent;
GRANT SELECT ON "Shop".recent TO ms_app;
CREATE FUNCTION "Shop".counted() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN NEW.changes := coalesce(OLD.changes, 0) + 1; RETURN NEW; END $$;
CREATE TRIGGER counted BEFORE UPDATE ON "Shop"."Events" FOR EACH ROW
  WHEN (current_setting('app.counts', true) = 'yes') EXECUTE FUNCTION "Shop".counted();
CREATE TABLE "Shop".said (id bigint, words text);
GRANT INSERT, SELECT ON "Shop".said TO ms_app;
CREATE FUNCTION "Shop".kept() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO "Shop".said VALUES (NEW.id, NEW.words); RETURN NULL; END $$;
CREATE TRIGGER "a kept" AFTER INSERT ON "Shop"."Events" FOR EACH ROW EXECUTE FUNCTION "Shop".kept();
CREATE PUBLICATION all_events FOR TABLE "Shop"."Events" WITH (publish = 'insert');
CREATE TABLE jobs (id serial PRIMARY KEY, owner int NOT NULL, words text);
"""
ROWS = """
INSERT INTO jobs (owner, words) SELECT 0, 'job ' || n FROM generate_series(1, 300) n;
INSERT INTO kinds SELECT n FROM generate_series(1, 9) n;
INSERT INTO "Shop"."Events" ("Day", owner, words, kind) SELECT n % 300, 0, 'event ' || n, 1 + n % 9 FROM generate_series(1, 800) n;
UPDATE "Shop"."Events" SET above = id - 1 WHERE id % 7 = 0;
INSERT INTO "Shop".lines (event_id) SELECT n FROM generate_series(1, 400) n;
ANALYZE;
"""


def events(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    """A version that writes events and what belongs to them, changes and deletes some, and reads them again."""

    def ask(sql: str, *given: object) -> tuple[object, ...]:
        row = session.execute(sql, given).fetchone()  # type: ignore[call-overload]  # a plain text on purpose
        assert row is not None, sql
        return tuple(row)

    session.execute("SET ROLE ms_app; SET app.counts = yes")
    put = 'INSERT INTO "Shop"."Events" ("Day", owner, kind, data) VALUES (%s, %s, 1, \'{"a": 1}\') RETURNING id'
    (first,) = ask(put, rng.randrange(300), owner)
    (second,) = ask(put, rng.randrange(300), owner)
    session.execute('INSERT INTO "Shop".lines (event_id) VALUES (%s)', (second,))
    changed = f"new {rng.random()}"
    got = ask(
        'UPDATE "Shop"."Events" SET words = %s, "Day" = %s, above = %s WHERE id = %s RETURNING words, changes, twice',
        *(changed, rng.randrange(300), second, first),
    )
    assert got == (changed, 1, owner * 2)
    assert ask('SELECT words FROM "Shop".recent WHERE id = %s', first) == (changed,)
    put = 'INSERT INTO "Shop"."Events" (id, "Day", owner) VALUES (%s, 1, %s) ON CONFLICT (id) DO UPDATE SET words = %s'
    assert ask(f"{put} RETURNING changes", first, owner, "again") == (2,)
    assert ask('SELECT words, owner FROM "Shop"."Events" WHERE id = %s', first) == ("again", owner)
    assert ask('SELECT count(*) FROM "Shop".said WHERE id = %s', first) == (1,)
    if rng.random() < 0.3:
        session.execute('DELETE FROM "Shop"."Events" WHERE id = %s', (second,))
        assert ask('SELECT count(*) FROM "Shop".lines WHERE event_id = %s', second) == (0,)
        assert ask('SELECT above FROM "Shop"."Events" WHERE id = %s', first) == (None,)
    session.execute('UPDATE "Shop"."Events" SET changes = 0 WHERE id = %s', (rng.randrange(1, 800),))


CASES = {
    "not logged any more": Case(
        migration="ALTER TABLE jobs SET UNLOGGED",
        old=writes("jobs", "words", lambda rng: (f"words {rng.random()}",)),
        new=writes("jobs", "words", lambda rng: (f"words {rng.random()}",)),
    ),
    "in the order of its key": Case(
        migration='CLUSTER "Shop"."Events" USING "Events key"', old=events, new=events, hints=Hints(way="beside")
    ),
    "without empty room": Case(
        migration='VACUUM FULL "Shop"."Events"',
        old=events,
        new=events,
        once="""COMMENT ON CONSTRAINT "Events key" ON "Shop"."Events" IS 'replaced by plan r1'""",
    ),
}


IN_EVERY_RUN = ("in the order of its key",)
"""The others are for `make soak`: each takes about ten seconds."""


@pytest.mark.in_turn
@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in IN_EVERY_RUN else pytest.mark.soak) for name in CASES]
)
def test_nobody_notices(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    nobody_notices(database, tmp_path, SETUP, ROWS, CASES[name])


ELSEWHERE = """
SELECT coalesce(spcname, 'pg_default'), amname FROM pg_class LEFT JOIN pg_tablespace t ON t.oid = reltablespace
  JOIN pg_am a ON a.oid = relam WHERE pg_class.oid = 'jobs'::regclass
"""


def somewhere_else(name: str, to: str) -> Case:
    jobs = writes("jobs", "words", lambda rng: (f"words {rng.random()}",))
    return Case(migration=f"ALTER TABLE jobs SET {name} {to}", old=jobs, new=jobs, hints=Hints(way="beside"))


@pytest.mark.majors(15)
def test_a_table_moves_to_another_tablespace(each_major: int, database: Database, tmp_path: Path) -> None:
    make_fast_tablespace(database)
    nobody_notices(database, tmp_path, SETUP, ROWS, somewhere_else("TABLESPACE", "ms_fast"))
    assert database.execute(ELSEWHERE) == [("ms_fast", "heap")]


@pytest.mark.soak
@pytest.mark.majors(15, 18)
def test_a_table_gets_another_access_method(each_major: int, database: Database, tmp_path: Path) -> None:
    method = "CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler;"
    nobody_notices(database, tmp_path, method + SETUP, ROWS, somewhere_else("ACCESS METHOD", "other_heap"))
    assert database.execute(ELSEWHERE) == [("pg_default", "other_heap")]


@pytest.mark.soak
@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_whoever_kills_it_anywhere_carries_on(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    database.execute(SETUP + ROWS)
    case = CASES[name]
    run = roll_out(database, case.migration, tmp_path, case.hints)
    carry_out(run, case.old, case.new, killed=random.Random(each_major))
