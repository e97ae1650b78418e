"""Tables that become partitioned on a real server, by a copy and as the first partition, while both versions are at work."""

from __future__ import annotations

import random
from pathlib import Path

import psycopg
import pytest

from migrasafe.plan.changes.model import NoPlanError
from tests.postgres.plans.rollout import Work, carry_out, dump, nobody_notices, one_shot, roll_out
from tests.postgres.plans.test_plans_under_traffic import Case
from tests.postgres.servers import Database

SETUP = """
DO $$ BEGIN CREATE ROLE ms_app; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
CREATE SCHEMA "Shop";
GRANT USAGE ON SCHEMA "Shop" TO ms_app;
CREATE TABLE kinds (kind int PRIMARY KEY);
CREATE TABLE "Shop".visits (
  id bigserial, "Day" int, owner int NOT NULL, words text DEFAULT 'it''s' CHECK (words <> ''), data json,
  kind int REFERENCES kinds ON DELETE SET NULL, PRIMARY KEY (id, "Day")
) WITH (fillfactor = 80);
CREATE INDEX visits_owner ON "Shop".visits (owner, lower(words));
CREATE STATISTICS "Shop".owner_kind (dependencies) ON owner, kind FROM "Shop".visits;
COMMENT ON TABLE "Shop".visits IS 'who came';
COMMENT ON COLUMN "Shop".visits.words IS 'what they said';
ALTER TABLE "Shop".visits ALTER COLUMN words SET STATISTICS 300;
GRANT SELECT, INSERT, UPDATE, DELETE ON "Shop".visits TO ms_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA "Shop" TO ms_app;
ALTER TABLE "Shop".visits ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone ON "Shop".visits USING (owner >= 0);
CREATE TABLE "Shop".bills (
  visit bigint, "Day" int, CONSTRAINT of_visit FOREIGN KEY (visit, "Day") REFERENCES "Shop".visits ON DELETE CASCADE
);
GRANT SELECT, INSERT, UPDATE ON "Shop".bills TO ms_app;
CREATE VIEW "Shop".recent AS SELECT id, "Day", words FROM "Shop".visits WHERE "Day" > 100;
GRANT SELECT ON "Shop".recent TO ms_app;
CREATE TABLE "Shop".said (id bigint);
GRANT INSERT, SELECT ON "Shop".said TO ms_app;
CREATE FUNCTION "Shop".kept() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO "Shop".said VALUES (NEW.id); RETURN NULL; END $$;
CREATE TRIGGER "a kept" AFTER INSERT ON "Shop".visits FOR EACH ROW EXECUTE FUNCTION "Shop".kept();
CREATE TABLE calls (
  id serial PRIMARY KEY, at int NOT NULL, owner int NOT NULL, words text DEFAULT 'x' NOT NULL,
  CONSTRAINT short CHECK (length(words) < 100)
);
CREATE INDEX calls_owner_idx ON calls (owner);
COMMENT ON TABLE calls IS 'who called';
GRANT SELECT ON calls TO PUBLIC;
CREATE TABLE "Notes" (id bigserial, day int NOT NULL, region text DEFAULT 'eu', owner int NOT NULL, words text,
  PRIMARY KEY (id, day, region)) PARTITION BY RANGE (day);
CREATE INDEX "Notes_owner_idx" ON "Notes" (owner);
CREATE TABLE notes_1 PARTITION OF "Notes" FOR VALUES FROM (0) TO (100);
CREATE TABLE notes_2 PARTITION OF "Notes" FOR VALUES FROM (100) TO (MAXVALUE);
CREATE TABLE note_files (note bigint, day int, region text, FOREIGN KEY (note, day, region) REFERENCES "Notes" ON DELETE CASCADE);
CREATE VIEW eu_notes AS SELECT id, words FROM "Notes" WHERE region = 'eu';
"""
ROWS = """
INSERT INTO kinds SELECT n FROM generate_series(1, 9) n;
INSERT INTO "Shop".visits ("Day", owner, words, kind) SELECT n % 300, 0, 'visit ' || n, 1 + n % 9 FROM generate_series(1, 600) n;
INSERT INTO "Shop".bills SELECT id, "Day" FROM "Shop".visits WHERE id % 2 = 0;
INSERT INTO "Notes" (day, region, owner)
  SELECT n % 300, CASE WHEN n % 3 = 0 THEN 'eu' ELSE 'us' END, 0 FROM generate_series(1, 600) n;
INSERT INTO calls (at, owner) SELECT n % 300, 0 FROM generate_series(1, 600) n;
"""


