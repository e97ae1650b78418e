"""A worker's way to the server that takes writes: opened, found again after an outage, checked after a failover."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from msgspec import Struct

from migrasafe.backfill.job.jobs import cluster_identity
from migrasafe.backfill.queries import Sql
from migrasafe.errors import ServerError
from migrasafe.postgres.scripts import ScriptSession, StatementError, open_session

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 30.0
_LOG_END = Sql("(pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint")
_NO_LOG_END = Sql("0::bigint")


class Link(Struct, frozen=True, kw_only=True):
    """A session on a primary, and what is known of the way to it."""

    session: ScriptSession
    is_direct: bool
    """The session is ours alone: no pooler hands it to others between transactions."""
    log_end: Sql
    """An expression for the end of the log as a number; 0 on servers that do not say it."""
    system_identifier: str | None
    timeline: str | None


def open_link(dsn: str, name: str) -> Link:
    """Connect to the server that takes writes. Raises ServerError when it cannot be reached, or is a standby."""
    session = open_session(dsn, name=name)
    try:
        standby, pid = session.rows("SELECT pg_is_in_recovery(), pg_backend_pid()")[0]
        if standby:
            raise ServerError("the server is a standby, which takes no writes: give the primary in --dsn, or all hosts")
        try:
            session.rows(f"SELECT {_LOG_END}")
            log_end = _LOG_END
        except StatementError as failure:
            if failure.is_lost:
                raise
            log_end = _NO_LOG_END
        identifier, timeline = cluster_identity(session)
    except StatementError as failure:
        session.close()
        raise ServerError(f"the server ended the session: {failure.message}") from failure
    except ServerError:
        session.close()
        raise
    return Link(
        session=session,
        is_direct=pid == session.login_pid,
        log_end=log_end,
        system_identifier=identifier,
        timeline=timeline,
    )


def open_link_again(
    dsn: str,
    name: str,
    *,
    max_outage_seconds: float | None,
    is_stopping: Callable[[], bool],
    waiting: Callable[[str, float], None],
    before: Link | None = None,
) -> Link | None:
    """Connect once the server is back, however long that takes; None when we are told to stop meanwhile.

    `before`: the way as it was. A server of the same cluster on an earlier timeline is its primary of before a failover: it
    is not connected to, as what it takes is lost. `waiting` is told why and for how many seconds before each further try.
    Raises ServerError after `max_outage_seconds`.
    """
    began = time.monotonic()
    pause = FIRST_WAIT_SECONDS
    while not is_stopping():
        try:
            link = open_link(dsn, name)
            try:
                _refuse_former_primary(link, before)
            except ServerError:
                link.session.close()
                raise
            return link
        except ServerError as error:
            away = time.monotonic() - began
            if max_outage_seconds is not None and away > max_outage_seconds:
                raise ServerError(f"{error}; gave up after {away:.0f} s (max_outage)") from error
            wait = pause * (1 + random.random() / 2)
            waiting(str(error), wait)
            _sleep(wait, is_stopping)
            pause = min(pause * 2, LONGEST_WAIT_SECONDS)
    return None


def is_former_primary(link: Link, before: Link) -> bool:
    """Whether a link leads back in time, to the primary from before a failover that was followed already."""
    if None in (link.timeline, before.timeline) or link.system_identifier != before.system_identifier:
        return False
    return int(link.timeline or "", 16) < int(before.timeline or "", 16)


def _refuse_former_primary(link: Link, before: Link | None) -> None:
    if before is not None and is_former_primary(link, before):
        raise ServerError(
            f"the server that --dsn leads to is on timeline {link.timeline}, and this job has run on {before.timeline} already: it "
            "is the primary from before a failover, and takes writes still (split brain?)"
        )


def _sleep(seconds: float, is_stopping: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0 and not is_stopping():
        time.sleep(min(left, 0.2))
