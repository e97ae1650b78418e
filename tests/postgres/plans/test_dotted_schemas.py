"""Tables whose schema has a dot in its name: what a plan says of a table as text is found again in the catalog."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result

from migrasafe.cli.commands import cli
from migrasafe.plan import predicates
from migrasafe.plan.output.write_plan import PLAN, read_plan
from migrasafe.schema.names import Ref
from tests.postgres.servers import Database

TABLE = Ref("shop.eu", "or.ders")
OTHER = Ref("shop", "eu.or.ders")
SETUP = """
CREATE SCHEMA "shop.eu";
CREATE TABLE "shop.eu"."or.ders" (id bigserial PRIMARY KEY, note text);
INSERT INTO "shop.eu"."or.ders" (note) SELECT n FROM generate_series(1, 2000) n;
CREATE SCHEMA shop;
CREATE TABLE shop."eu.or.ders" (id bigserial PRIMARY KEY);
ANALYZE;
"""


def ask(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False, catch_exceptions=False)


def test_sizes_locks_and_the_state_of_its_tables_are_told(database: Database, tmp_path: Path) -> None:
    database.execute(SETUP)
    folder = tmp_path / "plan"
    change = ("rename", '"shop.eu"."or.ders".note', "remark", "--schema", database.dsn, "--out", folder)
    assert ask("plan", *change).return_value in (None, 0)
    plan = read_plan((folder / PLAN).read_text(encoding="utf-8"), PLAN).plan
    assert [(size.table, size.rows) for size in plan.sizes] == [('"shop.eu".or.ders', 2000)]
    (job,) = (job for phase in plan.phases for job in phase.jobs)
    assert job.estimate is not None and job.estimate.rows == 2000
    expand = (folder / "10_expand.sql").read_text(encoding="utf-8")
    assert predicates.relation(TABLE) in expand
    assert predicates.relation(OTHER) not in expand
    assert ask("gate", folder, "expand", "--dsn", database.dsn).return_value == 0
    database.execute('ALTER TABLE "shop.eu"."or.ders" ADD meanwhile int')
    refused = CliRunner().invoke(cli, ["gate", str(folder), "expand", "--dsn", database.dsn], standalone_mode=False)
    assert "not as it was when the plan was made" in str(refused.exception)
