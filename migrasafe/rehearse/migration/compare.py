"""Compares what was predicted of a statement with what the server did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass

from migrasafe.effects.model import Effects, WorkKind
from migrasafe.locks import LockMode
from migrasafe.postgres.watch.observed import Observed
from migrasafe.rehearse.migration.run import Outcome, State
from migrasafe.sql.statements import (
    Call,
    Copy,
    CreateTableAs,
    Delete,
    DoBlock,
    Insert,
    Merge,
    RefreshMaterializedView,
    Select,
    Truncate,
    Update,
)

ROW_STATEMENTS = (Insert, Update, Delete, Merge, Select, Copy, Call, DoBlock, CreateTableAs)
"""Which rows these read is the planner's choice, and the rows are made up: of them, locks are compared."""
STRONG = LockMode.SHARE_UPDATE_EXCLUSIVE.strength
"""From here on a lock is compared both ways; a weaker one, which DDL leaves alone, only where it was predicted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One thing about one relation on which prediction and server differ."""

    about: str
    """`lock`, `rewrite`, `index build`, `scan` or `failure`."""
    relation: str
    predicted: str
    observed: str


def disagreements(outcome: Outcome, tables: Set[str]) -> tuple[Disagreement, ...]:
    """What differs for one statement that ran; `tables` were there before its migration, tables and views alike."""
    seen = outcome.observed
    if outcome.state is not State.RAN or seen is None:
        return ()
    expected = outcome.expected
    found = [*_failures(expected.certain), *_locks(outcome, seen, tables)]
    if not isinstance(expected.statement, ROW_STATEMENTS):
        found.extend(_work(outcome, seen, tables))
    return tuple(found)


def _failures(certain: Effects) -> Iterator[Disagreement]:
    for failure in certain.failures:
        if failure.certain:
            yield Disagreement(
                about="failure", relation="", predicted=f"{failure.trouble.value} {failure.reason}", observed="it ran"
            )


def _locks(outcome: Outcome, seen: Observed, tables: Set[str]) -> Iterator[Disagreement]:
    certain = _by_name(outcome.expected.certain, tables)
    possible = _by_name(outcome.expected.possible, tables)
    locks = {name: mode for name, mode in seen.locks.items() if name in tables}
    for name in sorted(possible.keys() | locks.keys()):
        must, may, saw = certain.get(name), possible.get(name), locks.get(name)
        held = outcome.held_before.get(name)
        if saw is must or saw is may:
            continue
        if must is not None and _at_least(held, must) and not _at_least(saw, must):
            continue  # it held that much already, and a lock that is held is not taken again
        if must is None and (saw is None or _at_least(may, saw)):
            continue  # a branch that was not taken
        if must is not None and saw is not None and _at_least(saw, must) and _at_least(may, saw):
            continue  # likewise
        if must is None and saw is not None and saw.strength < STRONG:
            continue
        if must is not None and must.strength < STRONG and saw is not None and must.strength <= saw.strength < STRONG:
            continue  # triggers of foreign keys read and lock rows too
        yield Disagreement(about="lock", relation=name, predicted=_shown(must or may), observed=_shown(saw))


def _by_name(effects: Effects, tables: Set[str]) -> dict[str, LockMode]:
    return {str(ref): mode for ref, mode in effects.strongest_locks().items() if str(ref) in tables}


def _at_least(mode: LockMode | None, other: LockMode) -> bool:
    return mode is not None and mode.strength >= other.strength


def _shown(mode: LockMode | None) -> str:
    return mode.value if mode is not None else "none"


def _work(outcome: Outcome, seen: Observed, tables: Set[str]) -> Iterator[Disagreement]:
    expected = outcome.expected
    certain = _work_by_name(expected.certain)
    rewrites, builds, scans = set(seen.rewrites), set(seen.index_builds), set(seen.scans)
    yield from _both_ways("rewrite", certain.get(WorkKind.REWRITE, set()) & tables, rewrites)
    possible = _work_by_name(expected.possible)
    any_work = set().union(*possible.values()) if possible else set()
    if not isinstance(expected.statement, Truncate):  # which makes new, empty indexes
        wanted = certain.get(WorkKind.INDEX_BUILD, set()) & tables
        yield from _both_ways("index build", wanted - (rewrites - builds), builds - (rewrites - wanted))
    # While it rewrites a table or builds an index, PostgreSQL looks at its rows without saying so again.
    wanted = certain.get(WorkKind.SCAN, set()) & tables
    for name in sorted(wanted - scans - rewrites):
        yield Disagreement(about="scan", relation=name, predicted="scan", observed="none")
    if isinstance(expected.statement, RefreshMaterializedView):
        return  # what its query reads
    explained = any_work | expected.looked_up
    for name in sorted(scans - explained):
        yield Disagreement(about="scan", relation=name, predicted="none", observed="scan")


def _work_by_name(effects: Effects) -> Mapping[WorkKind, set[str]]:
    found: dict[WorkKind, set[str]] = {}
    for work in effects.work:
        found.setdefault(work.kind, set()).add(str(work.relation))
    return found


def _both_ways(about: str, predicted: Set[str], observed: Set[str]) -> Iterator[Disagreement]:
    for name in sorted(predicted ^ observed):
        if name in predicted:
            yield Disagreement(about=about, relation=name, predicted=about, observed="none")
        else:
            yield Disagreement(about=about, relation=name, predicted="none", observed=about)
