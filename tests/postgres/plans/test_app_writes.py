"""Both sides written by the app itself, with the models that a plan shows: splits, other units, other types."""

from __future__ import annotations

import decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.model import PhaseName
from migrasafe.plan.read.hints import hints_of
from tests.postgres.plans.rollout import dump, roll_out
from tests.postgres.plans.test_app_code import code_of, django_model, do, engine_of, model
from tests.postgres.plans.tools import django_on, prepare
from tests.postgres.servers import Database

SPLIT = """-- migrasafe: replace users.name -> first_name, last_name
ALTER TABLE users ADD COLUMN first_name text NOT NULL, ADD COLUMN last_name text, DROP COLUMN name"""
FIRST = "split_part(name, ' ', 1)"
LAST = "nullif(substr(name, length(split_part(name, ' ', 1)) + 2), '')"
BY_APP = {
    "split": (
        SPLIT,
        {"up": f"first_name = {FIRST}, last_name = {LAST}", "down": "name = concat_ws(' ', first_name, last_name)"},
        "USERS_READ_FIRST_NAME",
        ({"name": "A: B"}, {"first_name": "A:", "last_name": "B"}),
        ({"name": "Cé D%s"}, {"first_name": "Cé", "last_name": "D%s"}),
    ),
    "units": (
        "-- migrasafe: replace users.euros -> cents\nALTER TABLE users ADD COLUMN cents bigint, DROP COLUMN euros",
        {"up": "euros * 100", "down": "cents / 100.0"},
        "USERS_READ_CENTS",
        ({"euros": decimal.Decimal("1.25")}, {"cents": 125}),
        ({"euros": decimal.Decimal("7.00")}, {"cents": 700}),
    ),
    "type": (
        "ALTER TABLE users ALTER COLUMN about TYPE jsonb",
        {"new_name": "facts"},
        "USERS_READ_FACTS",
        ({"about": {"a": 1}}, {"facts": {"a": 1}}),
        ({"about": {"a": [True]}}, {"facts": {"a": [True]}}),
    ),
    "text to number": (
        "ALTER TABLE users ALTER COLUMN age TYPE integer",
        {"new_name": "years"},
        "USERS_READ_YEARS",
        ({"age": "41"}, {"years": 41}),
        ({"age": None}, {"years": None}),
    ),
}
PEOPLE = """
CREATE TABLE users (
  id bigserial PRIMARY KEY, name varchar(50) DEFAULT 'anon' NOT NULL, euros numeric(12, 2), about json, age text
);
CREATE INDEX users_age ON users (age);
CREATE VIEW aged AS SELECT id, age, name, euros, about FROM users;
INSERT INTO users (name, euros, about, age) SELECT 'old ' || n, n + 0.25, '{"a":  1}', n::text FROM generate_series(1, 300) n;
"""


