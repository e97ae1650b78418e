"""When a job may run: hours, days, time zones, summer time."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from migrasafe.backfill.throttle.windows import closed_until, windows_from, zone_from
from migrasafe.errors import ConfigError

BERLIN = ZoneInfo("Europe/Berlin")


def until(now: str, windows: str = "", blackouts: str = "", zone: ZoneInfo = BERLIN) -> str | None:
    """Local time until which the job waits, at a local time; None when it may run."""
    moment = datetime.fromisoformat(now).replace(tzinfo=zone)
    found = closed_until(moment.astimezone(UTC), windows_from(windows, "windows"), windows_from(blackouts, "b"), zone)
    if found == datetime.max:
        return "never"
    return None if found is None else found.astimezone(zone).strftime("%a %Y-%m-%d %H:%M")


def test_without_windows_it_may_always_run() -> None:
    assert until("2026-03-02 12:00") is None


@pytest.mark.parametrize(("now", "expected"), [
    ("2026-03-02 21:59", "Mon 2026-03-02 22:00"),
    ("2026-03-02 22:00", None),
    ("2026-03-03 05:59", None),
    ("2026-03-03 06:00", "Tue 2026-03-03 22:00"),
])  # fmt: skip
def test_a_window_across_midnight_opens_and_closes_on_the_minute(now: str, expected: str | None) -> None:
    assert until(now, "22:00-06:00") == expected


def test_a_window_of_some_days_reaches_into_the_morning_after_its_last_day() -> None:
    assert until("2026-03-07 05:00", "Mon-Fri 22:00-06:00") is None  # Saturday morning belongs to Friday's night
    assert until("2026-03-07 23:00", "Mon-Fri 22:00-06:00") == "Mon 2026-03-09 22:00"


def test_days_can_be_listed_and_go_around_the_weekend() -> None:
    assert until("2026-03-04 12:00", "Sat,Sun 00:00-24:00") == "Sat 2026-03-07 00:00"
    assert until("2026-03-08 12:00", "Fri-Mon 10:00-14:00") is None
    assert until("2026-03-10 12:00", "Fri-Mon 10:00-14:00") == "Fri 2026-03-13 10:00"


def test_a_blackout_inside_a_window_closes_it() -> None:
    assert until("2026-03-02 23:30", "22:00-06:00", "23:00-00:30") == "Tue 2026-03-03 00:30"


def test_a_blackout_that_ends_outside_of_the_window_waits_for_the_next_one() -> None:
    assert until("2026-03-02 23:30", "22:00-06:00", "23:00-07:00") == "Tue 2026-03-03 22:00"


def test_a_blackout_of_everything_leaves_no_time() -> None:
    assert until("2026-03-02 12:00", "", "00:00-24:00") == "never"


def test_windows_go_by_the_clock_on_the_wall_when_summer_time_begins() -> None:
    # On 29 March 2026 the hour from 2 to 3 does not exist in Berlin: 01:59 is followed by 03:00.
    assert until("2026-03-29 01:59", "03:00-04:00") == "Sun 2026-03-29 03:00"
    now = datetime(2026, 3, 29, 0, 59, tzinfo=UTC)
    opens = closed_until(now, windows_from("03:00-04:00", "w"), (), BERLIN)
    assert opens is not None and (opens - now).total_seconds() == 60


@pytest.mark.parametrize("text", [
    "25:00-26:00", "22:00", "22:00-22:00", "Fun 22:00-23:00", "22:60-23:00", "24:00-01:00", "at night", "22.00-06.00",
])  # fmt: skip
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^windows"):
        windows_from(text, "windows")


def test_a_time_zone_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ConfigError, match="no time zone 'Mars/Olympus'"):
        zone_from("Mars/Olympus", "timezone")
