"""The settings of a job that are not the throttle's, and the one place where any setting is checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from migrasafe.backfill.model import Setting
from migrasafe.backfill.throttle import settings as throttle_settings
from migrasafe.errors import ConfigError, did_you_mean
from migrasafe.quantities import seconds_from

LEAST_TIMEOUT_SECONDS = 5.0
TARGETS_TO_TIMEOUT = 20
_OFF = ("off", "none", "no", "false", False)
_COMMITS = ("default", "on", "off", "local", "remote_write", "remote_apply")


class RunSettings(Struct, frozen=True, kw_only=True):
    """What the run itself goes by; times in seconds."""

    lock_timeout_seconds: float
    statement_timeout_seconds: float
    max_retry_wait_seconds: float
    max_dead_rows: int
    synchronous_commit: str
    """`default`: as the server has it."""
    max_outage_seconds: float | None
    """How long a server may be away; None: for ever."""
    lease_seconds: float
    grace_seconds: float
    verify: bool
    vacuum_every: float | int | None
    """VACUUM after so many changed rows, or after this share of the table's (below 1)."""


class KnownSetting(Struct, frozen=True, kw_only=True):
    default: Setting
    meaning: str
    read: Callable[[object, object], Any]


def _duration(value: object, where: object) -> float:
    seconds = seconds_from(value, where)
    if seconds < 0.001:
        raise ConfigError(f"{where} must be at least 1ms")
    return seconds


def _duration_or_off(value: object, where: object) -> float | None:
    return None if value in _OFF else _duration(value, where)


def _duration_or_auto(value: object, where: object) -> float | None:
    return None if value == "auto" else _duration(value, where)


def _count(value: object, where: object) -> int:
    text = str(value).strip() if not isinstance(value, bool) else ""
    if not text.isdecimal():
        raise ConfigError(f"{where} must be a whole number from 0, not {value!r}")
    return int(text)


def _commit(value: object, where: object) -> str:
    said = {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value
    if said not in _COMMITS:
        raise ConfigError(f"{where} must be one of {', '.join(_COMMITS)}, not {value!r}")
    return str(said)


def _flag(value: object, where: object) -> bool:
    words = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
    said = words.get(str(value).strip().lower())
    if said is None:
        raise ConfigError(f"{where} must be on or off, not {value!r}")
    return said


def _vacuum(value: object, where: object) -> float | int | None:
    if value in _OFF:
        return None
    text = str(value).strip()
    try:
        number = float(text.rstrip("%"))
    except ValueError:
        number = 0.0
    if text.endswith("%") and 1 <= number <= 100:
        return number / 100
    if number >= 1000 and number.is_integer() and not text.endswith("%"):
        return int(number)
    raise ConfigError(f"{where} must be a share of the table (20%), a number of rows from 1000, or off, not {value!r}")


OURS: Mapping[str, KnownSetting] = {
    "lock_timeout": KnownSetting(default="500ms", meaning="how long a batch waits for a lock", read=_duration),
    "statement_timeout": KnownSetting(
        default="auto",
        meaning="the longest that a batch may take; auto: 20 times target_time, at least 5s",
        read=_duration_or_auto,
    ),
    "max_retry_wait": KnownSetting(
        default="10s",
        meaning="the longest wait before a batch is tried again; it begins at 100ms and doubles",
        read=_duration,
    ),
    "max_dead_rows": KnownSetting(
        default=0, meaning="how many rows that cannot be changed may be set aside before the job fails", read=_count
    ),
    "synchronous_commit": KnownSetting(
        default="default", meaning="as in PostgreSQL; local does not wait for standbys", read=_commit
    ),
    "max_outage": KnownSetting(
        default="off", meaning="give up when the server is away for longer", read=_duration_or_off
    ),
    "lease": KnownSetting(
        default="30s", meaning="how long after its last word a worker's part goes to another", read=_duration
    ),
    "grace": KnownSetting(
        default="10s", meaning="after SIGTERM, how long the batch may take before it is cancelled", read=_duration
    ),
    "verify": KnownSetting(default="on", meaning="look at the end whether a row still wants the change", read=_flag),
    "vacuum_every": KnownSetting(
        default="off", meaning="VACUUM the table after so many changed rows, or this share of it (20%)", read=_vacuum
    ),
}


def known_settings() -> dict[str, tuple[Setting, str]]:
    """Every setting that has a name of its own: its default and what it means."""
    theirs = {key: (known.default, known.meaning) for key, known in throttle_settings.KNOWN.items()}
    return {**theirs, **{key: (known.default, known.meaning) for key, known in OURS.items()}}


def check_setting(key: str, value: object, where: object) -> Setting:
    """The value as it is kept. Raises ConfigError for a key that is none, or a value that it cannot have.

    `default` gives the default. `where` names the place, as in `job.toml:7: settings.lease`.
    """
    known = OURS.get(key)
    if known is None:
        if throttle_settings.is_ours(key):
            return throttle_settings.check_setting(key, value, where)
        hint = did_you_mean(key, [*OURS, *throttle_settings.DEFAULTS], "`migrasafe backfill set --help` lists them")
        raise ConfigError(f"{where}: there is no such setting; {hint}")
    if value == "default":
        return known.default
    known.read(value, where)
    return value if isinstance(value, str | int | float) else str(value)


def leaves(table: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], object]]:
    """The values in nested tables, each with the keys that lead to it: `[prometheus.errors] max = 1` is one setting."""
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from (((key, *keys), below) for keys, below in leaves(value))
        else:
            yield (key,), value


def run_settings(settings: Mapping[str, Setting]) -> RunSettings:
    """The run's part of a job's settings, defaults filled in. Raises ConfigError."""

    def read(key: str) -> Any:
        return OURS[key].read(settings.get(key, OURS[key].default), key)

    return RunSettings(
        lock_timeout_seconds=read("lock_timeout"),
        statement_timeout_seconds=read("statement_timeout") or _time_out_of(settings),
        max_retry_wait_seconds=read("max_retry_wait"),
        max_dead_rows=read("max_dead_rows"),
        synchronous_commit=read("synchronous_commit"),
        max_outage_seconds=read("max_outage"),
        lease_seconds=read("lease"),
        grace_seconds=read("grace"),
        verify=read("verify"),
        vacuum_every=read("vacuum_every"),
    )


def _time_out_of(settings: Mapping[str, Setting]) -> float:
    """The hard end of a batch, well above what it aims at: a batch that is a bit too slow is not undone."""
    target = throttle_settings.limits_from(throttle_part(settings)).target_time
    return max(LEAST_TIMEOUT_SECONDS, TARGETS_TO_TIMEOUT * target)


def throttle_part(settings: Mapping[str, Setting]) -> dict[str, Setting]:
    """The settings that are the throttle's."""
    return {key: value for key, value in settings.items() if throttle_settings.is_ours(key)}
