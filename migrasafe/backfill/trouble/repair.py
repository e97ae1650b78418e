"""Beside a job's workers: its dead rows are tried again, and what is left is counted, whether or not it runs."""

from __future__ import annotations

import uuid
from shlex import quote

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.backfill.end.finish import Verification, can_count, parts_of
from migrasafe.backfill.end.recompute import Recomputed, recompute
from migrasafe.backfill.job.jobs import Job, actor, note
from migrasafe.backfill.link import Link, open_link
from migrasafe.backfill.trouble.dead_rows import DeadRow, dead_rows, retry, what_is_left
from migrasafe.backfill.walk.batches import Place
from migrasafe.backfill.walk.places import RewrittenError, place_of
from migrasafe.backfill.walk.ways import BlockWalk
from migrasafe.errors import InputError

_ROWS_A_LOOK = 20_000


def retry_dead_rows(dsn: str, job: Job) -> tuple[int, list[DeadRow]]:
    """Try all dead rows of a job again: how many were set right, and those that still cannot be changed."""
    link = open_link(dsn, f"migrasafe backfill {job.name}")
    try:
        rows = dead_rows(link.session, job.id, most=100_000)
        places = _places(link, job)
        changed = 0
        for row in rows:
            changed += retry(link.session, places, row)
        left = dead_rows(link.session, job.id, most=100_000)
        note(link.session, job.id, actor(link.session), "retry-dead", changed=changed, left=len(left))
        return changed, left
    finally:
        link.session.close()


class Verified(Struct, frozen=True, kw_only=True):
    """What a look at the whole table found."""

    left: int | None
    """Rows that still want the change; None where that cannot be told."""
    aside: int
    """Rows that could not be changed, and are set aside."""
    sample: Recomputed | None
    """None: not asked for."""


def verify(dsn: str, job: Job, *, sample_rows: int) -> Verified:
    """Look whether a row still wants the change, and whether some rows have the values that the change gives."""
    link = open_link(dsn, f"migrasafe backfill {job.name}")
    try:
        left = what_is_left(link.session, job.id)
        aside = left.dead_rows + left.locked_rows
        places = _places(link, job)
        sample = recompute(link.session, places.values(), sample_rows) if sample_rows else None
        if not can_count(job):
            return Verified(left=None, aside=aside, sample=sample)
        parts = []
        for part in parts_of(link.session, job):
            walk = places[part.rel].walk
            if isinstance(walk, BlockWalk):
                end = _last_block(link, part.rel)
            else:
                last = link.session.rows(walk.last(places[part.rel].relation))
                end = tuple(last[0][0]) if last else None
            parts.append(replace(part, lo=None, hi=end or part.hi))
        verification = Verification(link.session, places, parts)
        while (verdict := verification.step(_ROWS_A_LOOK)) is None:
            pass
        return Verified(left=verdict.rows_left, aside=aside, sample=sample)
    finally:
        link.session.close()


def _places(link: Link, job: Job) -> dict[int, Place]:
    places = {}
    for part in parts_of(link.session, job):
        try:
            places[part.rel] = place_of(link, job, part.rel, part.filenode, str(uuid.uuid4()))
        except RewrittenError as error:
            raise InputError(
                f"backfill {job.name}: {error}; `migrasafe backfill run {quote(job.name)} --restart`"
            ) from error
    return places


def _last_block(link: Link, rel: int) -> tuple[str, ...] | None:
    size = f"SELECT pg_relation_size({rel}) / current_setting('block_size')::bigint - 1"
    last = int(link.session.rows(size)[0][0])
    return (str(last),) if last >= 0 else None
