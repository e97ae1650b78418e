"""A worker that finds no free part takes half of the largest one from its worker."""

from __future__ import annotations

from migrasafe.backfill.job.jobs import Job
from migrasafe.backfill.job.shards import Shard, shard_of
from migrasafe.backfill.link import Link
from migrasafe.backfill.queries import key_literal, query
from migrasafe.backfill.walk.batches import Place, key_in
from migrasafe.backfill.walk.places import RewrittenError, place_of
from migrasafe.backfill.walk.ways import BlockWalk, Key
from migrasafe.postgres.scripts import ScriptSession, StatementError

WORTH_TWO_ROWS = 5000
"""A part with fewer left is soon done by one."""
_SAMPLED_BLOCKS = 100


def split_largest(link: Link, job: Job, who: str, token: str) -> bool:
    """Make two parts of the one with the most rows left; False when none has enough for two."""
    session = link.session
    try:
        held = session.rows(query("shard_hold", job_id=job.id, least_rows=WORTH_TWO_ROWS))
        shard = shard_of(held[0]) if held else None
        middle = _middle(session, place_of(link, job, shard.rel, shard.filenode, token), shard) if shard else None
        if shard is None or middle is None or middle == shard.hi:
            return False
        session.script(
            query(
                "shard_split",
                job_id=job.id,
                shard_no=shard.no,
                middle=key_literal(middle),
                hi=key_literal(shard.hi),
                rel=shard.rel,
                filenode=shard.filenode,
                rows_taken=max((shard.est_rows or 0) - shard.rows_walked, 0) // 2,
                actor=who,
                detail={"part": shard.no, "at": list(middle)},
            )
        )
    except (StatementError, RewrittenError) as failure:
        if isinstance(failure, StatementError) and failure.is_lost:
            raise
        return False  # another worker was quicker, or the batch takes long: the next look may do it
    finally:
        if session.is_open:
            session.roll_back()
    return True


def _middle(session: ScriptSession, place: Place, shard: Shard) -> Key | None:
    """A place with about as many rows behind it as before it; None where there is none."""
    if isinstance(place.walk, BlockWalk):
        first = 0 if shard.low is None else int(shard.low[0]) + 1
        middle = (first + int(shard.hi[0])) // 2
        return (str(middle),) if middle >= first else None
    return key_in(session.rows(place.walk.middle(place.relation, shard.low, shard.hi, _SAMPLED_BLOCKS)))
