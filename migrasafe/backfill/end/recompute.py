"""Recomputes a random sample of rows: does each have the value that the change gives it, or has something gone by it?

Counting by the predicate finds rows that were not changed. This finds those that were changed once and went stale since, for
example because a writer changes the source and no trigger carries that over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from migrasafe.backfill.job.jobs import Job
from migrasafe.backfill.job.spec import assignments_of, expressions_of
from migrasafe.backfill.queries import Sql, query
from migrasafe.backfill.walk.batches import Place, set_local
from migrasafe.backfill.walk.table import columns_of
from migrasafe.backfill.walk.ways import Key
from migrasafe.errors import InputError
from migrasafe.postgres.scripts import ScriptSession, StatementError
from migrasafe.quantities import say_count
from migrasafe.sql.builtin.called import function_calls
from migrasafe.sql.expressions import columns_read, walk
from migrasafe.sql.quote import quote_ident

SAMPLE_ROWS = 1000
_TIME_FUNCTIONS = frozenset({"now", "transaction_timestamp", "statement_timestamp", "clock_timestamp", "timeofday"})


class Recomputed(Struct, frozen=True, kw_only=True):
    """What a look at some rows found."""

    rows: int
    different: int
    keys: tuple[Key, ...] = ()
    """Of a few of the different ones."""
    why_not: str | None = None
    """Why no row could be recomputed."""

    @property
    def text(self) -> str:
        """For people."""
        if self.why_not is not None:
            return f"no row was recomputed: {self.why_not}"
        if not self.different:
            return f"{self._picked}: each has the value that the change gives"
        keys = "; ".join(f"({', '.join(key)})" for key in self.keys)
        return (
            f"{self._picked}: {self.different:,} {'has' if self.different == 1 else 'have'} another value than the change gives "
            f"now, as {keys}: written by others before or since (is there a trigger that keeps the two in step?)"
        )

    @property
    def _picked(self) -> str:
        return f"{say_count(self.rows, 'row')} {'was' if self.rows == 1 else 'were'} picked at random and recomputed"


def why_not_recomputed(session: ScriptSession, job: Job) -> str | None:
    """Why the change cannot be computed again from a row as it is now; None when it can."""
    if job.spec.delete:
        return "a row that is gone cannot be"
    if job.facts.into is not None or job.spec.set is None:
        return "a copy is verified by its counterparts"
    try:
        pairs = assignments_of(job.spec.set)
        found = expressions_of(job.spec.set)
    except InputError:
        return "one expression gives several columns"
    written = {pair.column for pair in pairs} | {name for name, _ in found}
    calls: set[str] = set()
    for name, expression in found:
        if "SetToDefault" in {kind for kind, _ in walk(expression.node)}:
            return f"what {name} gets is its default"
        if columns_read(expression) & written:
            return f"what {name} gets depends on what was there before"
        if job.facts.alias in {quote_ident(column) for column in columns_read(expression)}:
            return f"what {name} gets depends on all of the row"
        if any(kind == "SQLValueFunction" for kind, _ in walk(expression.node)):
            return f"what {name} gets depends on the time or the session"
        calls |= {call.name for call in function_calls(expression.node)}
    varying = sorted(calls & _TIME_FUNCTIONS) or [
        row[0] for row in session.rows(query("functions_that_vary", names=sorted(calls)))
    ]
    return f"{varying[0]}() gives another result each time" if varying else None


def recompute(session: ScriptSession, places: Iterable[Place], rows: int = SAMPLE_ROWS) -> Recomputed:
    """Recompute some rows of each table of a job, about so many in all. Reads only; raises StatementError."""
    at = list(places)
    if not at:
        return Recomputed(rows=0, different=0, why_not="the table was empty")
    why_not = why_not_recomputed(session, at[0].job)
    if why_not is not None:
        return Recomputed(rows=0, different=0, why_not=why_not)
    sizes = [_rows_of(session, place) for place in at]
    looked = different = 0
    keys: list[Key] = []
    for place, size in zip(at, sizes, strict=True):
        share = size / max(sum(sizes), 1.0)
        try:
            seen, differ, some = _look(session, place, max(1, round(rows * share)), size)
        except StatementError as failure:
            if failure.is_lost:
                raise
            session.roll_back()
            return Recomputed(rows=0, different=0, why_not=f"the server cannot ({failure.message})")
        looked, different = looked + seen, different + differ
        keys += [tuple(key) for key in some or ()]
    return Recomputed(rows=looked, different=different, keys=tuple(keys[:5]))


def _look(
    session: ScriptSession, place: Place, rows: int, size: float
) -> tuple[int, int, Sequence[Sequence[str]] | None]:
    alias = place.change.alias
    percent = min(100.0, 300.0 * rows / max(size, 1.0))  # whole blocks are read: some more, so that neighbours are few
    results = session.script(
        query(
            "sample_recomputed",
            set_local=set_local(place),
            differs=Sql(_differs(session, place)),
            key=place.walk.key_json(alias),
            relation=Sql(place.relation),
            alias=Sql(alias),
            percent=max(percent, 1e-4),
            wanted=Sql(place.is_not_dead()),
            rows=rows,
        )
    )
    return results[-2][0]


def _differs(session: ScriptSession, place: Place) -> str:
    """A condition: one of the columns has another value than its expression gives."""
    columns = columns_of(session, place.rel)
    pairs = zip(
        (name for name, _ in expressions_of(place.job.spec.set or "")),
        assignments_of(place.job.spec.set or ""),
        strict=True,
    )
    return " OR ".join(
        f"{place.change.alias}.{quote_ident(name)} IS DISTINCT FROM CAST((\n{pair.expression}\n) AS {columns[name].type})"
        for name, pair in pairs
        if name in columns
    )


def _rows_of(session: ScriptSession, place: Place) -> float:
    """About how many rows a table has, by its size where it has no statistics."""
    sql = (
        "SELECT CASE WHEN reltuples > 0 THEN reltuples ELSE pg_relation_size(oid) / 100.0 END::float8 "
        f"FROM pg_class WHERE oid = {place.rel}"
    )
    return float(session.rows(sql)[0][0])
