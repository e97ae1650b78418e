"""One row that becomes several, under the traffic of both versions: a reference becomes links, an array becomes rows."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.postgres.plans.rollout import Work, carry_out, dump, one_shot, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE authors (id serial PRIMARY KEY, name text);
CREATE TABLE books (
  id serial PRIMARY KEY, owner int, author_id int NOT NULL REFERENCES authors, tags text[] DEFAULT '{}' NOT NULL, sizes int[]
);
CREATE INDEX books_author ON books (author_id);
CREATE INDEX books_tags ON books USING gin (tags);
CREATE SCHEMA "Shop";
CREATE TABLE "Shop"."Staff" (tenant int, id int, PRIMARY KEY (tenant, id));
CREATE TABLE "Shop"."Tasks" (
  tenant int, number serial, owner int, "Done by" int, PRIMARY KEY (tenant, number),
  FOREIGN KEY (tenant, "Done by") REFERENCES "Shop"."Staff" (tenant, id)
);
"""
ROWS = """
INSERT INTO authors (name) SELECT 'author ' || n FROM generate_series(1, 50) n;
INSERT INTO books (owner, author_id, tags, sizes) SELECT 0, n % 50 + 1,
  CASE n % 4 WHEN 0 THEN '{}' WHEN 1 THEN ARRAY['a', NULL, 'a'] ELSE ARRAY['t' || n, 'b'] END,
  CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN '{{1,2},{3,4}}' WHEN 2 THEN '[0:1]={5,6}' ELSE ARRAY[n] END
  FROM generate_series(1, 300) n;
INSERT INTO "Shop"."Staff" SELECT n % 3, n FROM generate_series(1, 30) n;
INSERT INTO "Shop"."Tasks" (tenant, owner, "Done by")
  SELECT n % 3, 0, CASE WHEN n % 4 > 0 THEN n % 10 * 3 + n % 3 END FROM generate_series(3, 200) n
  WHERE n % 10 * 3 + n % 3 > 0;
"""


class App:
    """A version of the app: what it says, and the row that comes back."""

    def __init__(self, session: psycopg.Connection) -> None:
        self.session = session

    def say(self, sql: str, *given: object) -> psycopg.Cursor:
        return self.session.execute(sql, given)  # type: ignore[call-overload]  # a plain text on purpose

    def one(self, sql: str, *given: object) -> object:
        row = self.say(sql, *given).fetchone()
        assert row is not None, sql
        return row[0]


