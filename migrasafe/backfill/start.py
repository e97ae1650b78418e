"""Begins a job, or finds the one to go on with: what `run` does before its first batch."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from migrasafe.backfill.control import change_settings
from migrasafe.backfill.job import jobs
from migrasafe.backfill.job.file import JobFile
from migrasafe.backfill.job.jobs import Job
from migrasafe.backfill.job.moves import ENDED, move
from migrasafe.backfill.job.validate import Checked, check_job
from migrasafe.backfill.link import open_link
from migrasafe.backfill.model import Setting, Status
from migrasafe.backfill.progress.events import Emit, Event
from migrasafe.backfill.queries import query
from migrasafe.backfill.state_tables import install, no_privilege
from migrasafe.backfill.trouble.dead_rows import what_is_left
from migrasafe.backfill.trouble.repair import retry_dead_rows
from migrasafe.backfill.walk.ways import BlockWalk
from migrasafe.errors import InputError, ServerError
from migrasafe.postgres.scripts import ScriptSession, StatementError
from migrasafe.quantities import say_count

_TRIES = 5


def start_job(
    dsn: str,
    wanted: JobFile | str,
    emit: Emit,
    *,
    settings: Mapping[str, Setting],
    restart: bool,
    allow_seq_scan: bool,
    dry_run: bool,
) -> str | None:
    """The name of a job that a worker can work on; None where there is nothing to do, which is said.

    `wanted` is a new job or the name of one; a new one that is there already is gone on with. `settings` are the command
    line's. Raises InputError and ServerError.
    """
    for tries_left in (*reversed(range(_TRIES)), 0):
        try:
            return _start_once(
                dsn, wanted, emit, settings=settings, restart=restart, allow_seq_scan=allow_seq_scan, dry_run=dry_run
            )
        except StatementError as error:
            if error.sqlstate == "42501":
                raise no_privilege(error) from error
            if not error.is_lost or not tries_left:
                raise ServerError(f"the server said: {error.message}") from error
    return None


def _start_once(
    dsn: str,
    wanted: JobFile | str,
    emit: Emit,
    *,
    settings: Mapping[str, Setting],
    restart: bool,
    allow_seq_scan: bool,
    dry_run: bool,
) -> str | None:
    link = open_link(dsn, "migrasafe backfill")
    try:
        if not dry_run:
            install(link.session)
        return _start(
            dsn, link.session, wanted, emit, settings, restart=restart, allow_seq_scan=allow_seq_scan, dry_run=dry_run
        )
    finally:
        link.session.close()


def _start(
    dsn: str,
    session: ScriptSession,
    wanted: JobFile | str,
    emit: Emit,
    settings: Mapping[str, Setting],
    *,
    restart: bool,
    allow_seq_scan: bool,
    dry_run: bool,
) -> str | None:
    who = jobs.actor(session)
    if isinstance(wanted, str):
        job: Job | None = jobs.find_job(session, wanted)
        spec, name, all_settings = job.spec if job else None, wanted, dict(settings)
    else:
        spec, all_settings = wanted.spec, {**wanted.settings, **settings}
        checked = check_job(session, spec, wanted.name, all_settings, allow_seq_scan=allow_seq_scan)
        name = checked.job.name
        if dry_run:
            _say_what_it_would_do(checked, emit)
            return None
        job = jobs.try_job(session, name)
        if job is not None and job.spec_hash != spec.hash and not restart:
            raise InputError(
                f"there is a backfill {name} that does something else ({jobs.does(job)}): give this one another --name, or "
                "begin it again with --restart"
            )
    if job is not None and restart:
        settings_before = dict(job.settings)
        session.script(query("job_rename", job_id=job.id, actor=who))
        assert spec is not None
        job, all_settings = None, {**settings_before, **all_settings}
        checked = check_job(session, spec, name, all_settings, allow_seq_scan=allow_seq_scan)
    if job is None:
        for warning in checked.warnings:
            emit(Event(kind="warning", job=name, text=f"warning: {warning}", is_trouble=True))
        job = jobs.create_job(session, _with(checked, all_settings), who)
        emit(Event(kind="created", job=name, text=_plan_said(checked), fields={"job_id": job.id}))
        return name
    return _go_on(dsn, session, job, all_settings, who, emit)


def _go_on(
    dsn: str, session: ScriptSession, job: Job, settings: Mapping[str, Setting], who: str, emit: Emit
) -> str | None:
    """Take up a job again that was left."""
    changed = {key: value for key, value in settings.items() if job.settings.get(key) != value}
    if changed and job.status not in (Status.DONE, Status.CANCELLED):
        change_settings(session, job, changed, who)
    match job.status:
        case Status.DONE:
            emit(Event(kind="done", job=job.name, text=f"is done since {job.finished_at:%Y-%m-%d %H:%M}; --restart begins it "
                       "again"))  # fmt: skip
            return None
        case Status.CANCELLED:
            raise InputError(f"backfill {job.name} was cancelled ({job.status_reason}); --restart begins it again")
        case Status.FAILED:
            _mend(dsn, session, job, emit)
            move(session, job.id, who, ENDED, Status.RUNNING, event="retried")
        case Status.PAUSED if job.pause_kind == "stop":
            move(session, job.id, who, (Status.PAUSED,), Status.RUNNING, event="resumed")
    emit(Event(kind="going-on", job=job.name, text="goes on where it stopped"))
    return job.name


def _mend(dsn: str, session: ScriptSession, job: Job, emit: Emit) -> None:
    """Rows that could not be changed may have been mended since: they are tried before the walk goes on."""
    if not what_is_left(session, job.id).dead_rows:
        return
    changed, left = retry_dead_rows(dsn, job)
    emit(Event(kind="retry-dead", job=job.name, text=f"{say_count(changed, 'dead row')} set right, "
               f"{len(left)} still cannot be changed"))  # fmt: skip


def _with(checked: Checked, settings: Mapping[str, Setting]) -> jobs.NewJob:
    return replace(checked.job, settings=settings)


def _plan_said(checked: Checked) -> str:
    new = checked.job
    rows = sum(part.est_rows for part in new.parts)
    about = f"about {say_count(rows, 'row')}" if rows else "rows not counted yet"
    tables = f" in {len(new.parts)} tables" if len(new.parts) != 1 else ""
    if isinstance(new.walk, BlockWalk):
        how = "its blocks"
    else:
        how = ", ".join(f"{column.name} ({column.type})" for column in new.walk.columns)
    return f"walks {new.facts.table}{tables} by {how}, {about}"


def _say_what_it_would_do(checked: Checked, emit: Emit) -> None:
    name = checked.job.name
    for warning in checked.warnings:
        emit(Event(kind="warning", job=name, text=f"warning: {warning}", is_trouble=True))
    emit(Event(kind="dry-run", job=name, text=f"{_plan_said(checked)}; nothing was changed (--dry-run)"))
