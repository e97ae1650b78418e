"""A plan's folder, and the server that it is about: for the commands that ask where a plan stands."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from migrasafe.errors import InputError
from migrasafe.plain_file import read_plain
from migrasafe.plan.model import Plan
from migrasafe.plan.output.write_plan import PLAN, Written, checksum, read_plan
from migrasafe.plan.standing import Ask, GateAnswer, as_psql
from migrasafe.plan.templates import sql_template

if TYPE_CHECKING:
    from migrasafe.postgres.connect import Connection


def plan_of(folder: Path) -> Plan:
    """The plan of a folder. Raises InputError as `written_plan` does."""
    return written_plan(folder).plan


def written_plan(folder: Path) -> Written:
    """What a plan's folder holds. Raises InputError for a folder without one, or with a file that was changed since."""
    path = folder / PLAN if folder.is_dir() else folder
    try:
        written = read_plan(read_plain(str(path)).decode("utf-8"), str(path))
        for name, known in written.files.items():
            if PurePath(name).is_absolute() or ".." in PurePath(name).parts:
                raise InputError(
                    f"{path}: names {name}, which is no file of its folder: plan again into another folder"
                )
            if checksum(read_plain(str(path.parent / name)).decode("utf-8")) != known:
                raise InputError(
                    f"{path.parent / name}: is not the file that was planned any more: plan again into another folder, or put"
                    " it back as it was"
                )
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{path}: cannot be read ({why}): give the folder that `migrasafe plan` wrote") from error
    return written


@contextmanager
def session(dsn: str) -> Iterator[tuple[Connection, Ask]]:
    """A session of the server, and what asks it one thing, read-only."""
    from migrasafe.postgres.connect import connect, run
    from migrasafe.postgres.only_reads import answer_of

    with connect(dsn, application_name="migrasafe plan") as connection:
        run(connection, "SET statement_timeout = 0")

        def ask(query: str) -> str:
            return as_psql(answer_of(connection, query))

        yield connection, ask


@contextmanager
def other_session(dsn: str | None) -> Iterator[Ask | None]:
    """What asks the other database that steps of a plan are run in; None where none was named."""
    if dsn is None:
        yield None
        return
    with session(dsn) as (_, ask):
        yield ask


def refuse_another_schema(plan: Plan, connection: Connection) -> None:
    """Raise InputError where the tables are in no state that the plan knows: somebody else has changed them."""
    from migrasafe.plan.fingerprint import fingerprint
    from migrasafe.postgres.catalog.introspect import load_schema
    from migrasafe.schema.model import Ref

    tables = [Ref.of(table) for table in plan.tables]
    if tables and fingerprint(load_schema(connection), tables) not in plan.fingerprints:
        raise InputError(
            f"{', '.join(plan.tables)}: not as it was when the plan was made, nor as any of its steps leaves it: plan again,"
            " with --schema of this server"
        )


def record(connection: Connection, plan: Plan, phase: str, given: Iterable[GateAnswer]) -> None:
    """Keep the answers, with who asked and when, in migrasafe.plan_gate. Raises ServerError where that is not allowed."""
    from migrasafe.postgres.connect import run

    run(connection, sql_template("record_gate.sql"))
    for one in given:
        run(
            connection,
            "INSERT INTO migrasafe.plan_gate (plan, phase, gate, answer, holds, asked_by, why)"
            " VALUES (%s, %s, %s, %s, %s, session_user || ' / ' || %s, %s)",
            *(plan.id, phase, one.gate.id, one.answer, one.holds, _person(), one.why),
        )


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a name for its user
        return "unknown"
