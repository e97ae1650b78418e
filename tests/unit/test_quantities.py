"""Durations and sizes, from text and to text."""

from __future__ import annotations

import math

import pytest

from migrasafe.errors import ConfigError
from migrasafe.quantities import bytes_from, say_bytes, say_count, say_seconds, seconds_from


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("100ms", 0.1), ("1.5s", 1.5), (" 10 min ", 600), ("2m", 120), ("1h", 3600), ("1d", 86400), (3, 3.0), ("7", 7.0),
     ("250us", 0.00025), ("250µs", 0.00025)],
)  # fmt: skip
def test_durations_are_read_as_people_write_them(text: object, seconds: float) -> None:
    assert seconds_from(text, "max_lag") == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "size"),
    [("64MB", 64 * 2**20), ("10 GB", 10 * 2**30), ("512kB", 512 * 2**10), ("16MiB", 16 * 2**20), (100, 100), ("1.5kB", 1536)],
)  # fmt: skip
def test_sizes_are_read_as_people_write_them(text: object, size: int) -> None:
    assert bytes_from(text, "max_slot_wal") == size


@pytest.mark.parametrize("text", ["", "fast", "-1s", "1 week", "1,5s", True, None, math.nan, math.inf, "1e3", [1]])
def test_what_is_no_duration_is_refused_with_the_name_of_the_setting(text: object) -> None:
    with pytest.raises(ConfigError, match=r"^max_lag must be a duration"):
        seconds_from(text, "max_lag")


@pytest.mark.parametrize("text", ["", "big", "10XB", True, None, -1, "10ms"])
def test_what_is_no_size_is_refused_with_the_name_of_the_setting(text: object) -> None:
    with pytest.raises(ConfigError, match=r"^max_slot_wal must be a size"):
        bytes_from(text, "max_slot_wal")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0004, "0 ms"), (0.085, "85 ms"), (0.9996, "1.0 s"), (3.21, "3.2 s"), (59.96, "1 min"), (250, "4 min 10 s"),
     (11520, "3 h 12 min"), (7200, "2 h"), (187200, "2 d 4 h"), (math.inf, "for ever")],
)  # fmt: skip
def test_durations_are_said_in_the_unit_that_people_would_use(seconds: float, text: str) -> None:
    assert say_seconds(seconds) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (831488, "812 kB"), (1.3 * 2**20, "1.3 MB"), (27 * 2**30, "27 GB")],
)  # fmt: skip
def test_sizes_are_said_in_the_unit_that_people_would_use(size: float, text: str) -> None:
    assert say_bytes(size) == text


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [(1, "query", "1 query"), (0, "query", "0 queries"), (2_000, "day", "2,000 days"), (1, "more line", "1 more line")],
)
def test_a_count_says_one_of_one(number: int, noun: str, text: str) -> None:
    assert say_count(number, noun) == text
