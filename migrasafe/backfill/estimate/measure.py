"""Asks the server what an estimate rests on: sizes, a sample of rows, indexes, and, when wanted, a batch that is rolled back."""

from __future__ import annotations

import time
from collections.abc import Sequence

from msgspec import Struct

from migrasafe.backfill.estimate.estimate import Estimate, ReplayTried, ServerFacts, TableSize, Tried, estimate
from migrasafe.backfill.job.file import JobFile
from migrasafe.backfill.job.jobs import NewJob, find_job
from migrasafe.backfill.job.settings import throttle_part
from migrasafe.backfill.job.spec import columns_set
from migrasafe.backfill.job.validate import check_job
from migrasafe.backfill.link import open_link
from migrasafe.backfill.model import Setting
from migrasafe.backfill.queries import Sql, query
from migrasafe.backfill.throttle.settings import limits_from
from migrasafe.backfill.walk.batches import key_in
from migrasafe.backfill.walk.ways import RETURNING_ONE, BlockWalk, Change, Key
from migrasafe.errors import InputError, ServerError
from migrasafe.postgres.connect import Connection
from migrasafe.postgres.figures.load import beat, connect_to_look, read_primary
from migrasafe.postgres.figures.load_signals import Lost
from migrasafe.postgres.scripts import ScriptSession, StatementError
from migrasafe.quantities import say_count

SAMPLED_PAGES = 2000
PLACES = 5
"""Batches that are tried, each somewhere else in the table."""
REPLAY_WITHIN_SECONDS = 10.0
LOOK_EVERY_SECONDS = 0.01
PAGE_BYTES = 8192
MOST_IMAGES = 0.2
KEEPS_UP_SHARE, KEEPS_UP_SECONDS = 0.3, 0.1
"""A replica that is done so soon after the primary, of the time of the try and beside it, replays as fast as it is sent to."""
SUMMARIZING = ("brin",)
"""Index methods that do not stand in the way of HOT updates from PostgreSQL 16 on."""


class Measured(Struct, frozen=True, kw_only=True):
    """An estimate, and what a person must know about the job."""

    name: str
    estimate: Estimate
    warnings: tuple[str, ...]


def measure(dsn: str, wanted: JobFile | str, settings: dict[str, Setting], *, try_rows: int | None) -> Measured:
    """What a job will cost. `try_rows`: try batches of so many rows and roll them back; None: change nothing at all.

    Raises InputError and ServerError.
    """
    link = open_link(dsn, "migrasafe backfill estimate")
    session = link.session
    try:
        if isinstance(wanted, str):
            job = find_job(session, wanted)
            spec = job.spec
            settings = {**job.settings, **settings}
        else:
            spec, settings = wanted.spec, {**wanted.settings, **settings}
        name = wanted if isinstance(wanted, str) else wanted.name
        checked = check_job(session, spec, name, settings, allow_seq_scan=True)
        return Measured(
            name=checked.job.name,
            estimate=_estimate(dsn, session, checked.job, settings, try_rows),
            warnings=checked.warnings,
        )
    except StatementError as error:
        raise ServerError(f"the server said: {error.message}") from error
    finally:
        session.close()


def _estimate(
    dsn: str, session: ScriptSession, job: NewJob, settings: dict[str, Setting], try_rows: int | None
) -> Estimate:
    change = _change_of(job)
    size = _size_of(session, job, change)
    server = _server_facts(session, job)
    tried = None
    if try_rows is not None and size.rows_wanted:
        tried = _try(dsn, session, job, change, try_rows)
    return estimate(
        job.facts.table,
        size,
        server,
        _in_the_way(session, job),
        tried,
        limits_from(throttle_part(settings)).target,
        is_copy=job.facts.into is not None,
    )


def _change_of(job: NewJob) -> Change:
    facts = job.facts
    return Change(
        alias=facts.alias, set=job.spec.set if facts.into is None and job.spec.set else "", where=job.spec.where,
        into=facts.into, into_columns=facts.into_columns, values=facts.values, delete=job.spec.delete,
    )  # fmt: skip


