"""What migrations did on a server, statement by statement, beside what was predicted: for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from migrasafe.locks import LockMode
from migrasafe.postgres.watch.observed import Observed
from migrasafe.quantities import say_count
from migrasafe.rehearse.migration.run import State
from migrasafe.rehearse.migration.trace import Judged, Replayed
from migrasafe.sql.one_line import in_one_line

_SQL_SHOWN = 90
"""Characters of a statement."""
_STRONG = LockMode.SHARE_UPDATE_EXCLUSIVE.strength


def trace_lines(replayed: Replayed) -> Iterator[str]:
    """A migration: each statement with its locks, work, time and WAL, and what was not as predicted."""
    yield f"{replayed.path}"
    for judged in replayed.statements:
        expected, outcome = judged.outcome.expected, judged.outcome
        line = expected.place.rpartition(":")[2]
        yield f"  {line:>4}  {in_one_line(expected.sql, _SQL_SHOWN)}"
        if outcome.observed is not None:
            yield f"        {_seen(outcome.observed)}"
        else:
            yield f"        {outcome.state.value}: {outcome.reason}"
        for name in outcome.made_first:
            yield f"        made first: the schema {name}, which nothing makes before it is named"
        if outcome.failed_with_rows:
            yield f"        ran only without rows; with them: {outcome.failed_with_rows}"
        for one in judged.disagreements:
            on = f" of {one.relation}" if one.relation else ""
            yield f"      ✗ {one.about}{on}: predicted {one.predicted}, seen {one.observed}"
    for difference in replayed.schema_differences:
        if replayed.branches:
            yield f"      ~ a block decided otherwise than was assumed (here: assumed, there: seen): {difference}"
        else:
            yield f"      ✗ the schema afterwards is not as predicted (here: predicted, there: seen): {difference}"


def trace_summary(replayed: Sequence[Replayed]) -> str:
    """One line of figures."""
    ran = sum(one.count(State.RAN) for one in replayed)
    wrong = sum(one.contradicted for one in replayed)
    failed = sum(one.count(State.FAILED) for one in replayed)
    skipped = sum(one.count(State.SKIPPED) for one in replayed)
    as_predicted = sum(one.count(State.FAILED_AS_PREDICTED) for one in replayed)
    things = "1 thing was" if wrong == 1 else f"{wrong} things were"
    parts = [f"{say_count(len(replayed), 'migration')}: {say_count(ran, 'statement')} ran, {things} not as predicted"]
    for count, words in ((failed, "failed"), (as_predicted, "failed as predicted"), (skipped, "were skipped")):
        if count:
            parts.append(f"{count} {words}")
    if any(_misses_something(judged) for one in replayed for judged in one.statements):
        parts.append("what has to be there before the first migration can be given with --schema FILE")
    return "; ".join(parts)


def _misses_something(judged: Judged) -> bool:
    """Whether it failed because a schema, a table or a function is not there."""
    return judged.outcome.state is State.FAILED and judged.outcome.reason.startswith(("3F000", "42P01", "42883"))


def as_json(replayed: Sequence[Replayed]) -> list[dict[str, Any]]:
    """All of it, for programs: sizes in bytes, times in seconds, lines from 1."""
    return [
        {
            "id": one.id,
            "path": one.path,
            "statements": [_as_json(judged) for judged in one.statements],
            "schema_differs": list(one.schema_differences),
        }
        for one in replayed
    ]


def _as_json(judged: Judged) -> dict[str, Any]:
    outcome, seen = judged.outcome, judged.outcome.observed
    path, _, line = outcome.expected.place.rpartition(":")
    told: dict[str, Any] = {"path": path, "line": int(line), "sql": outcome.expected.sql, "state": outcome.state.value}
    if outcome.reason:
        told["reason"] = outcome.reason
    if seen is not None:
        told |= {
            "locks": {name: mode.value for name, mode in seen.locks.items()},
            "rewrites": list(seen.rewrites),
            "index_builds": list(seen.index_builds),
            "scans": list(seen.scans),
            "seconds": round(seen.seconds, 6),
            "wal_bytes": seen.wal_bytes,
        }
    told["contradicted"] = [
        {"about": one.about, "relation": one.relation, "predicted": one.predicted, "seen": one.observed}
        for one in judged.disagreements
    ]
    return told


def _seen(seen: Observed) -> str:
    told = [f"{mode.value} on {name}{_waiting(mode)}" for name, mode in seen.locks.items() if mode.strength >= _STRONG]
    told += [f"rewrites {name}" for name in seen.rewrites]
    told += [f"builds an index of {name}" for name in seen.index_builds]
    told += [
        f"reads all of {name}" for name in seen.scans if name not in seen.rewrites and name not in seen.index_builds
    ]
    told.append(f"{seen.seconds * 1000:.1f} ms, {seen.wal_bytes / 1024:.1f} kB of WAL")
    return "; ".join(told)


def _waiting(mode: LockMode) -> str:
    if mode.blocks_reads:
        return " (readers and writers wait)"
    return " (writers wait)" if mode.blocks_writes else ""
