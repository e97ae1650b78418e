"""Columns that move to another table: either version writes its own, in any order, and both read the same after COMMIT."""

from __future__ import annotations

import random
import threading
from contextlib import suppress

import psycopg
import pytest

from migrasafe.plan.dual_write.across import AcrossTables, all_there, copy_rows, write_across
from migrasafe.schema.model import Ref
from tests.postgres.servers import Database
from tests.postgres.whole_server import role_of_its_own

SETUP = """
CREATE TABLE users (id serial PRIMARY KEY, owner int, street text, "Town" json);
CREATE TABLE addresses (user_id int PRIMARY KEY REFERENCES users ON DELETE CASCADE, street text, town json);
INSERT INTO users (street, "Town") SELECT 'Street ' || n, '{"a": 1}' FROM generate_series(1, 20) n;
"""
ACROSS = AcrossTables(
    id="r1",
    old=Ref("public", "users"),
    new=Ref("public", "addresses"),
    key=(("id", "user_id"),),
    columns=(("street", "street"), ("Town", "town")),
)


def begun(database: Database) -> None:
    database.execute(SETUP)
    for statement in write_across(ACROSS).statements:
        database.execute(statement)
    database.execute(copy_rows(ACROSS))


def apart(database: Database) -> object:
    query = all_there(ACROSS).query
    assert query is not None
    return database.execute(query)[0][0]


@pytest.mark.majors(12, 15, 18)
def test_each_version_reads_what_it_wrote_and_the_other_sees_it(each_major: int, database: Database) -> None:
    begun(database)
    assert apart(database) == 0
    choose = random.Random(each_major)
    with database.connect() as session:
        for count in range(150):
            id, street = choose.randrange(1, 25), choose.choice(["Elm", "Oak", None, f"s{count}"])
            town = choose.choice(['{"b": 2}', '{"b":2}', None])
            match choose.choice(["old insert", "new insert", "old", "new", "both", "delete", "touch"]):
                case "old insert":
                    session.execute('INSERT INTO users (street, "Town") VALUES (%s, %s)', (street, town))
                case "new insert":  # the row and its half in one transaction, in the new version's way
                    with session.transaction():
                        made = session.execute("INSERT INTO users (owner) VALUES (1) RETURNING id").fetchone()
                        assert made is not None
                        session.execute("INSERT INTO addresses VALUES (%s, %s, %s)", (made[0], street, town))
                        session.execute("UPDATE users SET owner = 2 WHERE id = %s", made)
                    id = made[0]
                    read = session.execute(
                        "SELECT street, town::text FROM addresses WHERE user_id = %s", (id,)
                    ).fetchone()
                    assert read == (street, town)
                case "old":
                    session.execute('UPDATE users SET street = %s, "Town" = %s WHERE id = %s', (street, town, id))
                case "new":
                    session.execute("UPDATE addresses SET street = %s WHERE user_id = %s", (street, id))
                    read = session.execute("SELECT street FROM users WHERE id = %s", (id,)).fetchone()
                    assert read in ((street,), None)
                case "both":
                    with session.transaction():
                        session.execute("UPDATE users SET street = 'first' WHERE id = %s", (id,))
                        session.execute("UPDATE addresses SET street = %s WHERE user_id = %s", (street, id))
                case "delete":
                    session.execute("DELETE FROM users WHERE id = %s", (id,))
                case _:
                    session.execute("UPDATE users SET owner = owner WHERE id = %s", (id,))
            assert apart(database) == 0
    with database.connect() as session, session.transaction():
        for statement in write_across(ACROSS).undo:
            session.execute(statement)  # type: ignore[call-overload]  # a plain text on purpose
    assert database.execute("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == [(0,)]


def test_rows_from_before_are_copied_while_both_versions_write(database: Database) -> None:
    begun(database)
    database.execute("DELETE FROM addresses WHERE user_id < 15")
    done = threading.Event()
    errors: list[str] = []

    def work(number: int) -> None:
        choose = random.Random(number)
        with psycopg.connect(database.dsn, autocommit=True) as session:
            while not done.is_set():
                id = choose.randrange(1, 21)
                text = (
                    "UPDATE users SET street = %s WHERE id = %s",
                    "UPDATE addresses SET street = %s WHERE user_id = %s",
                )
                try:
                    session.execute(text[number % 2], (f"w{choose.random()}", id))
                except psycopg.errors.DeadlockDetected:
                    continue  # both began at different ends of the same row: the app tries again
                except psycopg.Error as error:
                    errors.append(str(error))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        for id in range(1, 21):
            copied = False
            while not copied:
                with suppress(psycopg.errors.DeadlockDetected):  # it is the copy that may be told to try again
                    database.execute(copy_rows(ACROSS, f"here.id = {id}"))
                    copied = True
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert errors == []
    assert apart(database) == 0


def test_a_writer_needs_no_privilege_on_the_other_table(database: Database) -> None:
    begun(database)
    with role_of_its_own(database) as writer:
        database.execute(f"GRANT SELECT, INSERT, UPDATE ON users TO {writer}; GRANT USAGE ON users_id_seq TO {writer}")
        database.execute(f"SET ROLE {writer}; INSERT INTO users (street) VALUES ('x'); UPDATE users SET street = 'y'")
    assert apart(database) == 0
