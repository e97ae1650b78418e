"""The parts of a job and who works on them: leases in the database, so that workers may be anywhere."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import msgspec
from msgspec import Struct

from migrasafe.backfill.model import Decision, Gauge, JobId
from migrasafe.backfill.queries import Sql, literal, query
from migrasafe.backfill.walk.ways import Key
from migrasafe.postgres.scripts import Row, ScriptSession
from migrasafe.sql.quote import quote_ident

ALIVE_SECONDS = 10.0
"""A worker speaks twice a second, but not while a batch runs."""


class Shard(Struct, frozen=True, kw_only=True):
    """One part as a worker sees it: the rows behind `cursor`, up to and with `hi`."""

    no: int
    rel: int
    filenode: int
    lo: Key | None
    hi: Key
    cursor: Key | None
    batch_no: int
    rows_walked: int
    rows_changed: int
    est_rows: int | None

    @property
    def low(self) -> Key | None:
        """What the next batch begins behind."""
        return self.cursor if self.cursor is not None else self.lo


class Worker(Struct, frozen=True, kw_only=True):
    """A worker as its row says it."""

    token: str
    process: str
    owner: str
    state: str
    age_seconds: float
    """Since its last word."""
    started_at: str
    """ISO 8601."""
    reasons: str
    """JSON."""
    gauges: str
    """JSON."""
    batch_rows: int | None
    rows_per_second: float | None
    has_session: bool

    @property
    def is_alive(self) -> bool:
        """It spoke a short while ago, or its session is there, in which a batch may take long."""
        return (self.age_seconds < ALIVE_SECONDS or self.has_session) and not is_gone(self.process)


class Orders(Struct, frozen=True, kw_only=True):
    """What a worker is told by the row of its job."""

    status: str
    reason: str | None
    settings_version: int
    passes: int


def begin_work(session: ScriptSession, job_id: JobId, token: str, owner: str, *, is_direct: bool) -> None:
    """Write down that we work on a job; again after each reconnect."""
    pid: int | None = session.login_pid if is_direct else None
    session.script(
        query("worker_begin", token=token, job_id=job_id, owner=owner, process=this_process(), backend_pid=pid)
    )


class Claimant(Struct, frozen=True, kw_only=True):
    """A worker of a job, as its leases name it."""

    job_id: JobId
    token: str
    owner: str
    lease_seconds: float


def claim(session: ScriptSession, who: Claimant, *, takeover: bool = False, is_done: bool = False) -> Shard | None:
    """Take a free part, or one whose worker is gone; None where there is none now.

    With `is_done`, a part that is done: who holds the first one ends the job.
    """
    job_id, token, owner, lease_seconds = who.job_id, who.token, who.owner, who.lease_seconds
    gone = [worker.token for worker in workers(session, job_id) if is_gone(worker.process)]
    if gone:
        session.script(query("workers_gone", gone=gone))
    rows = session.rows(
        query(
            "shard_claim",
            job_id=job_id,
            token=token,
            owner=owner,
            lease_seconds=lease_seconds,
            takeover=takeover,
            is_done=is_done,
        )
    )
    return shard_of(rows[0]) if rows else None


def look_again(session: ScriptSession, job_id: JobId, shard_no: int, token: str) -> Shard | None:
    """Our part as it is in the database; None when it is no longer ours."""
    rows = session.rows(query("shard_again", job_id=job_id, shard_no=shard_no, token=token))
    return shard_of(rows[0]) if rows else None


def release(session: ScriptSession, job_id: JobId, token: str) -> None:
    """Give back what we hold, so that others need not wait for the lease to end."""
    session.script(query("shard_release", job_id=job_id, token=token))


def give_back(session: ScriptSession, job_id: JobId, token: str) -> None:
    """Give our part back and stay a worker."""
    session.script(query("shard_give_back", job_id=job_id, token=token))


def beat(
    session: ScriptSession,
    *,
    job_id: JobId,
    token: str,
    shard_no: int | None,
    state: str,
    decision: Decision,
    gauges: tuple[Gauge, ...],
    rows_per_second: float,
    lease_seconds: float,
) -> Orders | None:
    """Say how we are, keep the lease, and read what operators want; None when the job is gone."""
    rows = session.rows(
        query(
            "worker_beat",
            job_id=job_id,
            token=token,
            shard_no=shard_no,
            state=state,
            reasons=_json(decision.reasons),
            gauges=_json(gauges),
            batch_rows=decision.batch_rows,
            rows_per_second=round(rows_per_second, 1),
            lease_seconds=lease_seconds,
        )
    )
    if not rows:
        return None
    status, reason, version, passes = rows[0]
    return Orders(status=status, reason=reason, settings_version=version, passes=passes)


def workers(session: ScriptSession, job_id: JobId) -> tuple[Worker, ...]:
    """The workers of a job that did not say that they ended."""
    return tuple(
        Worker(**dict(zip(Worker.__struct_fields__, row, strict=True)))
        for row in session.rows(query("workers_of_job", job_id=job_id))
    )


def this_process() -> str:
    """Who we are among all processes that ever were: host, boot, namespace, number and start."""
    return "|".join((_home(), str(os.getpid()), _start_of(os.getpid()) or ""))


def is_gone(process: str) -> bool:
    """Whether a process, named by `this_process`, has certainly ended: only one of this machine can be judged."""
    home, _, rest = process.partition("|")
    pid, _, started = rest.partition("|")
    if home != _home() or not pid.isdecimal() or not started:
        return False
    return _start_of(int(pid)) != started


def relation_of(session: ScriptSession, rel: int) -> tuple[str, int] | None:
    """Name, quoted, and filenode of a table; None when it is gone."""
    rows = session.rows(
        "SELECT n.nspname, c.relname, pg_relation_filenode(c.oid)::bigint FROM pg_class AS c "
        f"JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = {rel}"
    )
    return (f"{quote_ident(rows[0][0])}.{quote_ident(rows[0][1])}", rows[0][2] or 0) if rows else None


def shard_of(row: Row) -> Shard:
    """A part from a row of the queries about shards."""
    no, rel, filenode, lo, hi, cursor, batch_no, walked, changed, est_rows = row
    return Shard(
        no=no,
        rel=rel,
        filenode=filenode,
        lo=_key(lo),
        hi=tuple(hi),
        cursor=_key(cursor),
        batch_no=batch_no,
        rows_walked=walked,
        rows_changed=changed,
        est_rows=est_rows,
    )


def _key(value: list[str] | None) -> Key | None:
    return None if value is None else tuple(value)


def _json(values: tuple[object, ...]) -> Sql:
    return Sql(literal(msgspec.json.encode(values).decode()) + "::jsonb")


def _home() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        boot = namespace = ""
    return f"{socket.gethostname()}/{boot}/{namespace}".replace("|", "")


def _start_of(pid: int) -> str | None:
    """When a process was started, in the kernel's ticks; None when there is none, or no /proc."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]
