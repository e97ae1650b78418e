"""Two servers, an app that knows one or both of them, and a plan whose files run in either."""

from __future__ import annotations

import os
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from migrasafe.plan.model import Plan
from migrasafe.plan.output.write_sql import database_of, files_of
from migrasafe.postgres.connect import connect, run
from migrasafe.postgres.server.find import available_servers
from migrasafe.postgres.server.local import LocalServer
from tests.postgres.plans.rollout import program

SETTINGS = {
    "wal_level": "logical",
    "max_replication_slots": "10",
    "max_wal_senders": "10",
    "wal_retrieve_retry_interval": "100ms",
    "autovacuum": "on",
}
REFUSED = "25006"
PATIENCE_SECONDS = 60.0
LATE = "the table is open as before"
"""What a file says that has changed nothing."""


def pairs_of_majors(*wanted: tuple[int, int]) -> list[tuple[int, int]]:
    """Those of which both can be had; where there are none, the newest beside itself."""
    here = _local_servers()
    return [pair for pair in wanted if set(pair) <= here.keys()] or [(max(here), max(here))]


@contextmanager
def two_servers(old: int, new: int) -> Iterator[tuple[str, str]]:
    """The DSNs of two databases, each on a server of its own, of these major versions."""
    here = _local_servers()
    with ExitStack() as running:
        servers = [LocalServer(binaries=here[major].binaries, settings=SETTINGS) for major in (old, new)]
        first, second = (running.enter_context(server.start()) for server in servers)
        yield first.dsn, second.dsn


def _local_servers() -> dict[int, LocalServer]:
    """They need settings of their own, so that no given server will do."""
    return {major: one for major, one in available_servers({}).items() if isinstance(one, LocalServer)}


def execute(dsn: str, sql: str) -> list[tuple[Any, ...]]:
    with connect(dsn, application_name="tests") as session:
        return run(session, sql)


@dataclass(kw_only=True)
class Journey:
    """One plan that moves a table from `old` to `new`."""

    old: str
    new: str
    plan: Plan
    folder: Path

    def run(self, name: str, *, kill_after: float | None = None) -> str:
        """Run a file where it belongs; what it said. With `kill_after` it is killed after so many seconds."""
        dsn = self.new if database_of(name) else self.old
        process = self._psql(name, dsn)
        if kill_after is not None:
            time.sleep(kill_after)
            process.kill()
            process.communicate()
            of_psql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'psql'"
            while execute(dsn, of_psql) != [(0,)]:
                time.sleep(0.02)
            return ""
        out, err = process.communicate()
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        # A machine that is too busy for what is written to arrive while the table is locked: people run the file again.
        while process.returncode != 0 and LATE in err and time.monotonic() < give_up_at:
            process = self._psql(name, dsn)
            out, err = process.communicate()
        assert process.returncode == 0, f"{name}: {err}"
        return out + err

    def _psql(self, name: str, dsn: str) -> subprocess.Popen[str]:
        command = [program("psql"), "-X", "-q", "-d", dsn, "-f", str(self.folder / name)]
        reach = {"MIGRASAFE_OLD_DSN": self.old, "MIGRASAFE_NEW_DSN": self.new}
        return subprocess.Popen(
            command, env={**os.environ, **reach}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def phase(self, name: str, *, back: bool = False, killed: random.Random | None = None) -> None:
        """Every file of a phase, or of its way back, each run twice: the second time there is nothing to do."""
        phase = next(one for one in self.plan.phases if one.name.value == name)
        ahead, behind, _ = files_of(phase, [path.name for path in self.folder.iterdir()], elsewhere=True)
        for file in behind if back else ahead:
            if killed is not None:
                self.run(file, kill_after=killed.random() * 0.15)
            self.run(file)
            said = self.run(file)
            steps = (self.folder / file).read_text(encoding="utf-8").count("nothing to do")
            assert said.count("nothing to do") == steps, (file, said)

    def for_good(self) -> None:
        phase = self.plan.phases[-1]
        for file in files_of(phase, [path.name for path in self.folder.iterdir()], elsewhere=True)[2]:
            self.run(file)

    def gates(self, name: str) -> None:
        """Every gate of a phase that a query answers comes to hold."""
        for gate in next(one for one in self.plan.phases if one.name.value == name).gates:
            if gate.query is not None:
                give_up_at = time.monotonic() + PATIENCE_SECONDS
                while (answer := str(execute(self.old, gate.query)[0][0])) != gate.expected:
                    assert time.monotonic() < give_up_at, (gate.question, answer)
                    time.sleep(0.1)


@dataclass(kw_only=True)
class Client:
    """Writes rows of its own and remembers them. `places`: the databases that it knows; it stays in the first that lets it in."""

    number: int
    places: list[str]
    wanted: dict[int, int | None] = field(default_factory=dict)
    """Row → the total that it was last given; None: it was deleted."""
    errors: list[str] = field(default_factory=list)
    longest_wait: float = 0.0
    writes: int = 0

    def work(self, stop: threading.Event) -> None:
        rng = random.Random(self.number)
        try:
            with ExitStack() as open_sessions:
                sessions = [
                    open_sessions.enter_context(psycopg.connect(one, autocommit=True, prepare_threshold=None))
                    for one in self.places
                ]
                while not stop.is_set():
                    self._one(sessions, rng)
                    time.sleep(0.002)
        except Exception as error:  # any error is what the test is about
            self.errors.append(f"client {self.number}: {type(error).__name__}: {error}")

    def _one(self, sessions: list[psycopg.Connection], rng: random.Random) -> None:
        mine = [id for id, total in self.wanted.items() if total is not None]
        deed, total = rng.random(), rng.randrange(1000)
        if deed < 0.5 or not mine:
            rows = self._write(
                sessions, "INSERT INTO orders (owner, total) VALUES (%s, %s) RETURNING id", self.number, total
            )
            id = int(str(rows[0][0]))
            assert id not in self.wanted, f"the number {id} was given twice"
            self.wanted[id] = total
        elif deed < 0.85:
            id = rng.choice(mine)
            assert self._write(sessions, "UPDATE orders SET total = %s WHERE id = %s RETURNING id", total, id), id
            self.wanted[id] = total
        else:
            id = rng.choice(mine)
            assert self._write(sessions, "DELETE FROM orders WHERE id = %s RETURNING id", id), id
            self.wanted[id] = None
        self.writes += 1

    def _write(self, sessions: list[psycopg.Connection], sql: str, *values: object) -> list[tuple[object, ...]]:
        begun_at = time.monotonic()
        while True:
            try:
                rows = sessions[0].execute(sql, values).fetchall()
            except psycopg.errors.ReadOnlySqlTransaction:
                if len(sessions) == 1 or time.monotonic() - begun_at > PATIENCE_SECONDS:
                    raise
                sessions.reverse()
                time.sleep(0.01)
                continue
            self.longest_wait = max(self.longest_wait, time.monotonic() - begun_at)
            return rows


@contextmanager
def at_work(clients: list[Client]) -> Iterator[None]:
    """Clients that write meanwhile; none of them may meet an error."""
    stop = threading.Event()
    threads = [threading.Thread(target=one.work, args=(stop,)) for one in clients]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert [error for one in clients for error in one.errors] == []
