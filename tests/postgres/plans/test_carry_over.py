"""Whatever stands on a column goes over to the one that takes its place: at the end, pg_dump says what it would have said."""

from __future__ import annotations

import random
from pathlib import Path

import psycopg
import pytest

from tests.postgres.plans.apps import Row, writes
from tests.postgres.plans.rollout import carry_out, dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE docs (
  id serial PRIMARY KEY, owner int, size int DEFAULT 1 NOT NULL CHECK (size > -5), body varchar(40) DEFAULT 'x' NOT NULL
);
CREATE INDEX docs_body ON docs (body);
CREATE UNIQUE INDEX docs_id_size ON docs (id, size);
ALTER TABLE docs REPLICA IDENTITY USING INDEX docs_id_size;
COMMENT ON INDEX docs_body IS 'of bodies';
COMMENT ON INDEX docs_id_size IS 'of sizes';
COMMENT ON CONSTRAINT docs_size_check ON docs IS 'not too small';
COMMENT ON COLUMN docs.size IS 'in bytes';
ALTER TABLE docs ALTER body SET STORAGE external, ALTER body SET STATISTICS 7, ALTER size SET (n_distinct = 5);
GRANT SELECT (body, size), UPDATE (body, size) ON docs TO PUBLIC;
CREATE STATISTICS docs_stats (ndistinct, dependencies) ON owner, size, body FROM docs;
CREATE TABLE heard (what text);
CREATE TABLE shown (n int);
CREATE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO heard VALUES (TG_NAME || ' ' || TG_OP); RETURN NEW; END $$;
CREATE TRIGGER of_body AFTER UPDATE OF body, owner ON docs FOR EACH ROW EXECUTE FUNCTION hear();
CREATE TRIGGER when_body BEFORE UPDATE ON docs FOR EACH ROW
  WHEN (OLD.body IS DISTINCT FROM NEW.body) EXECUTE FUNCTION hear();
CREATE TRIGGER of_size AFTER INSERT OR UPDATE OF size ON docs FOR EACH ROW WHEN (NEW.size > 3) EXECUTE FUNCTION hear();
CREATE TRIGGER silent AFTER UPDATE OF size, body ON docs FOR EACH ROW EXECUTE FUNCTION hear();
ALTER TABLE docs ENABLE ALWAYS TRIGGER of_body, DISABLE TRIGGER silent;
COMMENT ON TRIGGER silent ON docs IS 'sleeps';
ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
CREATE POLICY big ON docs FOR ALL TO PUBLIC USING (size > 0 AND body <> 'no') WITH CHECK (docs.size > 1);
CREATE VIEW sized WITH (security_barrier = true) AS SELECT id, size, docs.body FROM docs WHERE size > 0
  WITH CASCADED CHECK OPTION;
