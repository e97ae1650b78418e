"""The models that a plan shows, at work in every phase in which they may be deployed: old rows and new rows, read and written."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Text, create_engine, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from migrasafe.plan.model import Phase, PhaseName
from migrasafe.plan.read.changes import Hints
from tests.postgres.plans.rollout import Rollout, dump, one_shot, roll_out
from tests.postgres.plans.tools import django_on, prepare
from tests.postgres.servers import Database

SETUP = """
CREATE TABLE users (id bigserial PRIMARY KEY, name varchar(50) DEFAULT 'anon' NOT NULL, team int);
CREATE INDEX users_name ON users (lower(name));
"""
ROWS = "INSERT INTO users (name) SELECT 'old ' || n FROM generate_series(1, 300) n"
RENAME = "ALTER TABLE users RENAME COLUMN name TO full_name"
FLAG = "USERS_READ_FULL_NAME"
Use = Callable[[], None]


def code_of(run: Rollout, orm: str) -> list[tuple[PhaseName, str]]:
    return [(phase.name, one.code) for phase in run.plan.phases for one in phase.code if one.orm == orm]


def model(code: str) -> type[Any]:
    """The class of a snippet, over a base as an app has one."""

    class Base(DeclarativeBase):
        pass

    names: dict[str, Any] = {"Base": Base, "__name__": "app"}
    exec(compile(code, "snippet", "exec", dont_inherit=True), names)  # what people would paste
    found: type[Any] = names["User"]
    return found


def old_model() -> type[Any]:
    class Base(DeclarativeBase):
        pass

    class User(Base):
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(Text)

    return User


def use(engine: Engine, user: type[Any], column: str) -> None:
    """Write and read old rows and new ones, as apps do: by objects, by queries, by UPDATE."""
    name = f"name {random.random()}"
    attribute = getattr(user, column)
    with Session(engine) as session:
        one = user(**{column: name})
        assert getattr(one, column) == name
        session.add(one)
        session.commit()
        assert getattr(session.get_one(user, one.id), column) == name
        assert session.scalars(select(user).where(attribute == name)).one().id == one.id
        some = random.randrange(1, 301)
        old = session.get_one(user, some)
        assert getattr(old, column).startswith(("old", "name", "set"))
        setattr(old, column, f"name {some}")
        session.commit()
        session.execute(update(user).where(user.id == some + 1).values({attribute: f"set {some}"}))
        session.commit()
        assert session.scalar(select(attribute).where(user.id == some + 1)) == f"set {some}"
        assert session.scalar(select(attribute).where(user.id == some)) == f"name {some}"


@contextmanager
def engine_of(database: Database) -> Iterator[Engine]:
    parts = psycopg.conninfo.conninfo_to_dict(database.dsn)
    url = f"postgresql+psycopg://{parts['user']}@/{parts['dbname']}?host={parts['host']}&port={parts['port']}"
    engine = create_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def do(run: Rollout, phase: Phase) -> None:
    """The phase, once forth, back and forth again."""
    ahead, back, _ = run.files(phase)
    run.gates(phase)
    for name in (*ahead, *back, *ahead):
        run.check(name)
    run.backfill(phase)


@pytest.mark.majors(12, 15, 18)
@pytest.mark.parametrize("way", ["triggers", "view"])
def test_both_versions_work_while_the_database_keeps_both_names(
    each_major: int, database: Database, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute(SETUP + ROWS)
    run = roll_out(database, RENAME, tmp_path, Hints(way=way))
    (_, flagged), (last_phase, last) = code_of(run, "SQLAlchemy")
    assert last_phase is PhaseName.CONTRACT
    monkeypatch.delenv(FLAG, raising=False)
    off = model(flagged)
    monkeypatch.setenv(FLAG, "1")
    on = model(flagged)
    with engine_of(database) as engine:
        for phase in run.plan.phases:
            if phase.name is PhaseName.CONTRACT:
                use(engine, model(last), "full_name")
            do(run, phase)
            if phase.name is not PhaseName.CONTRACT:
                use(engine, old_model(), "name")
                use(engine, off, "full_name")
            if phase.name in (PhaseName.VERIFY, PhaseName.SWITCH):
                use(engine, on, "full_name")
        for user in (on, model(last)):
            use(engine, user, "full_name")
        for name in run.files(run.plan.phases[-1])[2]:
            run.check(name)
        use(engine, on, "full_name")
    assert dump(database.dsn) == one_shot(database, SETUP, RENAME)


@pytest.mark.majors(12, 15, 18)
def test_the_app_writes_both_columns_without_a_trigger(
    each_major: int, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute(SETUP + ROWS)
    run = roll_out(database, RENAME, tmp_path, Hints(way="app"))
    (both_phase, written), (last_phase, final) = code_of(run, "SQLAlchemy")
    assert (both_phase, last_phase) == (PhaseName.DUAL_WRITE, PhaseName.SWITCH)
    both, last = model(written), model(final)
    users: dict[PhaseName, list[tuple[type[Any], str]]] = {
        PhaseName.EXPAND: [(old_model(), "name")],
        PhaseName.DUAL_WRITE: [(old_model(), "name"), (both, "full_name")],
        PhaseName.BACKFILL: [(both, "full_name")],
        PhaseName.VERIFY: [(both, "full_name")],
        PhaseName.SWITCH: [(both, "full_name"), (last, "full_name")],
        PhaseName.CONTRACT: [(last, "full_name")],
    }
    monkeypatch.delenv(FLAG, raising=False)
    with engine_of(database) as engine:
        for phase in run.plan.phases:
            if phase.name is PhaseName.SWITCH:
                monkeypatch.setenv(FLAG, "1")
                use(engine, both, "full_name")
            do(run, phase)
            for user, column in users[phase.name]:
                use(engine, user, column)
        for name in run.files(run.plan.phases[-1])[2]:
            run.check(name)
        use(engine, last, "full_name")
    assert database.execute("SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal") == [(0,)]
    assert dump(database.dsn) == one_shot(database, SETUP, RENAME)


def test_the_way_back_from_the_switch_brings_what_was_written_since(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute(SETUP + ROWS)
    before = dump(database.dsn)
    run = roll_out(database, RENAME, tmp_path, Hints(way="app"))
    last = model(code_of(run, "SQLAlchemy")[1][1])
    for phase in run.plan.phases[:-1]:
        do(run, phase)
    with engine_of(database) as engine:
        use(engine, last, "full_name")
    names = database.execute("SELECT full_name FROM users ORDER BY id")
    for phase in reversed(run.plan.phases[:-1]):
        for name in run.files(phase)[1]:
            run.check(name)
    assert database.execute("SELECT name FROM users ORDER BY id") == names
    assert dump(database.dsn) == before


def test_django_writes_and_reads_what_its_flag_says(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute(SETUP + ROWS)
    prepare("django", tmp_path / "project")
    run = roll_out(database, RENAME, tmp_path / "plan", Hints(way="app"))
    triggers = roll_out(database, RENAME, tmp_path / "other", Hints(way="triggers"))
    for phase in run.plan.phases[:2]:
        do(run, phase)
    with django_on(database, tmp_path / "project") as alias:
        both = django_model(code_of(run, "Django")[0][1], "Both")
        one = both(full_name="a")
        one.save(using=alias)
        assert database.execute("SELECT name, full_name FROM users WHERE id = %s", one.id) == [("a", "a")]
        assert both.objects.using(alias).get(id=1).full_name == "old 1"
        monkeypatch.setenv(FLAG, "1")
        assert both.objects.using(alias).get(id=1).full_name is None
        one.full_name = "b"
        one.save(update_fields=["full_name"])
        assert database.execute("SELECT name, full_name FROM users WHERE id = %s", one.id) == [("b", "b")]
        on = django_model(code_of(triggers, "Django")[0][1], "On")
        assert on.objects.using(alias).get(id=one.id).full_name == "b"
        assert on._meta.get_field("full_name").column == "full_name"
        monkeypatch.delenv(FLAG)
        off = django_model(code_of(triggers, "Django")[0][1], "Off")
        assert off.objects.using(alias).get(id=1).full_name == "old 1"


def django_model(code: str, name: str) -> type[Any]:
    """The class of a snippet, in the app, under a name of its own: Django keeps a register."""
    names: dict[str, Any] = {"__name__": "shop.models"}
    exec(compile(code.replace("class User(", f"class {name}("), "snippet", "exec", dont_inherit=True), names)
    found: type[Any] = names[name]
    return found