def _size_of(session: ScriptSession, job: NewJob, change: Change) -> TableSize:
    oids = [str(part.rel) for part in job.parts]
    tables = session.rows(query("estimate_tables", oids=oids))
    heap = sum(row[1] for row in tables)
    block = int(session.rows("SHOW block_size")[0][0])
    percent = min(100.0, 100.0 * SAMPLED_PAGES / max(heap / block, 1))
    sample = query(
        "estimate_sample",
        todo=Sql(change.todo()),
        relation=Sql(job.facts.table),
        alias=Sql(change.alias),
        percent=percent,
    )
    try:
        seen, want = session.script(sample)[-2][0]
    except StatementError as failure:
        if failure.is_lost:
            raise
        session.roll_back()
        raise InputError(
            f"the predicate cannot be tried on a sample of {job.facts.table}: {failure.message}"
        ) from failure
    rows = seen if percent == 100 else max(sum(part.est_rows for part in job.parts), round(seen * 100 / percent))
    weight = max(sum(part.est_rows for part in job.parts), 1)
    rows_of = {part.rel: part.est_rows for part in job.parts}
    return TableSize(
        heap_bytes=heap,
        index_bytes=sum(row[2] for row in tables),
        indexes=max((row[3] for row in tables), default=0),
        rows=rows,
        rows_wanted=round(rows * want / seen) if seen else 0,
        sampled_rows=None if percent == 100 else seen,
        row_bytes=sum(row[4] * rows_of.get(row[0], 0) for row in tables) / weight,
        is_vacuumed=all(row[5] for row in tables),
    )


def _server_facts(session: ScriptSession, job: NewJob) -> ServerFacts:
    images, max_wal, block, triggers = session.rows(query("estimate_server", table_oid=job.rel))[0]
    return ServerFacts(
        full_page_writes=images,
        max_wal_bytes=max_wal or 2**30,
        block_bytes=block,
        triggers=tuple(triggers) if job.facts.into is None else (),
    )


def _in_the_way(session: ScriptSession, job: NewJob) -> tuple[str, ...]:
    """The indexes that hold a changed column; of a table in many parts, those of the first."""
    if job.facts.into is not None or job.spec.delete or not job.parts:
        return ()
    changed = set(columns_set(job.spec.set or ""))
    summarizing = SUMMARIZING if session.major >= 16 else ()
    return tuple(
        index
        for _, index, method, columns in session.rows(query("estimate_indexes", oids=[str(job.parts[0].rel)]))
        if changed.intersection(columns) and method not in summarizing
    )


def _try(dsn: str, session: ScriptSession, job: NewJob, change: Change, rows: int) -> Tried:
    """Run batches at several places of the largest part, each rolled back, and see how replicas take their log."""
    part = max(job.parts, key=lambda part: part.est_rows)
    relation = _relation_of(session, part.rel)
    total_rows, hot, wal, images = 0, 0, 0, 0
    took: list[float] = []
    places = _places(session, job, change, relation, part.est_rows)
    with connect_to_look(dsn, primary=True) as looker:
        replicas = _Replicas(looker)
        for low in places:
            high = _high(session, job, relation, low, part.hi, rows)
            if high is None:
                continue
            statement = change.statement(relation, job.walk.inside(change.alias, low, high), job.walk) + RETURNING_ONE
            script = query(
                "estimate_try",
                statement=Sql(statement),
                leaf_oid=part.rel,
                with_wal=Sql(", WAL" if session.major >= 13 else ""),
            )
            before = replicas.before()
            try:
                results = session.script(script)
            except StatementError as failure:
                if failure.is_lost:
                    raise
                session.roll_back()
                raise InputError(
                    f"a try of {say_count(rows, 'row')} failed: {failure.message}; try fewer with --try-rows"
                ) from failure
            plan = results[-3][0][0][0]
            changed = int(plan["Plan"]["Actual Rows"])
            if changed:
                took.append((plan["Execution Time"] + plan["Planning Time"]) / 1000 / changed)
            total_rows += changed
            wal += int(plan["Plan"].get("WAL Bytes", 0))
            images += int(plan["Plan"].get("WAL FPI", 0)) * PAGE_BYTES
            hot += int(results[-2][0][0])
            replicas.after(before)
    return Tried(
        rows=total_rows,
        seconds_per_row=tuple(sorted(took)),
        hot_rows=hot,
        wal_bytes=wal if session.major >= 13 and images < MOST_IMAGES * wal else None,
        replicas=replicas.seen(),
    )


