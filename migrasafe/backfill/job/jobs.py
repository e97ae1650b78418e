"""Jobs in the state tables: made once, found by name, and described as values."""

from __future__ import annotations

import datetime
import getpass
import os
import socket
import uuid
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from migrasafe.backfill.job.spec import Spec
from migrasafe.backfill.kept import kept
from migrasafe.backfill.model import JobId, Setting, Status
from migrasafe.backfill.queries import Sql, literal, query
from migrasafe.backfill.walk.ways import BlockWalk, Key, KeyColumn, KeyWalk, Walk
from migrasafe.errors import InputError, did_you_mean
from migrasafe.postgres.scripts import ScriptSession, StatementError


class Facts(Struct, frozen=True, kw_only=True):
    """What was found when the job was made, and holds for all of it."""

    table: str
    """Schema and name, quoted."""
    alias: str
    """The name, quoted, by which expressions call the table, also where a partition of it is walked."""
    clears_predicate: bool = False
    """The change makes its own predicate false: what is left to do can be counted, and doing it twice does no harm."""
    avoid_seq_scan: bool = False
    """The planner would rather read the whole table for each batch, by statistics that must be wrong."""
    rows_per_block: int = 291
    into: str | None = None
    into_columns: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    missing: str | None = None
    """A copy: condition that a row of the source has no counterpart; None where that cannot be said."""
    warnings: tuple[str, ...] = ()


class Part(Struct, frozen=True, kw_only=True):
    """One shard of a new job: a table that holds rows, and its end, frozen."""

    rel: int
    filenode: int
    hi: Key | None
    est_rows: int


class NewJob(Struct, frozen=True, kw_only=True):
    """What is written down before the first batch."""

    name: str
    spec: Spec
    rel: int
    facts: Facts
    walk: Walk
    collations: tuple[str, ...]
    settings: Mapping[str, Setting]
    parts: tuple[Part, ...]


class Job(Struct, frozen=True, kw_only=True):
    """A job as its row says it."""

    id: JobId
    uuid: str
    name: str
    spec: Spec
    spec_hash: bytes
    rel: int
    facts: Facts
    walk_kind: str
    key_columns: tuple[str, ...]
    key_types: tuple[str, ...]
    key_collations: tuple[str, ...]
    status: Status
    status_reason: str | None
    pause_kind: str | None
    """Of a paused job: `operator`, `failure`, or `stop`, after which the next run goes on."""
    settings: Mapping[str, Setting]
    settings_version: int
    est_rows: int | None
    passes: int
    system_identifier: str | None
    timeline: str | None
    created_by: str
    created_at: datetime.datetime
    started_at: datetime.datetime | None
    finished_at: datetime.datetime | None

    def walk(self, major: int) -> Walk:
        """How this server goes through the table."""
        if self.walk_kind == "blocks":
            return BlockWalk(reads_ranges=major >= 14, rows_per_block=self.facts.rows_per_block)
        pairs = zip(self.key_columns, self.key_types, strict=True)
        return KeyWalk(columns=tuple(KeyColumn(name=name, type=type_) for name, type_ in pairs))


def actor(session: ScriptSession) -> str:
    """Who we are, for the audit: database role, operating system user, host."""
    role = session.rows("SELECT current_user")[0][0]
    try:
        person = getpass.getuser()
    except (KeyError, OSError):  # a container without an entry for its user
        person = str(os.getuid())
    return f"{role} ({person}@{socket.gethostname()})"


def find_job(session: ScriptSession, name: str) -> Job:
    """The job of a name. Raises InputError when there is none."""
    job = try_job(session, name)
    if job is None:
        names = [one.name for one in all_jobs(session)]
        hint = did_you_mean(name, names, f"there are {', '.join(names)}" if names else "there is none in this database")
        raise InputError(f"there is no backfill {name}; {hint}")
    return job


def try_job(session: ScriptSession, name: str) -> Job | None:
    found = _jobs(session, f"j.name = {literal(name)}")
    return found[0] if found else None


