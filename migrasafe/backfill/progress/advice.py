"""What an operator can do about a job that does not move: a sentence with the command, for each thing that holds it."""

from __future__ import annotations

from shlex import quote

from migrasafe.backfill.model import Reason, Status
from migrasafe.backfill.progress.status import JobStatus
from migrasafe.quantities import say_seconds

_OPEN = (Status.PENDING, Status.RUNNING, Status.THROTTLED, Status.VERIFYING)


def what_to_do(status: JobStatus) -> tuple[str, ...]:
    """What can be done, most urgent first; nothing for a job that moves, or is done."""
    name = quote(status.name)
    match status.status:
        case Status.PAUSED | Status.PAUSING:
            return _paused(status, name)
        case Status.FAILED:
            return (
                f"What is changed stays, and nothing is locked. Mend what it says, then `migrasafe backfill run {name}` goes on "
                f"where it stopped; `migrasafe backfill cancel {name}` gives it up.",
            )
        case Status.CANCELLED:
            return ("What is changed stays. `migrasafe backfill run … --restart` would begin it again.",)
        case Status.DONE if status.dead_rows or status.locked_rows:
            number = status.dead_rows + status.locked_rows
            rows, them = ("1 row", "it") if number == 1 else (f"{number:,} rows", "them")
            return (f"{rows} could not be changed: mend {them}, then `migrasafe backfill retry-dead {name}`.",)
    if status.status in _OPEN and not any(worker.is_alive for worker in status.workers):
        return (
            f"No worker is at work: `migrasafe backfill run {name}` starts one, which goes on where the last one stopped.",
        )
    return tuple(dict.fromkeys(line for reason in held_by(status) for line in _held(reason, name)))


def held_by(status: JobStatus) -> tuple[Reason, ...]:
    """All reasons that hold batches back or make them smaller now, of all living workers, those that stop first."""
    reasons = [reason for worker in status.workers if worker.is_alive for reason in worker.reasons]
    unique = {(reason.signal, reason.subject): reason for reason in reversed(reasons)}
    return tuple(sorted(unique.values(), key=lambda reason: not reason.stops))


def stands_for(status: JobStatus) -> str:
    """For how long the job has been in its status: `for 42 min`; empty where that is not known."""
    if status.since is None or status.status in (Status.RUNNING, Status.PENDING):
        return ""
    seconds = (status.asked_at - status.since).total_seconds()
    said = say_seconds(max(seconds, 0.0))
    return f"{said} ago" if status.status in (Status.DONE, Status.CANCELLED, Status.FAILED) else f"for {said}"


def _paused(status: JobStatus, name: str) -> tuple[str, ...]:
    if status.status is Status.PAUSING:
        return ("The batch that runs is finished first, within its statement_timeout.",)
    alive = any(worker.is_alive for worker in status.workers)
    calm = "Nothing is locked, and nothing is lost."
    if status.pause_kind == "stop":
        return (f"{calm} `migrasafe backfill run {name}` goes on where it stopped.",)
    start = "" if alive else f", then `migrasafe backfill run {name}` starts a worker (none is at work)"
    if status.pause_kind == "failure":
        return (
            f"{calm} It does not try again by itself. Mend that first, then `migrasafe backfill resume {name}` goes on{start}.",
        )
    return (f"{calm} It stays so until `migrasafe backfill resume {name}`{start}.",)


def _held(reason: Reason, name: str) -> tuple[str, ...]:
    """What can be done about one reason; nothing where waiting is all there is to do."""
    if not reason.stops:
        return ()
    subject = reason.subject.removeprefix("replica ").removeprefix("slot ")
    match reason.signal:
        case "starting":
            return ()
        case "replica-lag" | "commit-time" | "active-sessions" | "wal-rate" | "logical-lag":
            setting = {
                "replica-lag": "max_lag=…",
                "commit-time": "max_commit_time=…",
                "active-sessions": "max_active_sessions=…",
                "wal-rate": "max_wal_rate=…",
                "logical-lag": "max_logical_lag=…",
            }[reason.signal]
            return (
                f"Nothing has to be done: it goes on by itself. `migrasafe backfill set {name} {setting}` would bear more.",
            )
        case "replica-away":
            return (
                f"Bring {reason.subject} back: it will need the log that is written now. If it is gone for good, "
                f"`migrasafe backfill set {name} ignore_replicas={subject}`.",
            )
        case "replica-still":
            return (
                f"On {reason.subject}: SELECT pg_is_wal_replay_paused(); and look for a long query there "
                "(pg_stat_activity, oldest xact_start).",
            )
        case "slot-wal":
            return (
                f"See who should read it: SELECT * FROM pg_replication_slots WHERE slot_name = '{subject}'. The disk of the "
                "primary fills up also without this job, only slower.",
            )
        case "archive-backlog":
            return ("Look at archive_command and at pg_stat_archiver: the disk of the primary fills up with its log.",)
        case "sync-standby":
            return ("Commits of everybody may hang now, not only ours: look at pg_stat_replication first.",)
        case "time-window":
            return (
                f"It goes on by itself. To let it run now: `migrasafe backfill set {name} windows=default blackouts=default`.",
            )
        case "wraparound-vacuum" | "autovacuum":
            return ("Let the vacuum end: do not cancel it. The job goes on by itself then.",)
        case "signal-lost":
            return ("What cannot be seen may be in trouble: nothing begins before it can be read again.",)
    return ("It goes on by itself as soon as that is over.",)