def _ask(session: psycopg.Connection, sql: str, *given: object) -> tuple[object, ...]:
    row = session.execute(sql, given).fetchone()  # type: ignore[call-overload]  # a plain text on purpose
    assert row is not None, sql
    return tuple(row)


def visits(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    """A version that writes visits and their bills, moves some to another day, deletes some, and reads them again."""
    session.execute("SET ROLE ms_app")
    put = 'INSERT INTO "Shop".visits ("Day", owner, kind, data) VALUES (%s, %s, 1, \'{"a": 1}\') RETURNING id, "Day"'
    first, second = (_ask(session, put, rng.randrange(101, 300), owner) for _ in range(2))
    session.execute('INSERT INTO "Shop".bills VALUES (%s, %s)', second)
    day = rng.randrange(101, 300)
    change = 'UPDATE "Shop".visits SET words = %s, "Day" = %s WHERE id = %s AND "Day" = %s RETURNING words'
    assert _ask(session, change, "moved", day, *first) == ("moved",)
    put = """INSERT INTO "Shop".visits (id, "Day", owner) VALUES (%s, %s, %s)
      ON CONFLICT (id, "Day") DO UPDATE SET words = visits.words || '!' RETURNING words"""
    assert _ask(session, put, first[0], day, owner) == ("moved!",)
    assert _ask(session, 'SELECT words FROM "Shop".recent WHERE id = %s', first[0]) == ("moved!",)
    if rng.random() < 0.3:
        session.execute('DELETE FROM "Shop".visits WHERE id = %s AND "Day" = %s', second)
        assert _ask(session, 'SELECT count(*) FROM "Shop".bills WHERE visit = %s', second[0]) == (0,)
    session.execute('UPDATE "Shop".visits SET words = %s WHERE id = %s', (f"w{owner}", rng.randrange(1, 600)))


def notes(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    """A version that writes notes, moves them to another day and region, and deletes some."""
    put = 'INSERT INTO "Notes" (day, region, owner) VALUES (%s, %s, %s) RETURNING id, day, region'
    first, second = (_ask(session, put, rng.randrange(300), rng.choice(["eu", "us", "x"]), owner) for _ in range(2))
    session.execute("INSERT INTO note_files VALUES (%s, %s, %s)", second)
    change = 'UPDATE "Notes" SET words = %s, day = %s, region = %s WHERE id = %s RETURNING words'
    assert _ask(session, change, "moved", rng.randrange(300), "eu", first[0]) == ("moved",)
    assert _ask(session, "SELECT words FROM eu_notes WHERE id = %s", first[0]) == ("moved",)
    session.execute('DELETE FROM "Notes" WHERE id = %s', (second[0],))
    assert _ask(session, "SELECT count(*) FROM note_files WHERE note = %s", second[0]) == (0,)
    session.execute('UPDATE "Notes" SET words = %s WHERE id = %s', (f"w{owner}", rng.randrange(1, 600)))


def calls(key: str) -> Work:
    """A version that upserts calls by a key of its own."""

    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        put = "INSERT INTO calls (at, owner) VALUES (%s, %s) RETURNING id, at"
        first, second = (_ask(session, put, rng.randrange(300), owner) for _ in range(2))
        again = (
            f"INSERT INTO calls (id, at, owner) VALUES (%s, %s, %s) ON CONFLICT ({key}) DO UPDATE SET words = 'again'"
        )
        assert _ask(session, f"{again} RETURNING words", *first, owner) == ("again",)
        assert _ask(session, "SELECT words, owner FROM calls WHERE id = %s", first[0]) == ("again", owner)
        session.execute("DELETE FROM calls WHERE id = %s", (second[0],))
        session.execute("UPDATE calls SET words = %s WHERE id = %s", (f"w{owner}", rng.randrange(1, 600)))

    return work


_VISITS = """
ALTER TABLE "Shop".visits RENAME TO visits_before;
CREATE TABLE "Shop".visits (
  LIKE "Shop".visits_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE INCLUDING COMMENTS, PRIMARY KEY (id, "Day")
) PARTITION BY RANGE ("Day");
"""
_BELONGINGS = """
ALTER TABLE "Shop".visits ALTER COLUMN words SET STATISTICS 300;
GRANT SELECT, INSERT, UPDATE, DELETE ON "Shop".visits TO ms_app;
ALTER TABLE "Shop".visits ENABLE ROW LEVEL SECURITY;
CREATE POLICY everyone ON "Shop".visits USING (owner >= 0);
COMMENT ON TABLE "Shop".visits IS 'who came';
CREATE TRIGGER "a kept" AFTER INSERT ON "Shop".visits FOR EACH ROW EXECUTE FUNCTION "Shop".kept();
CREATE STATISTICS "Shop".owner_kind (dependencies) ON owner, kind FROM "Shop".visits;
CREATE OR REPLACE VIEW "Shop".recent AS SELECT id, "Day", words FROM "Shop".visits WHERE "Day" > 100;
GRANT SELECT ON "Shop".recent TO ms_app;
"""
_BILLS = """
ALTER TABLE "Shop".bills ADD CONSTRAINT of_visit FOREIGN KEY (visit, "Day") REFERENCES "Shop".visits ON DELETE CASCADE;
"""
_CALLS = """
ALTER TABLE calls RENAME TO calls_before;
ALTER INDEX calls_owner_idx RENAME TO calls_before_owner_idx;
ALTER INDEX calls_pkey RENAME TO calls_before_pkey;
CREATE TABLE calls (LIKE calls_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE INDEX calls_owner_idx ON calls (owner);
ALTER SEQUENCE calls_id_seq OWNED BY calls.id;
"""
_NOTES = """
ALTER TABLE "Notes" RENAME TO notes_before;
CREATE TABLE "Notes" (LIKE notes_before INCLUDING DEFAULTS, PRIMARY KEY (id, day, region))"""
_NOTES_END = """
INSERT INTO "Notes" SELECT * FROM notes_before;
ALTER SEQUENCE "Notes_id_seq" OWNED BY "Notes".id;
DROP TABLE notes_before CASCADE;
"""
_NOTES_ONCE = """
ALTER INDEX "Notes_pkey1" RENAME TO "Notes_pkey";
CREATE INDEX "Notes_owner_idx" ON "Notes" (owner);
ALTER TABLE note_files ADD FOREIGN KEY (note, day, region) REFERENCES "Notes" ON DELETE CASCADE;
CREATE VIEW eu_notes AS SELECT id, words FROM "Notes" WHERE region = 'eu';
"""
CASES = {
    "by a copy, with the key it has": Case(
        migration=f"""{_VISITS}
CREATE TABLE "Shop".visits_1 PARTITION OF "Shop".visits FOR VALUES FROM (MINVALUE) TO (150) WITH (fillfactor = 80);
CREATE TABLE "Shop"."Visits rest" PARTITION OF "Shop".visits DEFAULT WITH (fillfactor = 80);
INSERT INTO "Shop".visits SELECT * FROM "Shop".visits_before;
ALTER SEQUENCE "Shop".visits_id_seq OWNED BY "Shop".visits.id;
DROP TABLE "Shop".visits_before CASCADE;
""",
        old=visits,
        new=visits,
        once=f"""ALTER INDEX "Shop".visits_pkey1 RENAME TO visits_pkey;
CREATE INDEX visits_owner ON "Shop".visits (owner, lower(words));
ALTER TABLE "Shop".visits ADD CONSTRAINT visits_kind_fkey FOREIGN KEY (kind) REFERENCES kinds ON DELETE SET NULL;
{_BELONGINGS}{_BILLS}""",
    ),
    "by a copy, with a wider key": Case(
        migration=f"""{_CALLS}
CREATE TABLE calls_1 PARTITION OF calls FOR VALUES FROM (0) TO (100);
CREATE TABLE calls_2 PARTITION OF calls FOR VALUES FROM (100) TO (MAXVALUE);
INSERT INTO calls SELECT * FROM calls_before;
DROP TABLE calls_before;
""",
        old=calls("id"),
        new=calls("id, at"),
        once="COMMENT ON TABLE calls IS 'who called'; GRANT SELECT ON calls TO PUBLIC",
    ),
    "by another key": Case(
        migration=f"""{_NOTES} PARTITION BY LIST (region);
CREATE TABLE notes_eu PARTITION OF "Notes" FOR VALUES IN ('eu');
CREATE TABLE notes_other PARTITION OF "Notes" DEFAULT;
{_NOTES_END}""",
        old=notes,
        new=notes,
        once=_NOTES_ONCE,
    ),
    "with other bounds": Case(
        migration=f"""{_NOTES} PARTITION BY RANGE (day);
CREATE TABLE "Notes A" PARTITION OF "Notes" FOR VALUES FROM (MINVALUE) TO (50);
CREATE TABLE "Notes B" PARTITION OF "Notes" FOR VALUES FROM (50) TO (MAXVALUE);
{_NOTES_END}""",
        old=notes,
        new=notes,
        once=_NOTES_ONCE,
    ),
    "as the first partition, with the key it has": Case(
        migration=f"""{_VISITS}
ALTER INDEX "Shop".visits_pkey RENAME TO visits_before_pkey;
ALTER INDEX "Shop".visits_pkey1 RENAME TO visits_pkey;
ALTER INDEX "Shop".visits_owner RENAME TO visits_before_owner;
CREATE INDEX visits_owner ON "Shop".visits (owner, lower(words));
ALTER TABLE "Shop".visits ADD CONSTRAINT visits_kind_fkey FOREIGN KEY (kind) REFERENCES kinds ON DELETE SET NULL;
DROP TRIGGER "a kept" ON "Shop".visits_before;
ALTER TABLE "Shop".bills DROP CONSTRAINT of_visit;
ALTER TABLE "Shop".visits ATTACH PARTITION "Shop".visits_before FOR VALUES FROM (MINVALUE) TO (1000000000);
CREATE TABLE "Shop".visits_2 PARTITION OF "Shop".visits FOR VALUES FROM (1000000000) TO (MAXVALUE) WITH (fillfactor = 80);
ALTER SEQUENCE "Shop".visits_id_seq OWNED BY "Shop".visits.id;
{_BILLS}""",
        old=visits,
        new=visits,
        once=f'ALTER STATISTICS "Shop".owner_kind RENAME TO visits_before_owner_kind; {_BELONGINGS}',
    ),
    "as the first partition, with a wider key": Case(
        migration=f"""{_CALLS}
ALTER TABLE calls_before DROP CONSTRAINT calls_before_pkey;
ALTER TABLE calls ATTACH PARTITION calls_before FOR VALUES FROM (0) TO (1000000000);
CREATE TABLE calls_2 PARTITION OF calls FOR VALUES FROM (1000000000) TO (MAXVALUE);
""",
        old=calls("id"),
        new=calls("id, at"),
        once="COMMENT ON TABLE calls IS 'who called'; GRANT SELECT ON calls TO PUBLIC",
    ),
}

PARTITIONED_BEFORE = ("by another key", "with other bounds")


IN_EVERY_RUN = ("by a copy, with the key it has", "as the first partition, with a wider key", "by another key")
"""The others are for `make soak`: each takes about ten seconds."""


@pytest.mark.in_turn
@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in IN_EVERY_RUN else pytest.mark.soak) for name in CASES]
)
def test_nobody_notices(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    if each_major == 12 and name in PARTITIONED_BEFORE:
        database.execute(SETUP)
        with pytest.raises(NoPlanError, match="that partitioned tables have from 13 on"):
            roll_out(database, CASES[name].migration, tmp_path)
        return
    nobody_notices(database, tmp_path, SETUP, ROWS, CASES[name])


@pytest.mark.soak
@pytest.mark.majors(13, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_whoever_kills_it_anywhere_carries_on(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    database.execute(SETUP + ROWS)
    case = CASES[name]
    run = roll_out(database, case.migration, tmp_path, case.hints)
    carry_out(run, case.old, case.new, killed=random.Random(each_major))


def test_on_the_way_back_rows_of_the_other_partitions_are_kept(database: Database, tmp_path: Path) -> None:
    """The new ones have come into a partition that goes with the partitioned table."""
    database.execute(SETUP + ROWS)
    run = roll_out(database, CASES["as the first partition, with a wider key"].migration, tmp_path)
    for name in ("10_expand.sql", "60_contract.sql"):
        run.check(name)
    database.execute("INSERT INTO calls (id, at, owner) VALUES (777777, 1000000001, 7)")
    assert database.execute("SELECT tableoid::regclass::text FROM calls WHERE id = 777777") == [("calls_2",)]
    for name in ("undo_60_contract.sql", "undo_10_expand.sql"):
        run.check(name)
    assert database.execute("SELECT count(*), max(at) FROM calls") == [(601, 1000000001)]
    assert dump(database.dsn) == one_shot(database, SETUP)