def _relation_of(session: ScriptSession, oid: int) -> str:
    return str(
        session.rows(
            "SELECT quote_ident(nspname) || '.' || quote_ident(relname) FROM pg_class c "
            f"JOIN pg_namespace n ON n.oid = relnamespace WHERE c.oid = {oid}"
        )[0][0]
    )


def _places(session: ScriptSession, job: NewJob, change: Change, relation: str, rows: int) -> Sequence[Key | None]:
    """Keys behind which rows want the change, some of them all over the table."""
    percent = min(100.0, max(0.001, 100.0 * 5000 / max(rows, 1)))
    script = query(
        "estimate_start",
        key=Sql(job.walk.key_json(change.alias)),
        relation=Sql(relation),
        alias=Sql(change.alias),
        todo=Sql(change.todo()),
        percent=percent,
        places=PLACES,
    )
    found = [key_in([row]) for row in session.script(script)[-2]]
    if isinstance(job.walk, BlockWalk):
        return [(key[0],) for key in found if key] or [None]
    return [key for key in found if key] or [None]


def _high(
    session: ScriptSession, job: NewJob, relation: str, low: Key | None, end: Key | None, rows: int
) -> Key | None:
    if end is None:
        return None
    if isinstance(job.walk, BlockWalk):
        return job.walk.after(low, end, max(1, rows // max(job.facts.rows_per_block, 1)))
    return key_in(session.rows(job.walk.bound(relation, low, end, rows))) or end


class _Replicas:
    """How the replicas take the log of a try: what they replayed in which time."""

    def __init__(self, looker: Connection) -> None:
        self._looker = looker
        self._bytes: dict[str, int] = {}
        self._seconds: dict[str, float] = {}
        self._late: dict[str, float] = {}

    def before(self) -> dict[str, tuple[float, int]]:
        """When and where each is."""
        seen = read_primary(self._looker)
        if isinstance(seen.replicas, Lost):
            return {}
        return {one.name: (seen.at, one.replay_lsn) for one in seen.replicas if one.replay_lsn is not None}

    def after(self, before: dict[str, tuple[float, int]]) -> None:
        """Wait until each has replayed all, or for some seconds."""
        if not before:
            return
        ended = time.monotonic()
        beat(self._looker)  # what was rolled back is sent with the next commit
        goal, left = read_primary(self._looker).lsn, set(before)
        while left and time.monotonic() - ended < REPLAY_WITHIN_SECONDS:
            beat(self._looker)  # to which they reply with where they are
            for name, (at, lsn) in self.before().items():
                if name in left and (lsn >= goal or at - ended > REPLAY_WITHIN_SECONDS - 1):
                    left.discard(name)
                    self._bytes[name] = self._bytes.get(name, 0) + lsn - before[name][1]
                    self._seconds[name] = self._seconds.get(name, 0.0) + at - before[name][0]
                    self._late[name] = self._late.get(name, 0.0) + at - ended
            time.sleep(LOOK_EVERY_SECONDS)

    def seen(self) -> tuple[ReplayTried, ...]:
        return tuple(
            ReplayTried(
                name=name,
                rate=self._bytes[name] / max(self._seconds[name], 1e-3),
                keeps_up=self._late[name] < KEEPS_UP_SHARE * self._seconds[name] + KEEPS_UP_SECONDS,
            )
            for name in sorted(self._bytes)
        )
