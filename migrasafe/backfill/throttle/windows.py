"""When the job may run: hours of the day and days of the week, in a time zone, across midnight and summer time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

import msgspec

from migrasafe.errors import ConfigError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WINDOW = re.compile(r"(?:([a-z,\s-]+?)\s+)?(\d{1,2}):(\d{2})\s*(?:-|–|to)\s*(\d{1,2}):(\d{2})", re.IGNORECASE)
_FORM = "such as 22:00-06:00 or Sat,Sun 00:00-24:00 or Mon-Fri 20:00-06:00"
_DAY_MINUTES = 24 * 60
_FORESEEN_DAYS = 8
"""A window comes back after a week at the latest."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """From a minute of some days to a later one, which may lie on the next day."""

    text: str
    """As it was written."""
    days: frozenset[int]
    """On which it opens; Monday is 0."""
    opens: int
    """Minutes after midnight."""
    closes: int
    """Minutes after the midnight of the day on which it opens; more than a day's minutes: on the next day."""


def windows_from(value: object, where: object) -> tuple[Window, ...]:
    """Windows from a text or a list of texts. Raises ConfigError."""
    texts = [part for part in value.split(";") if part.strip()] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise ConfigError(f"{where} must be a list of windows {_FORM}")
    return tuple(_window(text.strip(), where) for text in texts)


def zone_from(value: object, where: object) -> str:
    """The name of a time zone that this machine knows. Raises ConfigError."""
    if not isinstance(value, str):
        raise ConfigError(f"{where} must be the name of a time zone such as Europe/Berlin")
    try:
        zone(value)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(
            f"{where}: this machine knows no time zone {value!r}: "
            "write it as in Europe/Berlin, and where there are none at all, pip install tzdata"
        ) from error
    return value


def zone(name: str) -> tzinfo:
    """The time zone of that name; KeyError, ValueError or OSError where there is none."""
    from zoneinfo import ZoneInfo  # here, because most jobs have no windows

    return ZoneInfo(name)


def closed_until(
    now: datetime, windows: Sequence[Window], blackouts: Sequence[Window], in_zone: tzinfo
) -> datetime | None:
    """Until when the job has to wait; None when it may run now.

    It may run inside any of the windows, or at any time when there are none, and outside of all blackouts. When it may
    never run, the answer is `datetime.max`.
    """
    local = now.astimezone(in_zone)
    if _allowed(local, windows, blackouts):
        return None
    # The answer changes only where a window opens or a blackout closes: the first such moment that allows it is it.
    moments = sorted(
        moment
        for window in (*windows, *blackouts)
        for first, last in _spans(window, local, in_zone)
        for moment in (first, last)
        if moment > now
    )
    return next((moment for moment in moments if _allowed(moment, windows, blackouts)), datetime.max)


def _allowed(local: datetime, windows: Sequence[Window], blackouts: Sequence[Window]) -> bool:
    return (not windows or any(_inside(local, window) for window in windows)) and not any(
        _inside(local, window) for window in blackouts
    )


def _inside(local: datetime, window: Window) -> bool:
    """By the clock on the wall: an hour that summer time repeats is inside twice, one that it skips never."""
    minute = local.hour * 60 + local.minute
    today, yesterday = local.weekday(), (local.weekday() - 1) % 7
    return (today in window.days and window.opens <= minute < window.closes) or (
        yesterday in window.days and minute + _DAY_MINUTES < window.closes
    )


def _spans(window: Window, local: datetime, in_zone: tzinfo) -> list[tuple[datetime, datetime]]:
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, fold=0)
    spans = []
    for offset in range(-1, _FORESEEN_DAYS):
        day = midnight + timedelta(days=offset)
        if day.weekday() in window.days:
            first, last = (
                (day + timedelta(minutes=minutes)).replace(tzinfo=in_zone) for minutes in (window.opens, window.closes)
            )
            spans.append((first, last))
    return spans


def _window(text: str, where: object) -> Window:
    match = _WINDOW.fullmatch(text)
    if match is None:
        raise ConfigError(f"{where}: {text!r} is not a window {_FORM}")
    opens, closes = (int(match[hour]) * 60 + int(match[hour + 1]) for hour in (2, 4))
    if max(opens, closes) > _DAY_MINUTES or int(match[3]) > 59 or int(match[5]) > 59 or opens == _DAY_MINUTES:
        raise ConfigError(f"{where}: {text!r} has an hour that no day has")
    if opens == closes:
        raise ConfigError(f"{where}: {text!r} opens when it closes; write 00:00-24:00 for the whole day")
    return Window(
        text=text,
        days=_days(match[1], text, where),
        opens=opens,
        closes=closes if closes > opens else closes + _DAY_MINUTES,
    )


def _days(text: str | None, window: str, where: object) -> frozenset[int]:
    if text is None:
        return frozenset(range(7))
    days: set[int] = set()
    for part in text.split(","):
        ends = [_day(name, window, where) for name in part.split("-")]
        days.update(ends)
        for first, last in pairwise(ends):
            days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return frozenset(days)


def _day(name: str, window: str, where: object) -> int:
    short = name.strip().lower()[:3]
    if short not in DAYS:
        raise ConfigError(f"{where}: {window!r} names a day that no week has: {name.strip()!r}")
    return DAYS.index(short)
