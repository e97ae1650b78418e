"""After every statement of the scripts, the evolved schema is the one the server has.

Each .sql file in evolve_scripts/ runs in a fresh database, statement by statement; a first line `-- since: 15` leaves it
out on older servers. What is not compared is said in migrasafe/schema/compare.py.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from migrasafe.postgres.catalog.introspect import load_schema
from migrasafe.postgres.connect import run
from migrasafe.schema.compare import differences
from migrasafe.schema.evolve import evolve
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import Moment, Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.script import Script
from migrasafe.sql.source import read_source
from migrasafe.target import OLDEST
from tests.postgres.servers import Database

SCRIPTS = sorted((Path(__file__).parent / "evolve_scripts").glob("*.sql"))


def script_of(path: Path) -> Script:
    return read_script(read_source(path))


def since(path: Path) -> int:
    match = re.match(r"-- since: (\d+)", path.read_text(encoding="utf-8"))
    return int(match[1]) if match else OLDEST


def texts(script: Script) -> list[str]:
    return [script.source.text[one.span.start : one.span.end] for one in script.statements]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_the_schema_is_the_servers_after_every_statement(path: Path, each_major: int, database: Database) -> None:
    if since(path) > each_major:
        assert since(path) > OLDEST  # syntax that this server does not have
        return
    session = database.connect()
    schema = load_schema(session)
    script = script_of(path)
    for number, (statement, sql) in enumerate(zip(script.statements, texts(script), strict=True)):
        run(session, sql)
        schema = evolve(schema, statement, Moment(0, 0, number))
        assert differences(schema, load_schema(session)) == (), f"after {sql}"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_history_that_starts_from_nothing_ends_in_the_same_schema(path: Path, database: Database) -> None:
    if since(path) > database.major:
        assert since(path) > OLDEST
        return
    session = database.connect()
    script = script_of(path)
    for sql in texts(script):
        run(session, sql)
    schema = Schema()
    for number, statement in enumerate(script.statements):
        schema = evolve(schema, statement, Moment(0, 0, number))
    found = differences(schema, load_schema(session))
    # ALTER TABLE IF EXISTS on a table that nobody saw being made: taken to exist, because a history may begin late.
    assert [one for one in found if one != "public.not_there: table only here"] == []


def test_a_script_read_as_a_dump_gives_the_schema_it_makes(database: Database) -> None:
    script = script_of(Path(__file__).parent / "evolve_scripts" / "partitions.sql")
    with database.connect() as session:
        for sql in texts(script):
            run(session, sql)
        assert differences(schema_from_script(script), load_schema(session)) == ()


def test_the_scripts_hold_more_than_250_statements_of_all_kinds() -> None:
    statements = [statement for path in SCRIPTS for statement in script_of(path).statements]
    assert len(statements) >= 250
    assert len({type(statement) for statement in statements}) >= 30