def reload_job(session: ScriptSession, job: Job) -> Job:
    """The job as it is now. Raises InputError when its row is not there: another database, or it was removed."""
    found = _jobs(session, f"j.job_uuid = {literal(job.uuid)}::uuid")
    if not found:
        raise InputError(f"backfill {job.name} is not in this database: does --dsn lead to another one?")
    return found[0]


def all_jobs(session: ScriptSession) -> tuple[Job, ...]:
    """All jobs of this database, oldest first."""
    return _jobs(session, "true")


def create_job(session: ScriptSession, new: NewJob, who: str) -> Job:
    """Write a new job down, with its parts and an event. Raises InputError when the name was taken meanwhile."""
    identity = cluster_identity(session)
    shards = [
        {"shard_no": number, "rel": part.rel, "filenode": part.filenode, "hi": part.hi, "est_rows": part.est_rows}
        for number, part in enumerate(new.parts, start=1)
    ]
    columns = new.walk.columns if isinstance(new.walk, KeyWalk) else ()
    spec = msgspec.to_builtins(new.spec)
    try:
        session.script(
            query(
                "job_insert",
                job_uuid=str(uuid.uuid4()),
                name=new.name,
                spec=spec,
                spec_hash=new.spec.hash,
                rel=new.rel,
                facts=msgspec.to_builtins(new.facts),
                walk="key" if columns else "blocks",
                key_cols=[column.name for column in columns],
                key_types=[column.type for column in columns],
                key_collations=list(new.collations),
                settings=dict(new.settings),
                est_rows=sum(part.est_rows for part in new.parts),
                actor=who,
                system_identifier=identity[0],
                timeline=identity[1],
                shards=Sql(literal(msgspec.json.encode(shards).decode()) + "::jsonb"),
                detail={"spec": spec, "settings": dict(new.settings)},
            )
        )
    except StatementError as failure:
        session.roll_back()
        if failure.sqlstate == "23505":
            raise InputError(f"backfill {new.name} was begun by another worker just now: run it again") from failure
        raise
    return find_job(session, new.name)


def does(job: Job) -> str:
    """What a job does to which rows, in a line."""
    into = f" into {job.spec.into}" if job.spec.into else ""
    what = f": {job.spec.set}" if job.spec.set else ": delete" if job.spec.delete else ""
    return f"{job.spec.table}{into}{what}{f' where {job.spec.where}' if job.spec.where else ''}"


def note(session: ScriptSession, job_id: JobId, who: str, kind: str, **detail: object) -> None:
    """Write an event down, for the audit and the report."""
    session.script(query("job_event", job_id=job_id, actor=who, kind=kind, detail=detail))


def cluster_identity(session: ScriptSession) -> tuple[str | None, str | None]:
    """System identifier and timeline of a server, None where it does not say them (some managed ones do not)."""
    try:
        identifier, timeline = session.rows(query("cluster_identity"))[0]
    except StatementError as failure:
        if failure.is_lost:
            raise
        return None, None
    return identifier, timeline


def time_in(text: object) -> datetime.datetime | None:
    """A time as the server writes it in JSON."""
    return datetime.datetime.fromisoformat(str(text)) if text is not None else None


def _jobs(session: ScriptSession, condition: str) -> tuple[Job, ...]:
    return tuple(_job(row) for row in session.rows(query("jobs", condition=Sql(condition))))


def _job(row: tuple[object, ...]) -> Job:
    names = Job.__struct_fields__
    values = dict(zip(names, row, strict=True))
    values["spec"] = kept(values["spec"], Spec, "backfill_job.spec")
    values["facts"] = kept(values["facts"], Facts, "backfill_job.facts")
    values["settings"] = kept(values["settings"], dict[str, Any], "backfill_job.settings")
    values["status"] = Status(values["status"])
    for name in ("created_at", "started_at", "finished_at"):
        values[name] = time_in(values[name])
    for name in ("key_columns", "key_types", "key_collations"):
        values[name] = tuple(values[name])  # type: ignore[arg-type]  # arrays come as lists
    return Job(**values)  # type: ignore[arg-type]  # the query gives the fields in order
