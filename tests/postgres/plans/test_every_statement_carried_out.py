"""Whatever has a plan ends as the statement would, or says how not: each statement of the scripts that the schema's evolution is
measured with, planned over what it finds on a server, carried out, taken back and carried out again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from migrasafe.plan.changes.model import NoPlanError
from tests.postgres.plans.rollout import Rollout, dump, roll_out
from tests.postgres.servers import Database
from tests.postgres.test_evolve_against_server import SCRIPTS, script_of, since, texts


@contextmanager
def copy_of(database: Database, name: str) -> Iterator[Database]:
    whole = str(conninfo_to_dict(database.dsn)["dbname"])
    copy = sql.Identifier(f"{whole}_{name}")
    with psycopg.connect(make_conninfo(database.dsn, dbname="postgres"), autocommit=True) as session:
        session.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(copy, sql.Identifier(whole)))
        try:
            yield replace(database, dsn=make_conninfo(database.dsn, dbname=f"{whole}_{name}"))
        finally:
            session.execute(sql.SQL("DROP DATABASE {}").format(copy))


def carry_out(run: Rollout) -> bool:
    """As far as the gates let it: what they ask for is for a person."""
    before: list[str] = []
    for phase in run.plan.phases:
        asked = [one for one in phase.gates if one.query is not None]
        if any(str(run.database.execute(str(one.query))[0][0]) != one.expected for one in asked):
            return False
        run.backfill(phase)
        ahead, back, for_good = run.files(phase)
        for name in (*ahead, *back):
            run.check(name)
            run.is_over(name)
        for name in (*before, *ahead, *for_good):
            run.check(name)
        before = ahead
    return True


def runs(database: Database, text: str) -> list[str] | None:
    """The schema after the statement; None where the server refuses it."""
    try:
        with psycopg.connect(database.dsn, autocommit=True) as session:
            session.execute(text.encode())
    except psycopg.Error:
        return None
    return schema_of(database)


def schema_of(database: Database) -> list[str]:
    """A default that is NULL is none."""
    return [re.sub(r" DEFAULT NULL::[a-z ]+", "", line) for line in dump(database.dsn)]


def fault(database: Database, text: str, folder: Path) -> object:
    """How the plan of a statement ends otherwise, without saying so."""
    with copy_of(database, "once") as once:
        wanted = runs(once, text)
    with copy_of(database, "planned") as planned:
        try:
            run = roll_out(planned, text, folder)
        except NoPlanError:
            return None
        if wanted is None:
            return None
        try:
            if not carry_out(run):
                return None
        except AssertionError as error:
            return text, str(error)
        ends = schema_of(planned)
    if ends == wanted or run.plan.differs:
        return None
    return text, {"more": sorted(Counter(ends) - Counter(wanted)), "less": sorted(Counter(wanted) - Counter(ends))}


@pytest.mark.soak
@pytest.mark.majors(15, 18)
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_it_ends_as_the_statement_would(path: Path, each_major: int, database: Database, tmp_path: Path) -> None:
    if since(path) > each_major:
        assert since(path) > min(15, each_major)  # syntax that this server does not have
        return
    found, alone = [], 0
    for number, text in enumerate(texts(script_of(path))):
        folder = tmp_path / str(number)
        folder.mkdir()
        found.append(fault(database, text, folder))
        try:
            with psycopg.connect(database.dsn, autocommit=True) as session:
                session.execute(text.encode())
        except psycopg.Error:
            alone += 1  # it needs the session of those before it: a transaction, a temporary table, a setting
    assert not [one for one in found if one is not None]
    assert alone < len(found) / 2
