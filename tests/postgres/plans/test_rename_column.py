"""The rename of a column, carried out under the traffic of both versions."""

from __future__ import annotations

import random
from pathlib import Path

import psycopg
import pytest

from migrasafe.plan.changes.rename_column import RenameColumn
from migrasafe.plan.model import PhaseName
from migrasafe.sql.statements import Name
from tests.postgres.plans.rollout import dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE users (
  id bigserial PRIMARY KEY,
  owner int NOT NULL,
  name varchar(50) DEFAULT 'anon' NOT NULL CHECK (name <> ''),
  boss bigint REFERENCES users (id)
);
CREATE INDEX users_lower_name ON users (lower(name) varchar_pattern_ops DESC, owner) INCLUDE (boss) WHERE name <> 'x';
CREATE VIEW named AS SELECT u.id, u.name FROM users u WHERE name <> 'x';
CREATE FUNCTION trim_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN NEW.boss := NULL; RETURN NEW; END $$;
CREATE TRIGGER trims BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION trim_name();
INSERT INTO users (owner, name) SELECT 0, 'user ' || n FROM generate_series(1, 2000) n;
"""
ONE_SHOT = "ALTER TABLE users RENAME COLUMN name TO full_name"


def app(column: str):  # type: ignore[no-untyped-def]  # a Work
    """A version of the app that calls the column so: what it writes it reads."""

    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        text = f"{column} {rng.random()}"
        row = session.execute(
            f"INSERT INTO users (owner, {column}) VALUES (%s, %s) RETURNING id, {column}", (owner, text)
        ).fetchone()
        assert row is not None and row[1] == text
        text = f"again {rng.random()}"
        session.execute(f"UPDATE users SET {column} = %s WHERE id = %s", (text, row[0]))
        read = session.execute(f"SELECT {column} FROM users WHERE id = %s", (row[0],)).fetchone()
        assert read == (text,), (read, text)
        old = session.execute(
            f"UPDATE users SET {column} = {column} || '!' WHERE id = %s RETURNING {column}", (rng.randrange(1, 2000),)
        ).fetchone()
        assert old is not None and old[0].endswith("!")
        if rng.random() < 0.2:
            default = session.execute(f"INSERT INTO users (owner) VALUES (%s) RETURNING {column}", (owner,)).fetchone()
            assert default == ("anon",)

    return work


@pytest.mark.parametrize("way", ["triggers", "view"])
def test_nobody_notices_the_rename_of_a_column(each_major: int, database: Database, tmp_path: Path, way: str) -> None:
    database.execute(SETUP)
    run = roll_out(
        database, RenameColumn(table=Name(None, "users"), column="name", new_name="full_name", way=way), tmp_path
    )
    files = sorted(path.name for path in tmp_path.iterdir())
    ahead = [name for name in files if not name.startswith("undo_") and "contract" not in name]
    with run.clients("old", app("name"), range(1, 3)):
        for name in ahead:
            phase = PhaseName(name[3:].removesuffix(".sql"))
            if phase is PhaseName.VERIFY:
                run.backfill()
            run.gates(phase)
            run.check(name)
            assert "nothing to do" in run.check(name)
            run.check(f"undo_{name}")
            run.check(f"undo_{name}")
            if phase is PhaseName.VERIFY:
                run.gates(phase)
            run.check(name)
        with run.clients("new", app("full_name"), range(3, 5)):
            pass
    with run.clients("new", app("full_name"), range(5, 7)):
        run.check("60_contract.sql")
        run.check("60_contract.sql")
        run.check("undo_60_contract.sql")
        run.check("60_contract.sql")
        if way == "triggers":
            run.check("61_contract_for_good.sql")
        for name in files:
            if not name.startswith("undo_"):
                assert "nothing to do" in run.check(name)
    assert dump(database.dsn) == one_shot(database, SETUP, ONE_SHOT)