@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("kind", ["split", "type"])
def test_the_app_writes_both_sides_of_whatever_takes_another_place(
    each_major: int, database: Database, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole_way(database, tmp_path, kind, monkeypatch)


@pytest.mark.parametrize("kind", ["units", "text to number"])
def test_numbers_are_worked_out_as_the_plan_says(
    database: Database, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole_way(database, tmp_path, kind, monkeypatch)


def whole_way(database: Database, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that people deploy, with the models that the plan shows: nothing is lost, and no trigger is needed."""
    migration, said, flag, one, other = BY_APP[kind]
    database.execute(PEOPLE)
    before = dump(database.dsn)
    run = roll_out(database, migration, tmp_path, hints_of(way="app", **said))
    (_, written), (_, final) = code_of(run, "SQLAlchemy")
    both, last = model(written), model(final)
    monkeypatch.delenv(flag, raising=False)
    (was, now), (was_too, now_too) = one, other

    def says(id: int, values: dict[str, Any]) -> None:
        columns = ", ".join(f"{name}" for name in values)
        assert database.execute(f"SELECT {columns} FROM users WHERE id = %s", id) == [tuple(values.values())]

    with engine_of(database) as engine, Session(engine, expire_on_commit=False) as session:
        for phase in run.plan.phases[:3]:
            do(run, phase)
            if phase.name is not PhaseName.EXPAND:
                made = both(**was)
                session.add(made)
                session.commit()
                says(made.id, was | now)
                for name, value in was_too.items():
                    setattr(made, name, value)
                session.commit()
                says(made.id, was_too | now_too)
                session.add(both())
                session.commit()
        session.close()
        verify, switch, contract = run.plan.phases[3:]
        do(run, verify)
        monkeypatch.setenv(flag, "1")
        turned = both(**now)
        session.add(turned)
        session.commit()
        says(turned.id, was | now)
        do(run, switch)
        session.add(last(**now_too))
        session.commit()
        counted = database.execute("SELECT count(*) FROM users")
        columns = ", ".join(now)
        kept = database.execute(f"SELECT {columns} FROM users ORDER BY id")
        # all the way back, and there again
        for phase in (switch, verify):
            for name in run.files(phase)[1]:
                run.check(name)
        assert database.execute(f"SELECT {columns} FROM users ORDER BY id") == kept
        for phase in (verify, switch, contract):
            do(run, phase)
        session.add(last(**now))
        session.commit()
    for name in run.files(contract)[2]:
        run.check(name)
    assert database.execute("SELECT count(*) FROM users") == [(counted[0][0] + 1,)]
    assert database.execute(f"SELECT {columns} FROM users ORDER BY id")[:-1] == kept
    assert database.execute("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == [(0,)]
    assert before != dump(database.dsn)


def test_django_writes_both_sides_by_its_flag(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migration, said, flag, _, _ = BY_APP["split"]
    database.execute(PEOPLE)
    prepare("django", tmp_path / "project")
    run = roll_out(database, migration, tmp_path / "plan", hints_of(way="app", **said))
    for phase in run.plan.phases[:2]:
        do(run, phase)
    asked = "SELECT name, first_name, last_name FROM users WHERE id = %s"
    monkeypatch.delenv(flag, raising=False)
    with django_on(database, tmp_path / "project") as alias:
        both = django_model(code_of(run, "Django")[0][1], "Split")
        one = both(name="A: B%")
        one.save(using=alias)
        assert database.execute(asked, one.id) == [("A: B%", "A:", "B%")]
        one.name = "C"
        one.save(update_fields=["name"])
        assert database.execute(asked, one.id) == [("C", "C", None)]
        monkeypatch.setenv(flag, "1")
        one.last_name = "E"
        one.save(update_fields=["last_name"])
        assert database.execute(asked, one.id) == [("C E", "C", "E")]
    assert 'migrations.AddField("user", "first_name", models.TextField(null=True))' in code_of(run, "Django")[0][1]
    assert 'migrations.RemoveField("user", "name")' in code_of(run, "Django")[1][1]


@pytest.mark.parametrize(
    ("migration", "said", "why"),
    [
        ("ALTER TABLE users ALTER COLUMN age TYPE integer", {}, "only one of them can be called age: say what"),
        ("ALTER TABLE users ALTER COLUMN age TYPE integer", {"new_name": "name"}, "has a column name already"),
        (
            "ALTER TABLE users ALTER COLUMN id TYPE numeric",
            {"new_name": "nr"},
            "is in the primary key: leave --way app",
        ),
        ("ALTER TABLE users ADD COLUMN x int", {}, "--way app is for a column that gets another name or type"),
    ],
)
def test_what_an_app_cannot_write_twice_is_said(
    database: Database, tmp_path: Path, migration: str, said: dict[str, str], why: str
) -> None:
    database.execute(PEOPLE)
    with pytest.raises(NoPlanError, match=why):
        roll_out(database, migration, tmp_path, hints_of(way="app", **said))
