"""The scripts of a batch: each is one transaction in one message, and moves the cursor with the rows or not at all."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from migrasafe.backfill.job.jobs import Job
from migrasafe.backfill.job.settings import RunSettings
from migrasafe.backfill.job.shards import Shard
from migrasafe.backfill.queries import Sql, key_literal, query
from migrasafe.backfill.walk.ways import RETURNING_ONE, Change, Key, KeyWalk, Walk
from migrasafe.postgres.scripts import Row, ScriptSession

IDLE_TIMEOUT_MS = 10_000
"""A client that stops in the middle of a batch (a frozen machine) keeps its locks for no longer."""


class Range(Struct, frozen=True, kw_only=True):
    """The rows of one batch: behind `low`, up to and with `high`."""

    low: Key | None
    high: Key
    rows: int
    """That are in it, by the index."""


class Committed(Struct, frozen=True, kw_only=True):
    """What a batch did."""

    rows_changed: int
    next_high: Key | None
    """The end of the next batch, if it was asked for and if so many rows are left."""
    wal_bytes: int
    commit_lsn: int
    rows_left: int = 0


class Place(Struct, frozen=True, kw_only=True):
    """Where a worker's batches run: what stays the same from one to the next."""

    job: Job
    walk: Walk
    change: Change
    relation: str
    token: str
    settings: RunSettings
    log_end: Sql
    """An expression for the end of the log as a number."""
    rel: int
    leaves_out_dead: bool = False
    """Rows that were set aside are not tried again: so in a further pass, and when rows are counted."""

    def inside(self, part: Range) -> str:
        """The condition for the rows of a range."""
        condition = self.walk.inside(self.change.alias, part.low, part.high)
        if not self.leaves_out_dead:
            return condition
        return f"{condition} AND {self.is_not_dead()}"

    def is_not_dead(self) -> str:
        """The condition that a row was not set aside."""
        return (
            "NOT EXISTS (SELECT FROM migrasafe.backfill_dead_row AS migrasafe_dead "
            f"WHERE migrasafe_dead.job_id = {self.job.id} AND migrasafe_dead.rel = {self.rel} "
            f"AND migrasafe_dead.resolved_at IS NULL AND migrasafe_dead.key = {self.walk.key_json(self.change.alias)})"
        )


def run_batch(session: ScriptSession, place: Place, shard: Shard, part: Range, next_rows: int | None) -> Committed:
    """Change the rows of a range. `next_rows`: how many the batch after it shall have; None: do not ask for its end.

    Raises StatementError, after which nothing is changed unless the session is lost.
    """
    results = session.script(batch_script(place, shard, part, next_rows))
    (_, log_before), next_row, (changed,), (log_after,) = results[-6][0], results[-5], results[-3][0], results[-1][0]
    return Committed(
        rows_changed=changed,
        next_high=key_in(next_row),
        wal_bytes=max(log_after - log_before, 0),
        commit_lsn=log_after,
    )


def run_on_free_rows(session: ScriptSession, place: Place, shard: Shard, part: Range) -> Committed:
    """Change the rows of a range that nobody has locked; those of the others are kept by key for later."""
    changed, busy = session.script(free_rows_script(place, shard, part))[-2][0]
    return Committed(rows_changed=changed, next_high=None, wal_bytes=0, commit_lsn=0, rows_left=busy)


def set_row_aside(session: ScriptSession, place: Place, shard: Shard, part: Range, sqlstate: str, message: str) -> int:
    """Note the one key of a range as dead and move the cursor past it; how many dead rows the job has now."""
    return int(session.script(dead_row_script(place, shard, part, sqlstate, message))[-2][0][0])


def batch_script(place: Place, shard: Shard, part: Range, next_rows: int | None) -> str:
    """The message that changes the rows of a range."""
    is_last = part.high == shard.hi
    bound = "SELECT NULL"
    if next_rows is not None and not is_last and isinstance(place.walk, KeyWalk):
        bound = place.walk.bound(place.relation, part.high, shard.hi, next_rows)
    return query(
        "batch",
        set_local=set_local(place),
        next_bound=Sql(bound),
        change=Sql(place.change.statement(place.relation, place.inside(part), place.walk)),
        log_end=place.log_end,
        **_fence(place, shard),
        **_cursor(place, shard, part),
    )


def free_rows_script(place: Place, shard: Shard, part: Range) -> str:
    """The message that changes the rows of a range that nobody has locked."""
    inside = place.inside(part)
    alias = place.change.alias
    is_key = isinstance(place.walk, KeyWalk)
    columns = place.walk.order(alias) if is_key else f"{alias}.ctid AS at"
    same_row = place.walk.same_row("walked", "free") if is_key else "walked.at = free.at"
    is_free = place.walk.same_row(alias, "free") if is_key else f"{alias}.ctid = free.at"
    only_free = f"{inside} AND EXISTS (SELECT FROM free WHERE {is_free})"
    return query(
        "batch_of_free_rows",
        set_local=set_local(place),
        key=place.walk.key_json(alias),
        columns=Sql(columns),
        relation=Sql(place.relation),
        alias=Sql(alias),
        inside=Sql(inside),
        todo=Sql(place.change.todo()),
        change=Sql(place.change.statement(place.relation, only_free, place.walk) + RETURNING_ONE),
        same_row=Sql(same_row),
        keeps_keys=is_key,
        rel=shard.rel,
        **_fence(place, shard),
        **_cursor(place, shard, part),
    )


def dead_row_script(place: Place, shard: Shard, part: Range, sqlstate: str, message: str) -> str:
    """The message that notes the one key of a range as dead."""
    return query(
        "batch_of_dead_row",
        set_local=set_local(place),
        rel=shard.rel,
        key=key_literal(part.high),
        sqlstate=sqlstate,
        message=message,
        **_fence(place, shard),
        **_cursor(place, shard, part),
    )


def set_local(place: Place) -> Sql:
    """The settings of a batch's transaction: they end with it, so that a pooler's session stays as it was."""
    settings = place.settings
    lines = [
        f"SET LOCAL lock_timeout = {round(settings.lock_timeout_seconds * 1000)};",
        f"SET LOCAL statement_timeout = {round(settings.statement_timeout_seconds * 1000)};",
        f"SET LOCAL idle_in_transaction_session_timeout = {IDLE_TIMEOUT_MS};",
    ]
    if settings.synchronous_commit != "default":
        lines.append(f"SET LOCAL synchronous_commit = {settings.synchronous_commit};")
    if place.job.facts.avoid_seq_scan:
        lines.append("SET LOCAL enable_seqscan = off;")
    return Sql("\n".join(lines))


def key_in(rows: Sequence[Row]) -> Key | None:
    """The key that a query of a walk returned."""
    return tuple(rows[0][0]) if rows and rows[0][0] is not None else None


def _fence(place: Place, shard: Shard) -> dict[str, int | str]:
    return {"job_id": place.job.id, "shard_no": shard.no, "token": place.token, "batch_no": shard.batch_no}


def _cursor(place: Place, shard: Shard, part: Range) -> dict[str, Sql | bool | int | float]:
    return {
        "cursor": key_literal(part.high),
        "is_done": part.high == shard.hi,
        "rows_walked": part.rows,
        "lease_seconds": place.settings.lease_seconds,
    }
