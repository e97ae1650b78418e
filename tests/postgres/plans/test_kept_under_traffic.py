"""Columns that triggers keep, a copy and a count, under the traffic of both versions: at the end every row says what it has to."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from migrasafe.plan.words.words import sql_of
from migrasafe.schema.load import schema_from_script
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from tests.postgres.plans.rollout import Work, carry_out, dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE posts (id serial PRIMARY KEY, owner int, title text DEFAULT 'untitled' NOT NULL);
CREATE TABLE comments (
  id serial PRIMARY KEY, owner int, post_id int CONSTRAINT of_post REFERENCES posts ON DELETE CASCADE, body text
);
CREATE INDEX comments_post ON comments (post_id);
CREATE SCHEMA "Shop";
CREATE TABLE "Shop"."Orders" (
  region text, number int, owner int, "Total" numeric, PRIMARY KEY (region, number)
);
CREATE TABLE "Shop"."Lines" (
  id serial PRIMARY KEY, owner int, region text, number int,
  CONSTRAINT "of Order" FOREIGN KEY (region, number) REFERENCES "Shop"."Orders" ON DELETE SET NULL ON UPDATE CASCADE
);
CREATE INDEX "Lines_order" ON "Shop"."Lines" (number, region);
"""
ROWS = """
INSERT INTO posts (owner, title) SELECT 0, 'post ' || n FROM generate_series(1, 100) n;
INSERT INTO comments (owner, post_id) SELECT 0, CASE WHEN n % 9 > 0 THEN n % 90 + 1 END FROM generate_series(1, 500) n;
INSERT INTO "Shop"."Orders" SELECT 'eu', n, 0, n / 4.0 FROM generate_series(1, 50) n;
INSERT INTO "Shop"."Lines" (owner, region, number) SELECT 0, 'eu', n % 50 + 1 FROM generate_series(1, 300) n;
"""


def old(session: psycopg.Connection, rng: random.Random, owner: int) -> int:
    """A version that knows nothing of the column: it writes both tables, those of others too. Gives a post of two comments."""

    def say(sql: str, *given: object) -> psycopg.Cursor:
        return session.execute(sql, given)  # type: ignore[call-overload]  # a plain text on purpose

    row = say("INSERT INTO posts (owner) VALUES (%s) RETURNING id", owner).fetchone()
    assert row is not None
    post, shared = row[0], rng.randrange(1, 100)
    say("INSERT INTO comments (owner, post_id) VALUES (%s, %s), (%s, %s), (%s, %s)", *(owner, post) * 3)
    say("INSERT INTO comments (owner, post_id) VALUES (%s, %s), (%s, %s)", owner, shared, owner, rng.randrange(1, 100))
    say("UPDATE comments SET post_id = %s WHERE owner = %s AND post_id = %s", rng.randrange(1, 100), owner, shared)
    say("UPDATE posts SET title = %s WHERE id = %s", f"t{rng.random()}", shared)
    say("DELETE FROM comments WHERE id = (SELECT min(id) FROM comments WHERE post_id = %s)", post)
    say("UPDATE comments SET post_id = NULL WHERE owner = %s AND post_id = %s", owner, rng.randrange(1, 100))
    if rng.random() < 0.3:
        say("DELETE FROM posts WHERE id = (SELECT max(id) FROM posts WHERE owner = %s AND id < %s)", owner, post)
    return int(post)


def reads_count(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    post = old(session, rng, owner)
    assert session.execute("SELECT comment_count FROM posts WHERE id = %s", (post,)).fetchone() == (2,)


def reads_title(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    post, title = old(session, rng, owner), f"of {owner} {rng.random()}"
    read = "SELECT DISTINCT post_title FROM comments WHERE post_id = %s"
    assert session.execute(read, (post,)).fetchall() == [("untitled",)]
    session.execute("UPDATE posts SET title = %s WHERE id = %s", (title, post))
    assert session.execute(read, (post,)).fetchall() == [(title,)]


def sells(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    number = rng.randrange(100, 2**30)
    session.execute("""INSERT INTO "Shop"."Orders" VALUES ('us', %s, %s, 7)""", (number, owner))
    line = """INSERT INTO "Shop"."Lines" (owner, region, number) VALUES (%s, %s, %s)"""
    session.execute(line, (owner, "us", number))
    session.execute(line, (owner, "eu", rng.randrange(1, 51)))
    session.execute("""UPDATE "Shop"."Orders" SET "Total" = %s WHERE number = %s""", (number, rng.randrange(1, 51)))
    session.execute(
        """UPDATE "Shop"."Orders" SET number = number + 1, "Total" = 8 WHERE region = 'us' AND number = %s""",
        (number,),
    )
    session.execute("""DELETE FROM "Shop"."Orders" WHERE region = 'us' AND number = %s""", (number + 1,))


def old_count(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    old(session, rng, owner)


def in_words(*words: str) -> str:
    return sql_of(words, schema_from_script(read_script(Source(path="setup.sql", text=SETUP))))


@dataclass(frozen=True, kw_only=True)
class Case:
    migration: str
    old: Work
    new: Work


CASES = {
    "comments are counted": Case(
        migration=in_words("count-column", "posts.comment_count", "comments"), old=old_count, new=reads_count
    ),
    "a title is copied": Case(
        migration=in_words("copy-column", "comments.post_title", "posts.title"), old=old_count, new=reads_title
    ),
    "a total is copied by a key of two columns": Case(
        migration=in_words("copy-column", '"Shop"."Lines"."The Total"', '"Shop"."Orders"."Total"'), old=sells, new=sells
    ),
}


@pytest.mark.in_turn
@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("name", CASES)
def test_nobody_notices(each_major: int, database: Database, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    database.execute(SETUP + ROWS)
    run = roll_out(database, case.migration, tmp_path)
    # One UPDATE of all rows would lock them in another order than the triggers do.
    killed = random.Random(each_major) if each_major == 15 else None
    carry_out(run, case.old, case.new, killed=killed, in_batches=True)
    for phase in run.plan.phases:
        run.gates(phase)
    assert dump(database.dsn) == one_shot(database, SETUP, case.migration)
