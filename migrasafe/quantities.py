"""Durations and sizes as people write them (`100ms`, `1h`, `10GB`), and as they are shown to people."""

from __future__ import annotations

import math

from migrasafe.errors import ConfigError
from migrasafe.regex import regex

_SECONDS_OF = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES_OF = {"": 1, "b": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40}
_QUANTITY = regex(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-zµ]*)\s*")


def seconds_from(value: object, where: object) -> float:
    """The seconds that a setting says: a number of seconds, or a text such as `250ms`, `1.5s`, `10min`, `1h`.

    `where` names the setting for the ConfigError that is raised for anything else.
    """
    number, unit = _number_and_unit(value)
    factor = _SECONDS_OF.get(unit.lower().replace("µ", "u") or "s")
    if number is None or factor is None:
        raise ConfigError(f"{where} must be a duration such as 100ms, 1.5s, 10min or 1h, not {value!r}")
    return number * factor


def bytes_from(value: object, where: object) -> int:
    """The bytes that a setting says: a number of bytes, or a text such as `64MB`, `10 GB` (powers of 1024)."""
    number, unit = _number_and_unit(value)
    factor = _BYTES_OF.get(unit.lower().replace("ib", "b"))
    if number is None or factor is None:
        raise ConfigError(f"{where} must be a size such as 512kB, 64MB or 10GB, not {value!r}")
    return round(number * factor)


def say_seconds(seconds: float) -> str:
    """A duration in the unit that people would use: `85 ms`, `3.2 s`, `4 min 10 s`, `3 h 12 min`, `2 d 4 h`."""
    if not math.isfinite(seconds):
        return "for ever"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, size, smaller, smaller_size in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            rest = whole % size // smaller_size
            return f"{whole // size} {unit} {rest} {smaller}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def say_count(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`, `3 queries`."""
    many = f"{noun[:-1]}ies" if noun.endswith("ry") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else many}"


def say_bytes(size: float) -> str:
    """A size in the unit that people would use: `812 kB`, `1.3 MB`, `27 GB`."""
    for unit, factor in (("TB", 2**40), ("GB", 2**30), ("MB", 2**20), ("kB", 2**10)):
        if size >= factor:
            number = size / factor
            return f"{number:.1f} {unit}" if number < 10 else f"{number:.0f} {unit}"
    return f"{size:.0f} bytes"


def _number_and_unit(value: object) -> tuple[float | None, str]:
    if isinstance(value, bool):
        return None, ""
    if isinstance(value, int | float):
        return (float(value), "") if math.isfinite(value) and value >= 0 else (None, "")
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    return (float(match[1]), match[2]) if match else (None, "")
