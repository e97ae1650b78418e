"""A table's rows move to a database on another server while an app writes them: no error, no lost write, the same table there."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from psycopg.conninfo import make_conninfo

from migrasafe.cli.commands import cli
from migrasafe.cli.plan.session import plan_of
from tests.postgres.plans.rollout import dump
from tests.postgres.plans.two_databases import Client, Journey, at_work, execute, pairs_of_majors, two_servers

pytestmark = pytest.mark.postgres

SETUP = """
CREATE TYPE state AS ENUM ('new', 'paid');
CREATE DOMAIN cents AS integer CHECK (VALUE >= 0);
CREATE TABLE shops (id bigint PRIMARY KEY);
CREATE TABLE orders (
  id bigserial PRIMARY KEY,
  owner integer NOT NULL,
  shop_id bigint REFERENCES shops,
  state state DEFAULT 'new' NOT NULL,
  total cents CONSTRAINT total_is_small CHECK (total < 100000),
  note text COLLATE "C",
  twice integer GENERATED ALWAYS AS (owner * 2) STORED,
  at timestamptz DEFAULT now(),
  UNIQUE (owner, id)
) WITH (fillfactor = 80);
CREATE INDEX orders_open ON orders (owner, at DESC) WHERE state = 'new';
COMMENT ON TABLE orders IS 'what people buy';
COMMENT ON COLUMN orders.note IS 'what they say';
"""
ROWS = """
INSERT INTO shops SELECT generate_series(1, 5);
INSERT INTO orders (owner, shop_id, total, note) SELECT 0, 1 + n % 5, n % 1000, md5(n::text) FROM generate_series(1, 20000) n;
"""
MIGRATION = "-- migrasafe: move-to-database orders -> the archive\nDROP TABLE orders"


@dataclass(frozen=True, kw_only=True)
class Case:
    migration: str


CASES = {"a table moves to another server": Case(migration=MIGRATION)}


def migrasafe(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, list(words), standalone_mode=False, catch_exceptions=False)
    return int(done.return_value or 0), done.output


def journey(old: str, new: str, folder: Path) -> Journey:
    execute(old, SETUP + ROWS)
    words = ["move-to-database", "orders", "the archive", "--schema", old, "--out", str(folder / "plan")]
    status, said = migrasafe("plan", *words)
    assert status == 0, said
    return Journey(old=old, new=new, plan=plan_of(folder / "plan"), folder=folder / "plan")


def of_table(dsn: str) -> list[str]:
    """What pg_dump says of the table, but for the foreign key, which cannot come along."""
    execute(dsn, "CREATE DATABASE wanted")
    wanted = make_conninfo(dsn, dbname="wanted")
    execute(wanted, SETUP)
    execute(wanted, "DROP TABLE shops CASCADE")
    return dump(wanted)


def travel(old: str, new: str, folder: Path, killed: random.Random | None = None) -> list[Client]:
    """The whole plan, each phase done, undone and done again, while the app writes; what the clients did."""
    trip = journey(old, new, folder)
    compare = (
        "compare",
        str(trip.folder),
        "--dsn",
        old,
        "--other-dsn",
        new,
        "--batch-rows",
        "500",
        "--patience",
        "30s",
    )
    wanted = of_table(new)
    first = [Client(number=number, places=[old]) for number in (1, 2)]
    both = [Client(number=number, places=[old, new]) for number in (3, 4)]

    def there_and_back(name: str) -> None:
        trip.gates(name)
        trip.phase(name, killed=killed)
        trip.phase(name, back=True, killed=killed)
        if name == "switch":
            execute(old, "SELECT pg_sleep(0.3)")  # the app writes here again
        trip.phase(name, killed=killed)

    with ExitStack() as app:
        app.enter_context(at_work(both))
        with at_work(first):
            for name in ("expand", "dual-write"):
                there_and_back(name)
            status, said = migrasafe(*compare)
            assert status == 0, said
        status, said = migrasafe(*compare, "--sample", "300")
        assert status == 0, said
        there_and_back("switch")
        there_and_back("contract")
    trip.for_good()
    found = dump(new)
    assert found == wanted, (Counter(found) - Counter(wanted), Counter(wanted) - Counter(found))
    there: dict[object, object] = dict(execute(new, "SELECT id, total FROM orders WHERE owner > 0"))
    kept = {id: total for one in (*first, *both) for id, total in one.wanted.items() if total is not None}
    assert there == kept
    assert execute(new, "SELECT count(*) FROM orders WHERE owner = 0") == [(20000,)]
    assert execute(old, "SELECT to_regclass('orders')") == [(None,)]
    for dsn in (old, new):
        assert execute(dsn, "SELECT count(*) FROM pg_replication_slots") == [(0,)]
        assert execute(
            dsn, "SELECT (SELECT count(*) FROM pg_subscription) + (SELECT count(*) FROM pg_publication)"
        ) == [(0,)]
        assert execute(dsn, "SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('migrasafe')") == [(0,)]
        assert execute(dsn, "SELECT count(*) FROM pg_proc WHERE pronamespace = to_regnamespace('migrasafe')") == [(0,)]
    return [*first, *both]


@pytest.mark.parametrize("majors", pairs_of_majors((15, 15)), ids=str)
def test_a_table_moves_to_another_server_and_nobody_notices(tmp_path: Path, majors: tuple[int, int]) -> None:
    with two_servers(*majors) as (old, new):
        travel(old, new, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("majors", pairs_of_majors((12, 12), (15, 15), (18, 18), (12, 18)), ids=str)
def test_it_comes_to_its_end_though_psql_is_killed_in_every_file(tmp_path: Path, majors: tuple[int, int]) -> None:
    with two_servers(*majors) as (old, new):
        travel(old, new, tmp_path, killed=random.Random(sum(majors)))
