"""What a failure of a batch means, and what is done about it: pure decisions."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from migrasafe.backfill.model import Cut


class Failure(Enum):
    """Why a batch did not commit."""

    LOCK_TIMEOUT = "lock_timeout"
    DEADLOCK = "deadlock"
    SERIALIZATION = "serialization"
    STATEMENT_TIMEOUT = "statement_timeout"
    CANCELLED = "cancelled"
    """Somebody cancelled the statement: pg_cancel_backend, or an administrator's tool."""
    BAD_ROW = "bad_row"
    """A value, a constraint or a trigger refuses a row."""
    LOST = "lost"
    READ_ONLY = "read_only"
    """The server takes no writes: after a failover, the old address can lead to a standby."""
    RESOURCES = "resources"
    """Disk, memory or lock table are full: trying again would make it worse."""
    LEASE_LOST = "lease_lost"
    UNUSABLE = "unusable"
    """The change itself cannot run: a column is gone, a privilege is missing."""


class Step(Enum):
    """What is done next."""

    RETRY = "retry"
    BISECT = "bisect"
    SKIP_LOCKED = "skip_locked"
    PAUSE = "pause"
    RECONNECT = "reconnect"
    CLAIM_AGAIN = "claim_again"
    FAIL = "fail"


class Answer(Struct, frozen=True, kw_only=True):
    step: Step
    wait_seconds: float = 0.0
    cut: Cut | None = None
    """Make the batch smaller before the next try, and tell the throttle."""


FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 10.0
TRIES_BEFORE_CUT = 3
TRIES = 10
SMALLEST_BATCH = 50
"""Below it, a batch that is too slow is so because of single rows, or of a plan that reads too much."""

_LEASE_LOST = "MS001"
_BY_STATE = {
    "55P03": Failure.LOCK_TIMEOUT,
    "55006": Failure.LOCK_TIMEOUT,
    "40P01": Failure.DEADLOCK,
    "40001": Failure.SERIALIZATION,
    "25006": Failure.READ_ONLY,
    "25P04": Failure.STATEMENT_TIMEOUT,
    "55000": Failure.UNUSABLE,  # published without a replica identity, among others
    _LEASE_LOST: Failure.LEASE_LOST,
}
_RESOURCES = ("53", "58")
_UNUSABLE = ("25", "42", "0A", "0L", "0P", "26", "28", "2B", "34", "3D", "3F", "54", "F0", "HV", "XX")
"""Classes of errors that no row is to blame for."""
_QUERY_CANCELED = "57014"


def classify(
    sqlstate: str, message: str, *, is_lost: bool, seconds: float, statement_timeout_seconds: float
) -> Failure:
    """What an error means. `seconds`: what the batch had taken when it came.

    A time-out and a cancel have one SQLSTATE, and their messages are translated: what the message does not tell, time does.
    """
    if is_lost:
        return Failure.LOST
    if sqlstate in _BY_STATE:
        return _BY_STATE[sqlstate]
    if sqlstate == _QUERY_CANCELED:
        if "user request" in message:
            return Failure.CANCELLED
        timed_out = "timeout" in message or seconds >= statement_timeout_seconds * 0.99
        return Failure.STATEMENT_TIMEOUT if timed_out else Failure.CANCELLED
    if sqlstate.startswith(_RESOURCES):
        return Failure.RESOURCES
    return Failure.UNUSABLE if sqlstate.startswith(_UNUSABLE) else Failure.BAD_ROW


def answer(
    failure: Failure, *, tries: int, rows: int, jitter: float, longest_wait: float = LONGEST_WAIT_SECONDS
) -> Answer:
    """What to do about a failure. `tries` counts this one too, `rows` were in the batch, `jitter` is from 0 to 1."""
    match failure:
        case Failure.LOCK_TIMEOUT:
            if tries >= TRIES:
                return Answer(step=Step.SKIP_LOCKED, wait_seconds=_wait(tries, jitter, longest_wait))
            cut = Cut.LOCK_TIMEOUT if tries >= TRIES_BEFORE_CUT else None
            return Answer(step=Step.RETRY, wait_seconds=_wait(tries, jitter, longest_wait), cut=cut)
        case Failure.DEADLOCK | Failure.SERIALIZATION:
            if tries <= TRIES_BEFORE_CUT:
                return Answer(step=Step.RETRY)
            return Answer(
                step=Step.RETRY, wait_seconds=_wait(tries - TRIES_BEFORE_CUT, jitter, longest_wait), cut=Cut.DEADLOCK
            )
        case Failure.STATEMENT_TIMEOUT:
            if rows <= SMALLEST_BATCH and tries >= TRIES:
                return Answer(step=Step.FAIL)
            return Answer(step=Step.RETRY, wait_seconds=0.0 if tries == 1 else _wait(tries, jitter, longest_wait),
                          cut=Cut.STATEMENT_TIMEOUT)  # fmt: skip
        case Failure.BAD_ROW:
            return Answer(step=Step.BISECT)
        case Failure.CANCELLED | Failure.RESOURCES:
            return Answer(step=Step.PAUSE)
        case Failure.LOST | Failure.READ_ONLY:
            return Answer(step=Step.RECONNECT)
        case Failure.LEASE_LOST:
            return Answer(step=Step.CLAIM_AGAIN)
        case Failure.UNUSABLE:
            return Answer(step=Step.FAIL)


def _wait(tries: int, jitter: float, longest: float) -> float:
    """0.1 s, doubled with each try up to the longest, and up to a third less so that two of a kind do not meet again."""
    return float(min(FIRST_WAIT_SECONDS * 2 ** (tries - 1), longest) * (1 - jitter / 3))
