"""The end of a job: rows that were locked are tried again, what is left is counted, and walked once more if need be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from migrasafe.backfill.job.jobs import Job
from migrasafe.backfill.job.shards import Shard, shard_of
from migrasafe.backfill.queries import Sql, literal, query
from migrasafe.backfill.trouble.dead_rows import dead_rows, retry
from migrasafe.backfill.walk.batches import Place, Range, key_in, set_local
from migrasafe.backfill.walk.ways import BlockWalk, Key
from migrasafe.postgres.scripts import ScriptSession

PASSES_WITHOUT_PROGRESS = 3
MOST_PASSES = 20
ROWS_A_LOOK = 10
"""Times the size of a batch: counting locks nothing."""


class Verdict(Struct, frozen=True, kw_only=True):
    """What a whole look at the table found."""

    left: Mapping[int, int]
    """Rows that still want the change, by number of the part; parts without one are missing."""

    @property
    def rows_left(self) -> int:
        return sum(self.left.values())


class Verification:
    """Counts, range by range, the rows that still want the change. A step takes as long as a batch or so."""

    def __init__(self, session: ScriptSession, places: Mapping[int, Place], parts: Sequence[Shard]) -> None:
        self._session = session
        self._places = places
        self._parts = list(parts)
        self._at_ends = _at_ends(parts, places)
        self._low: Key | None = parts[0].lo if parts else None
        self._left: dict[int, int] = {}
        self.rows_seen = 0

    def step(self, rows: int) -> Verdict | None:
        """Look at the next range of about so many rows; the verdict once all were seen."""
        if not self._parts:
            return Verdict(left=self._left)
        part = self._parts[0]
        place = replace(self._places[part.rel], leaves_out_dead=True)
        high, is_end = self._high(place, part, rows)
        inside = place.inside(Range(low=self._low, high=high, rows=rows))
        results = self._session.script(
            query(
                "count_left",
                set_local=set_local(place),
                left=Sql(_left(place, inside)),
            )
        )
        found = results[-2][0][0]
        if found:
            self._left[part.no] = self._left.get(part.no, 0) + found
        self.rows_seen += rows
        self._low = high
        if is_end:
            self._parts.pop(0)
            self._low = self._parts[0].lo if self._parts else None
        return None if self._parts else Verdict(left=self._left)

    def _high(self, place: Place, part: Shard, rows: int) -> tuple[Key, bool]:
        """The end of the range, and whether it is that of its part."""
        if not isinstance(place.walk, BlockWalk):
            high = key_in(self._session.rows(place.walk.bound(place.relation, self._low, part.hi, rows))) or part.hi
            return high, high == part.hi
        per_block = max(1, round((part.est_rows or 0) / (int(part.hi[0]) + 1)))
        high = place.walk.after(self._low, part.hi, rows // per_block)
        if high == part.hi and part.no in self._at_ends:
            # Whoever has changed a row that wants the change may have moved it behind what was the end.
            return place.walk.open_end(blocks_of(self._session, part.rel)), True
        return high, high == part.hi


def blocks_of(session: ScriptSession, rel: int) -> int:
    """How many blocks a table has now."""
    return int(session.rows(f"SELECT pg_relation_size({rel}) / current_setting('block_size')::bigint")[0][0])


def can_count(job: Job) -> bool:
    """Whether a look at the table tells which rows still want the change."""
    return job.facts.missing is not None if job.facts.into is not None else job.facts.clears_predicate


def retry_locked(session: ScriptSession, places: Mapping[int, Place], job: Job) -> int:
    """Try the rows again that other sessions had locked; how many still are."""
    rows = dead_rows(session, job.id, only_locked=True, most=100)
    return sum(not retry(session, places, row) for row in rows)


def parts_of(session: ScriptSession, job: Job) -> tuple[Shard, ...]:
    """All parts of a job that have rows."""
    return tuple(shard_of(row) for row in session.rows(query("parts_of_job", job_id=job.id)))


def walk_again(
    session: ScriptSession,
    job: Job,
    who: str,
    parts: Sequence[Shard],
    blocks: Mapping[int, int],
    *,
    rows_left: int | None,
) -> None:
    """Begin another pass over some parts. `blocks`: of a walk by blocks, how many each table has now, by its oid."""
    again = [
        {
            "shard_no": part.no,
            "filenode": part.filenode,
            "hi": [str(max(blocks[part.rel] - 1, 0))] if part.rel in blocks else None,
        }
        for part in parts
    ]
    session.script(
        query(
            "pass_again",
            job_id=job.id,
            parts=Sql(literal(msgspec.json.encode(again).decode()) + "::jsonb"),
            actor=who,
            detail={"pass": job.passes + 1, "rows_left": rows_left},
        )
    )


def _at_ends(parts: Sequence[Shard], places: Mapping[int, Place]) -> frozenset[int]:
    """The numbers of the parts that are at the end of a table that is walked by its blocks."""
    last: dict[int, Shard] = {}
    for part in parts:
        if isinstance(places[part.rel].walk, BlockWalk):
            last[part.rel] = max(last.get(part.rel, part), part, key=lambda one: int(one.hi[0]))
    return frozenset(part.no for part in last.values())


def _left(place: Place, inside: str) -> str:
    missing = place.job.facts.missing
    query_left = place.change.left(place.relation, inside)
    return query_left if missing is None else f"{query_left} AND {missing}"
