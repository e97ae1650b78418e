"""Columns that move to another table, under the traffic of both versions: each writes its own table, and reads what it wrote."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.postgres.plans.rollout import Work, carry_out, dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE users (id serial PRIMARY KEY, owner int, street text, town text DEFAULT 'Rome');
CREATE TABLE profiles (user_id int PRIMARY KEY REFERENCES users ON DELETE CASCADE, bio text, seen int DEFAULT 0 NOT NULL);
"""
ROWS = """
INSERT INTO users (owner, street, town) SELECT 0, CASE WHEN n % 3 > 0 THEN 'Street ' || n END, 'Town' FROM generate_series(1, 300) n;
INSERT INTO profiles (user_id, bio) SELECT n, 'x' FROM generate_series(1, 200) n;
"""


def old(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    """The old version makes a row, changes it, and now and then deletes it."""
    row = session.execute(
        "INSERT INTO users (owner, street) VALUES (%s, 'Elm') RETURNING id, town", (owner,)
    ).fetchone()
    assert row is not None and row[1] == "Rome"
    street = f"s{rng.random()}"
    session.execute("UPDATE users SET street = %s, town = NULL WHERE id = %s", (street, row[0]))
    assert session.execute("SELECT street, town FROM users WHERE id = %s", row[:1]).fetchone() == (street, None)
    # Rows from before, each of one client.
    session.execute("UPDATE users SET street = %s WHERE id = %s", (street, rng.randrange(0, 70) * 4 + owner))
    if rng.random() < 0.3:
        session.execute("DELETE FROM users WHERE id = %s", row[:1])


def new(session: psycopg.Connection, rng: random.Random, owner: int, table: str = "addresses") -> None:
    """The new version makes both halves in one transaction."""

    def say(text: str, *given: object) -> psycopg.Cursor:
        return session.execute(text, given)  # type: ignore[call-overload]  # a plain text on purpose

    street = f"n{rng.random()}"
    with session.transaction():
        row = say("INSERT INTO users (owner) VALUES (%s) RETURNING id", owner).fetchone()
        assert row is not None
        say(f"INSERT INTO {table} (user_id, street) VALUES (%s, %s)", row[0], street)
    read = f"SELECT street FROM {table} WHERE user_id = %s"
    assert say(read, *row).fetchone() == (street,)
    say(f"UPDATE {table} SET street = 'again' WHERE user_id = %s", *row)
    assert say(read, *row).fetchone() == ("again",)
    say(f"UPDATE {table} SET street = %s WHERE user_id = %s", street, rng.randrange(0, 70) * 4 + owner % 4)


def new_profiles(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    new(session, rng, owner, "profiles")


def old_profiles(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    """The old version makes rows of the other table, too, and knows nothing of what moves there."""
    old(session, rng, owner)
    row = session.execute("INSERT INTO users (owner, street) VALUES (%s, 'Oak') RETURNING id", (owner,)).fetchone()
    assert row is not None
    session.execute(
        "INSERT INTO profiles (user_id, bio) VALUES (%s, 'b') ON CONFLICT (user_id) DO UPDATE SET bio = 'b'", row
    )
    assert session.execute("SELECT street FROM users WHERE id = %s", row).fetchone() == ("Oak",)


def old_apart(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    """The old version has a table of its own for it, with a row for some."""

    def say(text: str, *given: object) -> psycopg.Cursor:
        return session.execute(text, given)  # type: ignore[call-overload]  # a plain text on purpose

    row = say("INSERT INTO users (owner) VALUES (%s) RETURNING id", owner).fetchone()
    assert row is not None
    read = "SELECT bio, seen FROM profiles WHERE user_id = %s"
    say("INSERT INTO profiles (user_id, bio) VALUES (%s, 'b')", row[0])
    assert say(read, *row).fetchone() == ("b", 0)
    bio = f"o{rng.random()}"
    say("UPDATE profiles SET bio = %s, seen = seen + 1 WHERE user_id = %s", bio, row[0])
    assert say(read, *row).fetchone() == (bio, 1)
    # Rows from before, each of one client.
    say("UPDATE profiles SET bio = %s WHERE user_id = %s", bio, rng.randrange(0, 49) * 4 + owner)
    if rng.random() < 0.3:
        say("DELETE FROM profiles WHERE user_id = %s", *row)
        assert say(read, *row).fetchone() is None
        say("INSERT INTO profiles (user_id, seen) VALUES (%s, 3) ON CONFLICT (user_id) DO UPDATE SET seen = 4", *row)
        assert say(read, *row).fetchone() == (None, 3)
    if rng.random() < 0.3:
        say("DELETE FROM users WHERE id = %s", *row)


def new_together(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    """The new version has all in one row."""

    def say(text: str, *given: object) -> psycopg.Cursor:
        return session.execute(text, given)  # type: ignore[call-overload]  # a plain text on purpose

    row = say("INSERT INTO users (owner, bio) VALUES (%s, 'n') RETURNING id", owner).fetchone()
    assert row is not None
    bio = f"n{rng.random()}"
    say("UPDATE users SET bio = %s, seen = 5 WHERE id = %s", bio, *row)
    read = "SELECT bio, seen FROM users WHERE id = %s"
    assert say(read, *row).fetchone() == (bio, 5)
    say("UPDATE users SET bio = NULL, town = 'Oslo' WHERE id = %s", *row)
    assert say(read, *row).fetchone() == (None, 5)
    say("UPDATE users SET bio = %s WHERE id = %s", bio, rng.randrange(0, 49) * 4 + owner % 4)
    if rng.random() < 0.3:
        say("DELETE FROM users WHERE id = %s", *row)


@dataclass(frozen=True, kw_only=True)
class Case:
    migration: str
    old: Work
    new: Work
    kept: str
    """The table that has it at the end."""
    of_rows: str = "street LIKE 'Street%'"
    """What some rows from before still say."""


CREATE = "CREATE TABLE addresses (user_id int PRIMARY KEY REFERENCES users ON DELETE CASCADE, street text, town text)"
CASES = {
    "columns are extracted into a new table": Case(
        migration=f"""
            {CREATE};
            INSERT INTO addresses (user_id, street, town) SELECT id, street, town FROM users;
            -- migrasafe: move users.street, town -> addresses
            ALTER TABLE users DROP COLUMN street, DROP COLUMN town
        """,
        old=old,
        new=new,
        kept="addresses",
    ),
    "a column moves to another table": Case(
        migration="""
            -- migrasafe: move users.street -> profiles
            ALTER TABLE profiles ADD COLUMN street text;
            UPDATE profiles SET street = users.street FROM users WHERE users.id = user_id;
            ALTER TABLE users DROP COLUMN street
        """,
        old=old_profiles,
        new=new_profiles,
        kept="profiles",
    ),
    "a table is taken in by another": Case(
        migration="""
            -- migrasafe: merge profiles -> users
            ALTER TABLE users ADD COLUMN bio text, ADD COLUMN seen int;
            UPDATE users SET bio = profiles.bio, seen = profiles.seen FROM profiles WHERE user_id = users.id;
            DROP TABLE profiles
        """,
        old=old_apart,
        new=new_together,
        kept="users",
        of_rows="bio = 'x' AND seen = 0",
    ),
}


@pytest.mark.in_turn
@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_nobody_notices(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    database.execute(SETUP + ROWS)
    run = roll_out(database, case.migration, tmp_path)
    carry_out(run, case.old, case.new, killed=random.Random(each_major) if each_major == 15 else None)
    if case.kept != "users":
        lost = f"SELECT count(*) FROM users LEFT JOIN {case.kept} ON user_id = users.id WHERE user_id IS NULL"
        assert database.execute(lost) == [(0,)]
    key = "id" if case.kept == "users" else "user_id"
    of_rows = f"SELECT count(*) FROM {case.kept} WHERE {key} <= 300 AND {case.of_rows}"
    assert database.execute(of_rows)[0][0] > 0
    once = [one for one in case.migration.split(";") if one.strip()]
    told, wanted = dump(database.dsn), one_shot(database, SETUP, *once)
    assert [one for one in told if one not in wanted] == []
    assert told == wanted


def test_what_the_backfill_has_not_reached_outlives_writes_of_its_other_half(
    database: Database, tmp_path: Path
) -> None:
    database.execute(SETUP + ROWS)
    run = roll_out(
        database,
        """
        -- migrasafe: move users.street, town -> profiles
        ALTER TABLE profiles ADD COLUMN street text, ADD COLUMN town text;
        UPDATE profiles SET street = users.street, town = users.town FROM users WHERE users.id = user_id;
        ALTER TABLE users DROP COLUMN street, DROP COLUMN town
        """,
        tmp_path,
    )
    for phase in run.plan.phases[:2]:
        for name in run.files(phase)[0]:
            run.run(name)
    database.execute("UPDATE profiles SET bio = 'the old version knows no more' WHERE user_id = 1")
    database.execute("UPDATE profiles SET street = 'Elm' WHERE user_id = 2")
    database.execute("INSERT INTO profiles (user_id, bio) VALUES (250, 'the old version')")
    database.execute("INSERT INTO profiles (user_id, town) VALUES (251, 'Oslo')")
    database.execute("UPDATE users SET town = NULL WHERE id = 4")
    both = (
        "SELECT id, users.street, users.town, profiles.street, profiles.town FROM users LEFT JOIN profiles ON user_id = id"
        " WHERE id IN (1, 2, 4, 250, 251) ORDER BY id"
    )
    assert database.execute(both) == [
        (1, "Street 1", "Town", None, None),
        (2, "Elm", "Town", "Elm", "Town"),
        (4, "Street 4", None, "Street 4", None),
        (250, "Street 250", "Town", "Street 250", "Town"),
        (251, "Street 251", "Oslo", "Street 251", "Oslo"),
    ]
