"""Where a plan stands, and whether a phase may start, asked of the server as people ask it."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from migrasafe.cli.commands import cli
from migrasafe.errors import InputError
from migrasafe.plan.output.pieces import pieces_of
from tests.in_process import migrasafe
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


def test_a_person_who_knows_better_lets_a_query_gate_hold_and_is_recorded(
    database: Database, planned: Rollout, tmp_path: Path
) -> None:
    def gate(*more: str) -> Result:
        return ask("gate", planned.folder, "verify", "--dsn", database.dsn, *more)

    planned.check("10_expand.sql")
    planned.check("20_dual-write.sql")
    refused = gate()
    assert refused.return_value == 1
    assert 'Who knows better says --override same --why "…", which is recorded.' in refused.output
    let = gate("--override", "same", "--why", "names of test users, gone tomorrow")
    assert let.return_value == 0
    assert "over Do name and full_name say the same in every row of users? [100]" in let.output
    assert "It had to be 0; overridden: names of test users, gone tomorrow" in let.output
    kept = database.execute(
        "SELECT gate, answer, holds, why, asked_by <> '' FROM migrasafe.plan_gate ORDER BY asked_at"
    )
    assert kept[-1] == ("same", "100", True, "names of test users, gone tomorrow", True)

    # A tool's migrations ask by themselves: what was overridden is fine with them, as long as the answer is the same.
    (piece,) = [one for one in pieces_of(planned.plan) if one.name == "verify"]
    (asked,) = piece.actions[0].ahead
    database.execute(asked)
    database.execute("UPDATE users SET full_name = name WHERE id = 1")
    with pytest.raises(psycopg.Error, match=r"verify must not start: .* \[99, not 0\]"):
        database.execute(asked)


def test_an_override_that_was_not_needed_leaves_no_reason(database: Database, planned: Rollout) -> None:
    for name in ("10_expand.sql", "20_dual-write.sql"):
        planned.check(name)
    planned.backfill(planned.plan.phases[2])
    done = ask(
        *("gate", planned.folder, "verify", "--dsn", database.dsn, "--override", "same", "--why", "I know better")
    )
    assert done.return_value == 0
    assert "yes  Do name" in done.output
    assert database.execute("SELECT answer, holds, why FROM migrasafe.plan_gate") == [("0", True, None)]


def test_the_catalog_says_where_a_plan_stands(database: Database, planned: Rollout) -> None:
    def status() -> str:
        return ask("plan", "--status", planned.folder, "--dsn", database.dsn).output

    def following() -> list[str]:
        return status().partition("next is ")[2].splitlines()

    assert following() == ["expand-1: Add the column full_name", f"  run     psql -f {planned.folder}/10_expand.sql"]
    with pytest.raises(
        InputError, match=r"backfill\.toml:5: set: public\.users has no column full_name.*plan --status"
    ):
        run = ("run", str(planned.folder), "--dsn", database.dsn)
        CliRunner().invoke(cli, ["backfill", *run], catch_exceptions=False, standalone_mode=False)
    planned.check("10_expand.sql")
    assert "  done  expand-1 " in status()
    assert following()[0].startswith("dual-write-1")
    planned.check("20_dual-write.sql")
    assert following() == [
        f"backfill: The backfill {planned.plan.id}",
        f"  run     migrasafe backfill run {planned.folder}/backfill.toml",
    ]
    CliRunner().invoke(cli, ["backfill", *run], catch_exceptions=False, standalone_mode=False)
    assert f"  done  backfill       The backfill {planned.plan.id}" in status()
    assert following()[0].startswith("verify-1")
    assert following()[1] == f"  ask     migrasafe gate {planned.folder} verify"
    planned.check("40_verify.sql")
    assert following()[1] == "  first   Deploy the version of the app that says full_name, everywhere."
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
        (
            ("gate", "PLAN", "contract", "--override", "old-version-gone", "--why", "x"),
            "asks the server nothing; what only a person can know is said with --confirm",
        ),
        (("gate", "PLAN", "verify", "--override", "same"), "--override: say why you know better"),
        (
            ("gate", "PLAN", "verify", "--override", "sane", "--why", "x"),
            "--override sane: the phase verify asks the server same",
        ),
        (("gate", "/nowhere", "expand"), "give the folder that `migrasafe plan` wrote"),
    ],
)
def test_wrong_words_get_one_sentence(database: Database, planned: Rollout, words: tuple[str, ...], said: str) -> None:
    given = [str(planned.folder) if word == "PLAN" else word for word in words]
    refused = ask(*given, "--dsn", database.dsn)
    assert isinstance(refused.exception, InputError)
    assert said in str(refused.exception)


HOSTILE = {
    "several statements": (
        "SELECT 1; COMMIT; CREATE TABLE hacked (); SELECT 1",
        "the server cannot answer `SELECT 1; COMMIT",
    ),
    "a write": ("CREATE TABLE hacked ()", "cannot execute CREATE TABLE in a read-only transaction"),
    "the end": ("COMMIT", "the server cannot answer `COMMIT`"),
    "two values": ("VALUES (1, 2)", "`VALUES (1, 2)` gives no one value"),
    "no value": ("SELECT 1 WHERE false", "gives no one value"),
    "a million": ("SELECT generate_series(1, 1000000)", "gives no one value"),
    "an error": ("SELECT 1 / 0", "division by zero"),
    "no SQL": ("wish", "syntax error"),
    "nothing": ("", "the server cannot answer ``"),
    "its own end": ("SELECT pg_terminate_backend(pg_backend_pid())", "the server cannot answer `SELECT pg_terminate"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_plan_asks_can_only_read(database: Database, planned: Rollout, name: str) -> None:
    query, said = HOSTILE[name]
    path = planned.folder / "plan.json"
    written = json.loads(path.read_text())
    phases = {phase["name"]: phase for phase in written["plan"]["phases"]}
    phases["expand"]["gates"] = [{**phases["verify"]["gates"][0], "query": query}]
    path.write_text(json.dumps(written))
    ran = migrasafe(planned.folder, "gate", ".", "expand", "--dsn", database.dsn)
    assert ran.returncode == 2, ran.stderr
    assert said in ran.stderr
    assert database.execute("SELECT to_regclass('hacked')") == [(None,)]


def test_a_step_of_a_plan_that_asks_for_more_than_an_answer_gets_none(database: Database, planned: Rollout) -> None:
    path = planned.folder / "plan.json"
    written = json.loads(path.read_text())
    written["plan"]["phases"][0]["steps"][0]["done"] = "true; COMMIT; CREATE TABLE hacked (); SELECT true"
    path.write_text(json.dumps(written))
    ran = migrasafe(planned.folder, "plan", "--status", ".", "--dsn", database.dsn)
    assert ran.returncode == 2, ran.stderr
    assert "cannot insert multiple commands" in ran.stderr
    assert database.execute("SELECT to_regclass('hacked')") == [(None,)]
