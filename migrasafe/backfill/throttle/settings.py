"""The settings of the throttle as people write them: names, defaults, what each means, and how a text becomes a limit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from migrasafe.backfill.model import Setting
from migrasafe.backfill.throttle.checks import check_part, checks_from, is_check_key
from migrasafe.backfill.throttle.limits import AUTO, Limits
from migrasafe.backfill.throttle.windows import Window, windows_from, zone_from
from migrasafe.dsn import has_password
from migrasafe.errors import ConfigError, did_you_mean
from migrasafe.quantities import bytes_from, seconds_from

REPLICA_DSN = "replica_dsn."
_OFF = ("off", "none", False)


class KnownSetting(Struct, frozen=True, kw_only=True):
    """One setting: what people may write, and what it becomes."""

    default: Setting
    meaning: str
    read: Callable[[Any, object], Any]
    """From what is written, and words that name the place for a ConfigError, to the field of `Limits`."""


def _seconds(value: object, where: object) -> float:
    seconds = seconds_from(value, where)
    if seconds <= 0:
        raise ConfigError(f"{where} must be longer than nothing")
    return seconds


def _bytes(value: object, where: object) -> float:
    size = bytes_from(value, where)
    if size <= 0:
        raise ConfigError(f"{where} must be more than nothing")
    return float(size)


def _count(value: object, where: object) -> int:
    number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ConfigError(f"{where} must be a whole number from 1, not {value!r}")
    return number


def _amount(value: object, where: object) -> float:
    return float(_count(value, where))


def _share(value: object, where: object) -> float:
    try:
        share = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
    except ValueError:
        share = -1.0
    if not 0 <= share <= 0.95:
        raise ConfigError(f"{where} must be from 0 (work all the time) to 0.95 (rest 95 % of it), not {value!r}")
    return share


def _flag(value: object, where: object) -> bool:
    words: dict[object, bool] = {True: True, False: False, "true": True, "false": False, "on": True, "off": False,
                                 "yes": True, "no": False}  # fmt: skip
    said = value.strip().lower() if isinstance(value, str) else value
    if not isinstance(said, bool | str) or said not in words:
        raise ConfigError(f"{where} must be true or false, not {value!r}")
    return words[said]


def _texts(value: object, where: object) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ConfigError(f"{where} must be a list of names, not {value!r}")
    return tuple(part.strip() for part in parts if part.strip() and part.strip().lower() not in ("none", "off"))


def _windows(value: object, where: object) -> tuple[Window, ...]:
    return () if isinstance(value, str) and value.strip().lower() in ("", "none", "off") else windows_from(value, where)


def _or_off(read: Callable[[object, object], Any]) -> Callable[[object, object], Any]:
    def either(value: object, where: object) -> Any:
        off = value is False or (isinstance(value, str) and value.strip().lower() in ("off", "none"))
        return None if off else read(value, where)

    return either


def _or_auto(read: Callable[[object, object], Any]) -> Callable[[object, object], Any]:
    def either(value: object, where: object) -> Any:
        return AUTO if isinstance(value, str) and value.strip().lower() == "auto" else read(value, where)

    return either


def _known(default: str | float, read: Callable[[Any, object], Any], meaning: str) -> KnownSetting:
    return KnownSetting(default=default, read=read, meaning=meaning)


KNOWN: Mapping[str, KnownSetting] = {
    "target_time": _known("100ms", _seconds, "how long a batch may hold its row locks; its size follows"),
    "batch_rows": _known("auto", _or_auto(_count), "rows per batch: auto by target_time, or a fixed number"),
    "min_batch_rows": _known(500, _count, "auto: not fewer, unless they take twice the target_time"),
    "max_batch_rows": _known(20_000, _count, "auto: not more"),
    "nice": _known(0, _share, "share of the time to rest: 0.5 works half of it"),
    "poll": _known(
        "auto", _or_auto(_seconds), "how often load is looked at; auto: a tenth of a max_lag up to 1s, else 250ms"
    ),
    "max_lag": _known("1s", _or_off(_seconds), "how far a replica may be behind"),
    "replicas": _known("auto", _or_auto(_texts), "replicas that must be there and keep up; auto: all that are seen"),
    "ignore_replicas": _known("none", _texts, "replicas that may be late or away"),
    "max_logical_lag": _known("60s", _or_off(_seconds), "how far the reader of a logical slot may be behind"),
    "max_commit_time": _known(
        "auto", _or_auto(_or_off(_seconds)), "how long a small commit may take; auto: 1.5 × usual"
    ),
    "max_active_sessions": _known(
        "auto", _or_auto(_or_off(_amount)), "sessions of others at work; auto: twice as many as usual, at least 8"
    ),
    "max_blocked_time": _known(
        "auto", _or_auto(_or_off(_seconds)), "how long a session may wait for a row of ours; auto: 2 × target_time"
    ),
    "max_archive_backlog": _known(42, _or_off(_amount), "log segments that wait to be archived"),
    "max_slot_wal": _known(
        "auto", _or_auto(_or_off(_bytes)), "log that a slot keeps; auto: half of max_slot_wal_keep_size, at most 10GB"
    ),
    "ignore_slots": _known("none", _texts, "slots that may keep as much as they like"),
    "max_wal_rate": _known("off", _or_off(_bytes), "log per second, of all sessions together"),
    "wait_for_sync_standbys": _known("true", _flag, "wait while a synchronous standby is missing"),
    "wait_for_wraparound_vacuum": _known("true", _flag, "wait while the table is vacuumed to prevent wraparound"),
    "wait_for_autovacuum": _known("false", _flag, "wait while the table is vacuumed at all"),
    "max_horizon_xids": _known(10_000_000, _or_off(_amount), "transactions for which vacuum has to keep dead rows"),
    "max_transaction_age": _known("1h", _or_off(_seconds), "age of the oldest open transaction"),
    "windows": _known("none", _windows, "when the job may run: Mon-Fri 22:00-06:00; Sat,Sun 00:00-24:00"),
    "blackouts": _known("none", _windows, "when it must not run"),
    "timezone": _known("UTC", zone_from, "of windows and blackouts"),
    "flag_files": _known("none", _texts, "files on this machine: while one exists, the job waits"),
}

DEFAULTS: Mapping[str, Setting] = {name: known.default for name, known in KNOWN.items()}


def is_ours(key: str) -> bool:
    """Whether a setting of a job belongs to the throttle."""
    return key in KNOWN or key.startswith(REPLICA_DSN) or is_check_key(key)


def check_setting(key: str, value: object, where: object) -> Setting:
    """A setting as it is kept: lists as text, the default for `default`. Raises ConfigError, which names `where`."""
    if key.startswith(REPLICA_DSN):
        if not isinstance(value, str) or not value or key == REPLICA_DSN:
            raise ConfigError(f"{where}: write {REPLICA_DSN}NAME = a connection string")
        if has_password(value):
            raise ConfigError(
                f"{where}: {key} holds a password, and settings are kept in the database, where others read them: give it in "
                "PGPASSWORD or ~/.pgpass"
            )
        return value
    if is_check_key(key):
        return check_part(key, value, where)
    known = KNOWN.get(key)
    if known is None:
        raise ConfigError(
            f"{where}: {key} is not a setting; {did_you_mean(key, KNOWN, 'see `migrasafe backfill set`')}"
        )
    if value == "default":
        return known.default
    known.read(value, where)
    if isinstance(value, list | tuple):
        return ("; " if key in ("windows", "blackouts") else ", ").join(value) or "none"
    if not isinstance(value, str | int | float):
        raise ConfigError(f"{where} cannot be {value!r}")
    return known.default if value == "" else value


def limits_from(settings: Mapping[str, Setting], where: object = "setting") -> Limits:
    """The limits that settings say, the usual ones where they are silent; keys of others are passed by.

    Raises ConfigError, which names everything that is wrong.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    for key, known in KNOWN.items():
        try:
            values[key] = known.read(settings.get(key, known.default), f"{where} {key}")
        except ConfigError as error:
            problems.append(str(error))
    try:
        values["checks"] = checks_from(settings, where)
    except ConfigError as error:
        problems.append(str(error))
    if not problems and values["min_batch_rows"] > values["max_batch_rows"]:
        problems.append(f"{where} min_batch_rows is more than max_batch_rows: nothing lies between")
    if problems:
        raise ConfigError("; ".join(problems))
    dsns = ((key.removeprefix(REPLICA_DSN), str(dsn)) for key, dsn in settings.items() if key.startswith(REPLICA_DSN))
    return Limits(**values, replica_dsns=tuple(sorted(dsns)))
