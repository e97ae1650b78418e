"""What is quoted comes back from a server as it was, whatever it holds; and a plan over any names runs."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from migrasafe.postgres.connect import run
from migrasafe.sql.parse import read_script
from migrasafe.sql.quote import free_tag, quote_body, quote_ident, quote_literal
from migrasafe.sql.source import Source
from tests.in_process import migrasafe
from tests.postgres.backfills import backfill
from tests.postgres.servers import Database

ALPHABET = "'\"\\$;-/*%_{}()[]:,.@#&|!?`~^=<>+ \t\n\r\x01\x1baAzZ09éß日😀\u00a0\u200b\u2028E" + "$$" + "''" + "--"
WORDS = [
    "select",
    "user",
    "$migrasafe$",
    "'; DROP TABLE t; --",
    "E'",
    "U&'",
    "\\'",
    "%s",
    "%(a)s",
    "{0}",
    "--",
    "/*",
    "*/",
]
SEED, TIMES = 20261121, 2_000
LONGEST_NAME_BYTES = 63


def texts(seed: int, times: int) -> list[str]:
    rng = random.Random(seed)

    def one() -> str:
        pieces = [rng.choice(WORDS) if rng.random() < 0.2 else rng.choice(ALPHABET) for _ in range(rng.randint(1, 14))]
        return "".join(pieces)

    return [one() for _ in range(times)]


@pytest.mark.parametrize("standard", ["on", "off"])
def test_literals_come_back_whatever_they_hold(standard: str, each_major: int, database: Database) -> None:
    with database.connect() as session:
        run(session, f"SET standard_conforming_strings = {standard}")
        run(session, "SET escape_string_warning = off")
        for start in range(0, TIMES, 500):
            asked = texts(SEED, TIMES)[start : start + 500]
            ((answer,),) = run(session, f"SELECT ARRAY[{', '.join(map(quote_literal, asked))}]")
            assert answer == asked


def test_names_come_back_whatever_they_hold(each_major: int, database: Database) -> None:
    names = {name for name in texts(SEED + 1, TIMES) if len(name.encode()) <= LONGEST_NAME_BYTES}
    asked = sorted(names)
    with database.connect() as session:
        for start in range(0, len(asked), 500):
            part = asked[start : start + 500]
            cursor = session.execute("SELECT " + ", ".join(f"1 AS {quote_ident(name)}" for name in part))
            assert [column.name for column in cursor.description or ()] == part
        for name in asked[:50]:
            run(session, f"CREATE TABLE {quote_ident(name)} ({quote_ident(name)} int)")
        made = run(session, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert {name for (name,) in made} == set(asked[:50])


def test_a_body_ends_where_it_should(database: Database) -> None:
    for text in ("RETURN 1;", "/* $migrasafe$ */ RETURN 1;", "/* $migrasafe$ $migrasafe_2$ $$ $a$ */ RETURN 1;"):
        body = quote_body(f"BEGIN {text} END")
        database.execute(f"CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE plpgsql AS {body}")
        assert database.execute("SELECT f()") == [(1,)]
    assert free_tag("gate", ["x $gate$ y", "$gate_2$"]) == "$gate_3$"


EVERYTHING = 'it\'s "odd" $migrasafe$ $step$;\\--{x}%s'
STRANGE = ["$gate$;\\", "a''b--/*", 'é"日 {x} %s']
CHANGES = [
    "ALTER TABLE {table} RENAME COLUMN {column} TO {other}",
    "ALTER TABLE {table} ALTER COLUMN {column} TYPE bigint",
]


@pytest.mark.majors(15)
@pytest.mark.parametrize("name", [EVERYTHING, *(pytest.param(name, marks=pytest.mark.soak) for name in STRANGE)])
@pytest.mark.parametrize("change", CHANGES)
def test_a_plan_over_strange_names_keeps_its_promises(
    name: str, change: str, database: Database, tmp_path: Path
) -> None:
    table, column, other = quote_ident(name), quote_ident(f"c {name}"[:40]), quote_ident(f"d {name}"[:40])
    (tmp_path / "schema.sql").write_text(f"CREATE TABLE {table} (id bigint PRIMARY KEY, {column} int);\n")
    (tmp_path / "change.sql").write_text(change.format(table=table, column=column, other=other))
    planned = migrasafe(tmp_path, "plan", "--schema", "schema.sql", "--out", "p", "change.sql")
    assert planned.returncode == 0, planned.stderr
    proved = migrasafe(tmp_path, "rehearse", "p", "--schema", "schema.sql", "--dsn", database.dsn, "--rows", "9")
    assert proved.returncode == 0, proved.stdout[-1500:] + proved.stderr


def test_every_function_of_the_state_tables_pins_its_search_path(each_major: int, database: Database) -> None:
    said = backfill(database.dsn, "init")
    assert said.status == 0, said.output
    made = database.execute(
        "SELECT proname, proconfig FROM pg_proc WHERE pronamespace = 'migrasafe'::regnamespace ORDER BY 1"
    )
    assert made
    assert [name for name, config in made if not any(one.startswith("search_path=") for one in config or ())] == []


def test_every_function_that_a_plan_makes_pins_its_search_path(tmp_path: Path) -> None:
    templates = sorted(Path(__file__).parents[2].joinpath("migrasafe").rglob("*.sql"))
    texts_of = {path: path.read_text(encoding="utf-8") for path in templates}
    texts_of |= {path: path.read_text(encoding="utf-8") for path in (templates[0].parents[2] / "plan").rglob("*.py")}
    found = 0
    for path, text in texts_of.items():
        for made in re.finditer(r"CREATE (?:OR REPLACE )?FUNCTION (?=[{mp])(?!{definition}|{[\w.]+} …)", text):
            found += 1
            head = text[made.start() : made.start() + 400]
            pinned = r"SET\s+search_path|pg_temp\.in_the_way|backfill_fence|No search_path of its own"
            assert re.search(pinned, head), path.name
    assert found >= 8


def test_a_quoted_name_is_read_back_by_our_own_parser_too() -> None:
    for name in texts(SEED + 2, 500):
        sql = f"ALTER TABLE {quote_ident(name)} RENAME TO {quote_ident('x' + name)}"
        (statement,) = read_script(Source(path="", text=sql)).statements
        assert type(statement).__name__ == "Rename"