def one_author(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    app, (first, second) = App(session), rng.sample(range(1, 51), 2)
    book = app.one("INSERT INTO books (owner, author_id) VALUES (%s, %s) RETURNING id", owner, first)
    read = "SELECT author_id FROM books WHERE id = %s"
    assert app.one(read, book) == first
    app.say("UPDATE books SET author_id = %s WHERE id = %s", second, book)
    assert app.one(read, book) == second
    # Rows from before, each of one client.
    app.say("UPDATE books SET author_id = %s WHERE id = %s", first, rng.randrange(0, 70) * 4 + owner)
    app.say("UPDATE books SET author_id = author_id, owner = 0 WHERE id = %s", rng.randrange(0, 70) * 4 + owner)
    if rng.random() < 0.3:
        app.say("DELETE FROM books WHERE id = %s", book)


def several_authors(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    app, (first, second, third) = App(session), rng.sample(range(1, 51), 3)
    read = "SELECT array_agg(authors_id ORDER BY authors_id) FROM book_authors WHERE books_id = %s"
    link = "INSERT INTO book_authors (books_id, authors_id) VALUES (%s, %s)"
    with session.transaction():
        book = app.one("INSERT INTO books (owner) VALUES (%s) RETURNING id", owner)
        app.say(link, book, first)
    app.say(f"{link}, (%s, %s)", book, second, book, third)
    assert app.one(read, book) == sorted([first, second, third])
    app.say("DELETE FROM book_authors WHERE books_id = %s AND authors_id = %s", book, first)
    assert app.one(read, book) == sorted([second, third])
    other = rng.randrange(0, 70) * 4 + owner % 4
    app.say(f"{link} ON CONFLICT DO NOTHING", other, first) if app.one(
        "SELECT count(*) FROM books WHERE id = %s", other
    ) else None
    app.say("DELETE FROM book_authors WHERE books_id = %s AND authors_id <> %s", other, first)


def one_of_staff(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    app = App(session)
    task = """INSERT INTO "Shop"."Tasks" (tenant, owner, "Done by") VALUES (1, %s, %s) RETURNING number"""
    number = app.one(task, owner, rng.choice([1, 4, None]))
    read = """SELECT "Done by" FROM "Shop"."Tasks" WHERE tenant = 1 AND number = %s"""
    for value in (7, None, 10):
        app.say("""UPDATE "Shop"."Tasks" SET "Done by" = %s WHERE number = %s""", value, number)
        assert app.one(read, number) == value
    app.say("""DELETE FROM "Shop"."Tasks" WHERE number = %s""", number)


def several_of_staff(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
    app = App(session)
    number = app.one("""INSERT INTO "Shop"."Tasks" (tenant, owner) VALUES (2, %s) RETURNING number""", owner)
    link = """INSERT INTO "Shop"."Doers" (tenant, number, staff) VALUES (2, %s, %s)"""
    app.say(link, number, 5)
    app.say(link, number, 8)
    app.say("""UPDATE "Shop"."Doers" SET staff = 11 WHERE number = %s AND staff = 5""", number)
    read = """SELECT array_agg(staff ORDER BY staff) FROM "Shop"."Doers" WHERE number = %s"""
    assert app.one(read, number) == [8, 11]
    app.say("""DELETE FROM "Shop"."Doers" WHERE number = %s""", number)
    assert app.one(read, number) is None


def in_array(column: str, values: list[object]) -> Work:
    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        app, first, second = App(session), rng.choice(values), rng.choice(values)
        book = app.one(f"INSERT INTO books (owner, author_id, {column}) VALUES (%s, 1, %s) RETURNING id", owner, first)
        read = f"SELECT {column} FROM books WHERE id = %s"
        assert app.one(read, book) == first
        app.say(f"UPDATE books SET {column} = %s WHERE id = %s", second, book)
        assert app.one(read, book) == second
        app.say(f"UPDATE books SET {column} = {column} || {column} WHERE id = %s", book)
        mine = rng.randrange(0, 70) * 4 + owner
        app.say(f"UPDATE books SET {column} = %s WHERE id = %s", first, mine)
        if rng.random() < 0.3:
            app.say("DELETE FROM books WHERE id = %s", book)

    return work


def in_rows(table: str, value: str, values: list[object]) -> Work:
    def work(session: psycopg.Connection, rng: random.Random, owner: int) -> None:
        app, one, other = App(session), rng.choice(values), rng.choice(values)
        book = app.one("INSERT INTO books (owner, author_id) VALUES (%s, 1) RETURNING id", owner)
        add = f"INSERT INTO {table} (books_id, position, {value}) VALUES (%s, %s, %s)"
        app.say(f"{add}, (%s, 30, %s)", book, 10, one, book, other)
        app.say(add, book, 20, one)
        read = f"SELECT array_agg({value} ORDER BY position) FROM {table} WHERE books_id = %s"
        assert app.one(read, book) == [one, one, other]
        app.say(f"UPDATE {table} SET {value} = %s WHERE books_id = %s AND position = 20", other, book)
        app.say(f"DELETE FROM {table} WHERE books_id = %s AND position = 10", book)
        assert app.one(read, book) == [other, other]
        mine = rng.randrange(0, 70) * 4 + owner % 4
        app.say(f"DELETE FROM {table} WHERE books_id = %s AND position > 1", mine)
        if rng.random() < 0.3:
            app.say("DELETE FROM books WHERE id = %s", book)

    return work


@dataclass(frozen=True, kw_only=True)
class Case:
    migration: str
    old: Work
    new: Work


KEY = "books_id int NOT NULL, position int NOT NULL, PRIMARY KEY (books_id, position), FOREIGN KEY (books_id) REFERENCES books"
CASES = {
    "a book has several authors": Case(
        migration="""
            CREATE TABLE book_authors (
              books_id int NOT NULL REFERENCES books ON DELETE CASCADE, authors_id int NOT NULL REFERENCES authors ON DELETE CASCADE,
              PRIMARY KEY (books_id, authors_id)
            );
            INSERT INTO book_authors SELECT id, author_id FROM books;
            -- migrasafe: link books.author_id -> book_authors
            ALTER TABLE books DROP COLUMN author_id
        """,
        old=one_author,
        new=several_authors,
    ),
    "a task is done by several of a tenant": Case(
        migration="""
            CREATE TABLE "Shop"."Doers" (
              tenant int NOT NULL, number int NOT NULL, staff int NOT NULL, since int DEFAULT 0 NOT NULL,
              PRIMARY KEY (tenant, number, staff),
              FOREIGN KEY (tenant, number) REFERENCES "Shop"."Tasks" ON DELETE CASCADE,
              FOREIGN KEY (tenant, staff) REFERENCES "Shop"."Staff"
            );
            INSERT INTO "Shop"."Doers" SELECT tenant, number, "Done by" FROM "Shop"."Tasks" WHERE "Done by" IS NOT NULL;
            -- migrasafe: link "Shop"."Tasks"."Done by" -> "Shop"."Doers"
            ALTER TABLE "Shop"."Tasks" DROP COLUMN "Done by"
        """,
        old=one_of_staff,
        new=several_of_staff,
    ),
    "tags are rows": Case(
        migration=f"""
            CREATE TABLE book_tags ({KEY} ON DELETE CASCADE, tag text);
            -- migrasafe: rows books.tags -> book_tags (position, tag)
            ALTER TABLE books DROP COLUMN tags
        """,
        old=in_array("tags", [["a", "b"], [], ["x", None, "x"], ["it's", "{}"]]),
        new=in_rows("book_tags", "tag", ["a", "NULL", "", None]),
    ),
    "sizes are rows": Case(
        migration=f"""
            CREATE TABLE book_sizes ({KEY} ON DELETE CASCADE, size int);
            -- migrasafe: rows books.sizes -> book_sizes (position, size)
            ALTER TABLE books DROP COLUMN sizes
        """,
        old=in_array("sizes", [[1, 2], [], None, [3]]),
        new=in_rows("book_sizes", "size", [7, 8, None]),
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
    once = [one for one in case.migration.split(";") if one.strip()]
    assert dump(database.dsn) == one_shot(database, SETUP, *once)
