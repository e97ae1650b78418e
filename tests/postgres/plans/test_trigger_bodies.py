"""PostgreSQL does not look into functions: a gate does, before a column goes that the table's own triggers still name."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrasafe.plan.model import PhaseName
from migrasafe.plan.read.hints import hints_of
from tests.postgres.plans.rollout import roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE users (id serial PRIMARY KEY, name text, full_name2 text);
CREATE FUNCTION trim_name() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN NEW . "name" := trim(new.name); RETURN NEW; END $$;
CREATE TRIGGER trim_name BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION trim_name();
"""
AFTER = """
CREATE OR REPLACE FUNCTION trim_name() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN NEW.name2 := trim(NEW.name2); RETURN NEW; END $$;
"""


@pytest.mark.parametrize(
    "migration",
    [
        "ALTER TABLE users RENAME COLUMN name TO name2",
        "ALTER TABLE users DROP COLUMN name",
        "-- migrasafe: replace users.name -> name2\nALTER TABLE users ADD name2 text, DROP name",
    ],
)
def test_a_column_does_not_go_while_a_trigger_function_names_it(
    database: Database, tmp_path: Path, migration: str
) -> None:
    database.execute(SETUP)
    run = roll_out(database, migration, tmp_path, hints_of(up="name", down="name2"))
    (contract,) = (phase for phase in run.plan.phases if phase.name is PhaseName.CONTRACT)
    (query,) = (gate.query for gate in contract.gates if gate.id == "triggers-changed")
    assert query is not None
    assert database.execute(query) == [(1,)]
    database.execute(AFTER)
    assert database.execute(query) == [(0,)]


def test_a_column_that_no_trigger_function_names_has_no_such_gate(database: Database, tmp_path: Path) -> None:
    database.execute(SETUP)
    run = roll_out(database, "ALTER TABLE users DROP COLUMN full_name2", tmp_path)
    assert not [gate for phase in run.plan.phases for gate in phase.gates if gate.id == "triggers-changed"]


@pytest.mark.majors(12, 15, 18)
def test_a_name_that_differs_in_case_is_another_one(each_major: int, database: Database, tmp_path: Path) -> None:
    body = "CREATE OR REPLACE FUNCTION trim_name() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {} RETURN NEW; END $$"
    database.execute(SETUP + 'ALTER TABLE users ADD "Name" text;' + body.format('new."Name" := trim(new.name);'))
    run = roll_out(database, 'ALTER TABLE users RENAME "Name" TO label', tmp_path)
    (query,) = (one.query for phase in run.plan.phases for one in phase.gates if one.id == "triggers-changed")
    assert query is not None
    assert database.execute(query) == [(1,)]
    database.execute(body.format('NEW.Name := trim("new".NAME);'))
    assert database.execute(query) == [(0,)]
    again = roll_out(database, 'ALTER TABLE users RENAME "Name" TO label', tmp_path)
    assert not [one for phase in again.plan.phases for one in phase.gates if one.id == "triggers-changed"]