CREATE VIEW more AS SELECT s.id, s.size + 1 AS size, s.body FROM sized s;
CREATE TRIGGER instead INSTEAD OF UPDATE ON more FOR EACH ROW EXECUTE FUNCTION hear();
COMMENT ON VIEW sized IS 'those with a size';
COMMENT ON COLUMN sized.size IS 'still in bytes';
CREATE MATERIALIZED VIEW kept WITH (fillfactor = 90) AS SELECT size, body, count(*) FROM docs d GROUP BY size, d.body;
CREATE UNIQUE INDEX kept_key ON kept (size, lower(body));
COMMENT ON INDEX kept_key IS 'the key';
COMMENT ON MATERIALIZED VIEW kept IS 'counted';
COMMENT ON COLUMN kept.count IS 'how many';
GRANT SELECT ON kept TO PUBLIC;
CREATE MATERIALIZED VIEW kept_sums AS SELECT kept.body, sum(kept.size) AS sum FROM kept JOIN shown s ON s.n = 1 GROUP BY 1;
CREATE INDEX kept_sums_body ON kept_sums (body);
CREATE VIEW kept_bodies AS SELECT k.body FROM kept k WHERE size > 0;
CREATE VIEW kept_seen AS SELECT b.body, t.sum FROM kept_bodies b JOIN kept_sums t USING (body);
COMMENT ON VIEW kept_seen IS 'seen';
GRANT SELECT ON kept_seen TO PUBLIC;
GRANT SELECT ON sized, more TO PUBLIC;
GRANT UPDATE (size) ON sized TO PUBLIC;
"""
SINCE_14 = """
ALTER TABLE docs ALTER body SET COMPRESSION pglz;
CREATE STATISTICS docs_lower ON lower(body), (size % 7) FROM docs;
ALTER STATISTICS docs_stats SET STATISTICS 9;
"""
SINCE_15 = """
CREATE PUBLICATION sized FOR TABLE docs (id, owner, size, body) WHERE (size > 0 AND body <> '') WITH (publish = 'insert');
"""
ROWS = "INSERT INTO docs (owner, size, body) SELECT 0, n, 'b' || n FROM generate_series(1, 300) n;"


def setup(major: int) -> str:
    return SETUP + SINCE_14 * (major >= 14) + SINCE_15 * (major >= 15)


def word(rng: random.Random) -> Row:
    return (f"w{rng.random()}",)


def number(rng: random.Random) -> Row:
    return (rng.randrange(2, 1000),)


def at_the_end(lines: list[str]) -> list[str]:
    """The lists of columns of publications without their order: a column that took over is the last of its table."""
    return sorted(
        " ".join(sorted(line.replace(")", " ").replace("(", " ").replace(",", " ").split())) for line in lines
    )


@pytest.mark.majors(12, 15, 18)
def test_everything_follows_a_renamed_column(each_major: int, database: Database, tmp_path: Path) -> None:
    database.execute(setup(each_major) + ROWS)
    rename = "ALTER TABLE docs RENAME COLUMN body TO content"
    run = roll_out(database, rename, tmp_path)
    assert not [text for text in run.plan.by_hand if "trigger" in text]
    carry_out(run, writes("docs", "body", word), writes("docs", "content", word))
    assert at_the_end(dump(database.dsn)) == at_the_end(one_shot(database, setup(each_major), rename))


@pytest.mark.majors(12, 15, 18)
def test_everything_follows_a_column_of_another_type(each_major: int, database: Database, tmp_path: Path) -> None:
    database.execute(setup(each_major) + ROWS)
    widen = "ALTER TABLE docs ALTER COLUMN size TYPE bigint"
    run = roll_out(database, widen, tmp_path)
    carry_out(run, writes("docs", "size", number), writes("docs", "size", number))
    drops = "DROP VIEW kept_seen; DROP VIEW kept_bodies; DROP MATERIALIZED VIEW kept_sums; DROP MATERIALIZED VIEW kept;"
    drops += "DROP VIEW more; DROP VIEW sized; DROP POLICY big ON docs; DROP TRIGGER of_size ON docs; DROP TRIGGER silent ON docs;"
    drops += "DROP PUBLICATION sized;" * (each_major >= 15)
    again = [one for one in setup(each_major).replace("$$;", "$$").split(";\n") if _names_any(one, drops)]
    # PostgreSQL itself forgets this one when it changes the type of a column.
    kept = ["ALTER STATISTICS docs_stats SET STATISTICS 9"] * (each_major >= 14)
    once = one_shot(database, setup(each_major), drops, widen, *again, *kept)
    assert at_the_end(dump(database.dsn)) == at_the_end(once)


def _names_any(statement: str, drops: str) -> bool:
    """Whether a statement of the setup makes, or says something of, what was dropped."""
    words = (
        "VIEW kept",
        "INDEX kept",
        "kept.count",
        "ON kept",
        "VIEW sized",
        "VIEW more",
        "more FOR",
        "sized.size",
        "ON sized",
        "POLICY big",
        "TRIGGER of_size",
        "TRIGGER silent",
    )
    return any(word in statement for word in (*words, "PUBLICATION sized")) and statement.strip() not in drops


def test_the_triggers_of_both_versions_fire(database: Database, tmp_path: Path) -> None:
    """`UPDATE OF body` says nothing of a write to the new column, so it is widened until the old one is gone."""
    database.execute(setup(database.major) + ROWS)
    run = roll_out(database, "ALTER TABLE docs RENAME COLUMN body TO content", tmp_path)

    def heard(sql: str) -> list[tuple[object, ...]]:
        database.execute("TRUNCATE heard")
        database.execute(sql)
        return database.execute("SELECT what FROM heard ORDER BY what")

    both = [("of_body UPDATE",), ("when_body UPDATE",)]
    for phase in run.plan.phases:
        run.backfill(phase)
        ahead, _, for_good = run.files(phase)
        for name in (*ahead, *for_good):
            run.check(name)
        value = f"{phase.name.value} {len(for_good)}"
        if phase.name.value == "contract":
            assert heard(f"UPDATE docs SET content = '{value}' WHERE id = 1") == both
            continue
        assert heard(f"UPDATE docs SET body = '{value}' WHERE id = 1") == both
        if phase.name.value != "expand":
            assert heard(f"UPDATE docs SET content = '{value}!' WHERE id = 1") == both


KEYS = """
CREATE TABLE shelves (
  id int GENERATED ALWAYS AS IDENTITY (START WITH 10 INCREMENT BY 2 CACHE 3) PRIMARY KEY, owner int, title text
);
CREATE TABLE books (id int GENERATED BY DEFAULT AS IDENTITY, owner int, shelf int REFERENCES shelves ON DELETE CASCADE);
CREATE VIEW tops AS SELECT s.id, count(b.shelf) AS books FROM shelves s LEFT JOIN books b ON b.shelf = s.id GROUP BY s.id;
"""


def shelve(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    row = session.execute("INSERT INTO shelves (owner) VALUES (%s) RETURNING id", (owner,)).fetchone()
    assert row is not None
    session.execute("INSERT INTO books (owner, shelf) VALUES (%s, %s), (%s, %s)", (owner, row[0], owner, row[0]))
    assert session.execute("SELECT books FROM tops WHERE id = %s", row).fetchone() == (2,)
    session.execute("DELETE FROM shelves WHERE id = %s", (row[0] - 90,))


@pytest.mark.majors(12, 15, 18)
def test_an_identity_key_keeps_its_numbers_and_its_views(each_major: int, database: Database, tmp_path: Path) -> None:
    database.execute(KEYS + "INSERT INTO shelves (owner) SELECT 0 FROM generate_series(1, 300)")
    widen = "ALTER TABLE shelves ALTER COLUMN id TYPE bigint"
    run = roll_out(database, widen, tmp_path)
    carry_out(run, shelve, shelve)
    assert database.execute("SELECT min(id) % 2, count(*) = count(DISTINCT id) FROM shelves") == [(0, True)]
    view = KEYS.split(";\n")[-2]
    once = one_shot(database, KEYS, "DROP VIEW tops", widen, "ALTER TABLE books ALTER shelf TYPE bigint", view)
    assert dump(database.dsn) == once
