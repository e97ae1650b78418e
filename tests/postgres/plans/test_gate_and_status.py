"""Where a plan stands, and whether a phase may start, asked of the server as people ask it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from migrasafe.cli import cli
from migrasafe.errors import InputError
from tests.postgres.plans.rollout import Rollout, roll_out
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE users (id bigserial PRIMARY KEY, name varchar(50) DEFAULT 'anon' NOT NULL);
INSERT INTO users (name) SELECT 'user ' || n FROM generate_series(1, 100) n;
"""


def ask(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)


@pytest.fixture
def planned(database: Database, tmp_path: Path) -> Rollout:
    database.execute(SETUP)
    return roll_out(database, "ALTER TABLE users RENAME COLUMN name TO full_name", tmp_path / "plan")


def test_a_phase_may_start_when_the_ones_before_are_done_and_its_gates_hold(
    database: Database, planned: Rollout
) -> None:
    def gate(phase: str, *more: str) -> Result:
        return ask("gate", planned.folder, phase, "--dsn", database.dsn, *more)

    assert gate("expand").return_value == 0
    before = gate("verify")
    assert before.return_value == 1
    assert "expand-1 is not done yet: Add the column full_name" in before.output
    planned.check("10_expand.sql")
    planned.check("20_dual-write.sql")
    unfilled = gate("verify")
    assert unfilled.return_value == 1
    assert "no   Do name and full_name say the same in every row of users? [100]" in unfilled.output
    planned.backfill(planned.plan.phases[2])
    assert gate("verify").return_value == 0
    planned.check("40_verify.sql")
    unsure = gate("contract")
    assert unsure.return_value == 1
    assert "--confirm old-version-gone" in unsure.output
    assert gate("contract", "--confirm", "old-version-gone").return_value == 0
    kept = database.execute("SELECT phase, gate, answer, holds FROM migrasafe.plan_gate ORDER BY asked_at")
    assert kept == [
        ("verify", "same", "100", False),
        ("verify", "same", "0", True),
        ("contract", "old-version-gone", None, False),
        ("contract", "old-version-gone", "confirmed", True),
    ]


def test_the_catalog_says_where_a_plan_stands(database: Database, planned: Rollout) -> None:
    def status() -> str:
        return ask("plan", "--status", planned.folder, "--dsn", database.dsn).output

    assert status().splitlines()[-1] == "next is expand-1: Add the column full_name"
    planned.check("10_expand.sql")
    assert "  done  expand-1 " in status()
    assert status().splitlines()[-1].startswith("next is dual-write-1")
    planned.check("20_dual-write.sql")
    planned.backfill(planned.plan.phases[2])
    for name in ("40_verify.sql", "60_contract.sql", "61_contract_for_good.sql"):
        planned.check(name)
        assert ask("plan", "--status", planned.folder, "--dsn", database.dsn).exception is None
    assert status().splitlines()[-1] == "every step is done"


def test_a_plan_for_tables_that_somebody_changed_is_refused(database: Database, planned: Rollout) -> None:
    database.execute("ALTER TABLE users ADD COLUMN surprise int")
    refused = ask("gate", planned.folder, "expand", "--dsn", database.dsn)
    assert isinstance(refused.exception, InputError)
    assert "public.users: not as it was when the plan was made" in str(refused.exception)


def test_a_file_that_was_changed_is_refused(database: Database, planned: Rollout) -> None:
    file = planned.folder / "10_expand.sql"
    file.write_text(file.read_text(encoding="utf-8") + "DROP TABLE users;\n", encoding="utf-8")
    refused = ask("gate", planned.folder, "expand", "--dsn", database.dsn)
    assert isinstance(refused.exception, InputError)
    assert "10_expand.sql: is not the file that was planned any more" in str(refused.exception)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("gate", "PLAN", "expnd"), "the plan has no phase expnd; did you mean expand?"),
        (("gate", "PLAN", "contract", "--confirm", "x"), "--confirm x: the phase contract asks old-version-gone"),
        (("gate", "/nowhere", "expand"), "give the folder that `migrasafe plan` wrote"),
    ],
)
def test_wrong_words_get_one_sentence(database: Database, planned: Rollout, words: tuple[str, ...], said: str) -> None:
    given = [str(planned.folder) if word == "PLAN" else word for word in words]
    refused = ask(*given, "--dsn", database.dsn)
    assert isinstance(refused.exception, InputError)
    assert said in str(refused.exception)
