"""A plan's migrations for each tool, carried out: the same schema as with the SQL files, and refusals where a gate says no."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from migrasafe.cli.commands import cli
from migrasafe.plan.model import Plan
from migrasafe.plan.output import FORMATS, load_writer
from migrasafe.plan.output.model import Output, Place
from migrasafe.plan.output.pieces import pieces_of
from migrasafe.plan.templates import sql_template
from tests.postgres.plans.rollout import Rollout, dump, one_shot, roll_out
from tests.postgres.plans.tools import RefusedError, Tool, prepare, tool_of
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE teams (id bigserial PRIMARY KEY, title text);
CREATE TABLE users (
  id bigserial PRIMARY KEY,
  name varchar(50) DEFAULT 'an:on %s' NOT NULL CHECK (name <> ':no \\% "x"'),
  team_id bigint
);
CREATE INDEX users_name ON users (lower(name)) WHERE name LIKE 'a%';
"""
ROWS = """
INSERT INTO teams (title) SELECT 'team ' || n FROM generate_series(1, 9) n;
INSERT INTO users (name, team_id) SELECT 'user ' || n, 1 + n % 9 FROM generate_series(1, 500) n;
"""
MIGRATION = """ALTER TABLE users RENAME COLUMN name TO full_name;
ALTER TABLE users ADD CONSTRAINT known_team FOREIGN KEY (team_id) REFERENCES teams"""
INDEX = "CREATE INDEX users_team_id_idx ON public.users USING btree (team_id)"
ALL_THE_WAY_BACK = ("alembic", "django", "flyway", "golang-migrate")
"""The others have the same statements as golang-migrate: of them only one phase is taken back."""
OF_TOOLS = ("alembic_version", "django_migrations", "schema_migrations", "_prisma_migrations")
CONFIRMED = {"contract": "old-version-gone", "contract_for_good": "for-good"}


def test_every_tool_is_tested() -> None:
    assert set(FORMATS) == {"alembic", "flyway", "golang-migrate", "dbmate", "sqlx", "prisma", "django"}


def planned(name: str, database: Database, tmp_path: Path) -> tuple[Rollout, Output, Tool]:
    """The plan, its migrations in a project of the tool, and the tool."""
    project = tmp_path / "project"
    folder = prepare(name, project)
    last = {"alembic": "first0", "django": "0001_initial"}.get(name)

    def outputs(plan: Plan) -> tuple[Output, ...]:
        place = Place(plan=plan.id, title=plan.title, now=datetime(2026, 1, 2, tzinfo=UTC), last=last, app="shop")
        return (load_writer(name)(pieces_of(plan), place),)

    run = roll_out(database, MIGRATION, tmp_path / "plan", outputs=outputs)
    (output,) = outputs(run.plan)
    shutil.copytree(run.folder / name, folder, dirs_exist_ok=True)
    return run, output, tool_of(name, project, database)


def carry_out(piece: str, run: Rollout, output: Output, tool: Tool) -> None:
    """Run a piece; where the rows have to be filled, or a person has to be asked, it is refused before."""
    command = output.commands[piece]
    if piece == "verify":
        with pytest.raises(RefusedError, match=r"verify must not start: .* \[500, not 0\]"):
            tool.ahead(command)
        run.backfill_for_real()
    confirm = CONFIRMED.get(piece)
    if confirm is not None and not run.database.execute(
        "SELECT FROM migrasafe.plan_gate WHERE holds AND gate = %s", confirm
    ):
        with pytest.raises(RefusedError, match=r"contract must not (start|go on): Has "):
            tool.ahead(command)
        words = ["gate", str(run.folder), "contract", "--dsn", run.database.dsn, "--confirm", confirm]
        CliRunner().invoke(cli, words, standalone_mode=False, catch_exceptions=False)
    tool.ahead(command)


@pytest.mark.parametrize("name", FORMATS)
def test_the_migrations_of_a_tool_do_what_the_sql_files_do(database: Database, tmp_path: Path, name: str) -> None:
    database.execute(SETUP + ROWS)
    database.execute(sql_template("record_gate.sql"))
    before = dump(database.dsn)
    run, output, tool = planned(name, database, tmp_path)
    pieces = list(output.commands)
    assert pieces == ["expand", "dual_write", "verify", "contract", "contract_for_good"]
    for piece in pieces[:-1]:
        carry_out(piece, run, output, tool)
    undone = pieces[:-1] if name in ALL_THE_WAY_BACK else pieces[-2:-1]
    for piece in reversed(undone):
        tool.back(output.commands[piece])
    assert (dump(database.dsn, *OF_TOOLS) == before) == (name in ALL_THE_WAY_BACK)
    for piece in (*undone, pieces[-1]):
        carry_out(piece, run, output, tool)
    assert dump(database.dsn, *OF_TOOLS) == one_shot(database, SETUP, *MIGRATION.split(";"), INDEX)
    with pytest.raises(RefusedError, match=r"no way back|irreversible|not reversible"):
        tool.back(output.commands["contract_for_good"])
