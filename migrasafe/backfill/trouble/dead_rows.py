"""Rows that were set aside: listed, tried again, counted. A row that was only locked is one of them, until it is free."""

from __future__ import annotations

import time
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.backfill.model import JobId
from migrasafe.backfill.queries import Sql, key_literal, query
from migrasafe.backfill.trouble.failures import Failure, classify
from migrasafe.backfill.walk.batches import Place, set_local
from migrasafe.backfill.walk.ways import RETURNING_ONE, Key
from migrasafe.postgres.scripts import ScriptSession, StatementError

LOCKED = "55P03"
_OF_THE_ROW = (
    Failure.BAD_ROW,
    Failure.LOCK_TIMEOUT,
    Failure.DEADLOCK,
    Failure.SERIALIZATION,
    Failure.STATEMENT_TIMEOUT,
)


class DeadRow(Struct, frozen=True, kw_only=True):
    """A row that the job passed by."""

    rel: int
    key: Key
    sqlstate: str
    message: str
    attempts: int
    first_at: str
    """ISO 8601."""
    last_at: str


class Left(Struct, frozen=True, kw_only=True):
    """What a job still has to do, counted in parts and rows."""

    parts: int
    dead_rows: int
    locked_rows: int


def what_is_left(session: ScriptSession, job_id: JobId) -> Left:
    """How many parts are not done, and how many rows are set aside."""
    parts, dead, locked = session.rows(query("parts_left", job_id=job_id))[0]
    return Left(parts=parts, dead_rows=dead, locked_rows=locked)


def dead_rows(
    session: ScriptSession, job_id: JobId, *, only_locked: bool | None = None, most: int = 1000
) -> list[DeadRow]:
    """Rows that are set aside; `only_locked` says of which kind, None: both."""
    condition = {None: "true", True: f"d.sqlstate = '{LOCKED}'", False: f"d.sqlstate <> '{LOCKED}'"}[only_locked]
    rows = session.rows(query("dead_rows", job_id=job_id, condition=Sql(condition), most=most))
    return [
        DeadRow(
            rel=rel, key=tuple(key), sqlstate=state, message=message, attempts=attempts, first_at=first, last_at=last
        )
        for rel, key, state, message, attempts, first, last in rows
    ]


def retry(session: ScriptSession, places: Mapping[int, Place], row: DeadRow) -> bool:
    """Change a row that was set aside, in a transaction of its own; False when it still cannot be changed.

    Raises StatementError for what is not the row's fault.
    """
    place = replace(places[row.rel], leaves_out_dead=False)
    settings = place.settings
    key = key_literal(row.key)
    is_ours = (
        f"EXISTS (SELECT FROM migrasafe.backfill_dead_row AS migrasafe_dead WHERE migrasafe_dead.job_id = {place.job.id} "
        f"AND migrasafe_dead.rel = {row.rel} AND migrasafe_dead.key = {key} AND migrasafe_dead.resolved_at IS NULL)"
    )
    inside = f"{place.walk.is_key(place.change.alias, row.key)} AND {is_ours}"
    began = time.monotonic()
    try:
        session.script(
            query(
                "retry_dead_row",
                set_local=set_local(place),
                job_id=place.job.id,
                rel=row.rel,
                key=key,
                change=Sql(place.change.statement(place.relation, inside, place.walk) + RETURNING_ONE),
            )
        )
    except StatementError as failure:
        if failure.is_lost:
            raise
        session.roll_back()
        kind = classify(
            failure.sqlstate,
            failure.message,
            is_lost=False,
            seconds=time.monotonic() - began,
            statement_timeout_seconds=settings.statement_timeout_seconds,
        )
        if kind not in _OF_THE_ROW:
            raise
        state = LOCKED if kind is not Failure.BAD_ROW else failure.sqlstate
        session.script(
            query("dead_row_failed", job_id=place.job.id, rel=row.rel, key=key, sqlstate=state, message=failure.message)
        )
        return False
    return True
