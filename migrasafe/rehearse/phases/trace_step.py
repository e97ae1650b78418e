"""Runs one step of a plan while its locks and work are watched, and compares them with what the plan claims."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from migrasafe.locks import LockMode
from migrasafe.plan.evidence import StepSeen
from migrasafe.plan.model import Step
from migrasafe.plan.table_lock import TableLock
from migrasafe.postgres.connect import Connection, connect
from migrasafe.postgres.watch.observed import Observed
from migrasafe.postgres.watch.relations import read_relations
from migrasafe.postgres.watch.watched_session import WatchedSession

STRONG = LockMode.SHARE_UPDATE_EXCLUSIVE.strength
"""From here on a lock is compared: weaker ones hinder nobody but a few commands."""


def trace_step(dsn: str, step: Step) -> tuple[StepSeen, tuple[str, ...]]:
    """Run the step; what was seen, and each thing that is not as the plan claims, or that failed, in words."""

    def connected() -> Connection:
        return connect(dsn)

    with connected() as session, connected() as watcher:
        tables = {str(one) for one in read_relations(session).values() if one.kind in {"r", "p", "m", "f", "v"}}
        watched = WatchedSession(session, watcher, connected)
        if not step.long:
            watched.begin()
        seen = []
        for number, statement in enumerate(step.statements):
            seen.append(watched.statement(number, statement))
            if seen[-1].error is not None:
                break
        refused = seen[-1].error
        ended = watched.end(commit=refused is None)
    found = StepSeen(
        step=step.id,
        seconds=round(sum(one.seconds for one in seen), 4),
        wal_bytes=sum(one.wal_bytes for one in seen),
        locks=tuple(_locks(seen, tables)),
        work=tuple(_work(seen, tables)),
    )
    error = refused or ended
    if error is not None:
        return found, (f"the server refused it: {error.message} ({error.code})",)
    return found, tuple(_contradictions(step, found, tables))


def _locks(seen: Sequence[Observed], tables: set[str]) -> Iterator[TableLock]:
    strongest: dict[str, LockMode] = {}
    for one in seen:
        for name, mode in one.locks.items():
            if name in tables and mode.strength >= max(STRONG, strongest[name].strength if name in strongest else 0):
                strongest[name] = mode
    for name, mode in strongest.items():
        yield TableLock(table=name, mode=mode.value)


def _work(seen: Sequence[Observed], tables: set[str]) -> Iterator[str]:
    words = {"table rewrite": "rewrites", "index build": "index_builds", "scan": "scans"}
    for kind, field in words.items():
        names = {name for one in seen for name in getattr(one, field) if name in tables}
        yield from (f"{kind} of {name}" for name in sorted(names))


def _contradictions(step: Step, found: StepSeen, tables: set[str]) -> Iterator[str]:
    claimed = {lock.table: LockMode(lock.mode) for lock in step.locks if lock.table in tables}
    saw = {lock.table: LockMode(lock.mode) for lock in found.locks}
    for name in sorted(claimed.keys() | saw.keys()):
        said, was = claimed.get(name), saw.get(name)
        if said is was or (was is None and said is not None and said.strength < STRONG):
            continue
        yield (f"the plan says that it takes {_shown(said)} on {name}, and it took {_shown(was)}")
    claimed_work = {one for one in step.work if one.split(" of ", 1)[1] in tables}
    yield from _unclaimed(step, claimed_work, set(found.work))


def _unclaimed(step: Step, claimed: set[str], did: set[str]) -> Iterator[str]:
    builds = any(_BUILDS.match(statement) for statement in step.statements)
    for one in sorted(did - claimed):
        kind, table = one.split(" of ", 1)
        # A rewrite reads the rows and builds the indexes again; a build reads the rows.
        if kind != "table rewrite" and f"table rewrite of {table}" in did | claimed:
            continue
        if kind == "scan" and (builds or step.long or f"index build of {table}" in did | claimed):
            continue  # VALIDATE of a foreign key reads the other table, too, while nobody waits
        yield f"the plan does not say that it works: {one}"
    for one in sorted(claimed - did):
        if one.startswith(("table rewrite of ", "index build of ")):
            yield f"the plan says that it works ({one}), and it did not"


_BUILDS = re.compile("CREATE MATERIALIZED VIEW|INSERT INTO", re.IGNORECASE)
"""Which tables its query reads whole is the planner's business; they hinder nobody."""


def _shown(mode: LockMode | None) -> str:
    return mode.value if mode is not None else "no lock that hinders anybody"
