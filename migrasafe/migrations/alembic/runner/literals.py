"""Bound parameters as SQL literals, as a driver that binds on the client would send them."""

from __future__ import annotations

import datetime
import ipaddress
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

from migrasafe.migrations.alembic.runner.stubs import is_stub, likely_value
from migrasafe.sql.quote import quote_literal

_PLACEHOLDER = re.compile(r"%(?:%|\((?P<name>[^)]*)\)s|(?P<positional>s))")


class NoLiteralError(TypeError):
    """A value that no driver knows how to send."""


def inline(sql: str, parameters: Mapping[str, Any] | Sequence[Any] | None) -> str:
    """The statement with `%(name)s` and `%s` replaced by literals, and `%%` by `%`. Raises NoLiteralError, KeyError."""
    if not parameters:
        return sql.replace("%%", "%")
    positions = iter(parameters) if not isinstance(parameters, Mapping) else iter(())

    def replaced(match: re.Match[str]) -> str:
        if match.group("name") is not None:
            if not isinstance(parameters, Mapping):
                raise NoLiteralError(f"the statement wants a parameter {match.group('name')}, but was given a list")
            return literal(parameters[match.group("name")])
        if match.group("positional"):
            try:
                return literal(next(positions))
            except StopIteration:
                raise NoLiteralError("the statement wants more parameters than it was given") from None
        return "%"

    return _PLACEHOLDER.sub(replaced, sql)


def literal(value: Any) -> str:
    """The SQL literal of a Python value. Raises NoLiteralError for one that drivers do not know."""
    if value is None:
        return "NULL"
    if is_stub(value):
        return literal(likely_value(value))
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    if hasattr(value, "_stringify"):  # SQLAlchemy's Range and MultiRange
        return quoted(value._stringify())
    raise NoLiteralError(f"a parameter is of type {type(value).__name__}, which drivers cannot send")


def quoted(text: str) -> str:
    """A string literal. Raises NoLiteralError for one with a NUL, which PostgreSQL refuses."""
    if "\0" in text:
        raise NoLiteralError("a string parameter contains a NUL character, which PostgreSQL refuses")
    return quote_literal(text)


def _number(value: float | Decimal) -> str:
    text = str(value)
    if text.lower() in ("nan", "inf", "-inf", "infinity", "-infinity", "snan"):
        kind = "float8" if isinstance(value, float) else "numeric"
        name = {"inf": "Infinity", "-inf": "-Infinity", "snan": "NaN"}.get(text.lower(), text)
        return f"'{name}'::{kind}"
    return text


def _member(value: Enum) -> str:
    """SQLAlchemy's own Enum type has turned its members into names before."""
    return literal(value.value) if isinstance(value.value, str | int) else quoted(value.name)


def _moment(value: datetime.datetime) -> str:
    return f"'{value.isoformat(sep=' ')}'::{'timestamptz' if value.tzinfo else 'timestamp'}"


def _interval(value: datetime.timedelta) -> str:
    return f"'{value.days} days {value.seconds}.{value.microseconds:06d} seconds'::interval"


def _array(value: Sequence[Any]) -> str:
    return "ARRAY[" + ", ".join(literal(one) for one in value) + "]" if value else "'{}'"


def _row(value: Sequence[Any]) -> str:
    return "(" + ", ".join(literal(one) for one in value) + ")"


_WRITERS: tuple[tuple[type | tuple[type, ...], Callable[[Any], str]], ...] = (
    (bool, lambda value: "true" if value else "false"),
    (Enum, _member),
    (str, lambda value: quoted(str(value))),
    (int, lambda value: str(int(value))),
    ((float, Decimal), _number),
    (datetime.datetime, _moment),
    (datetime.date, lambda value: f"'{value.isoformat()}'::date"),
    (datetime.time, lambda value: f"'{value.isoformat()}'::{'timetz' if value.tzinfo else 'time'}"),
    (datetime.timedelta, _interval),
    (uuid.UUID, lambda value: f"'{value}'::uuid"),
    ((bytes, bytearray, memoryview), lambda value: f"'\\x{bytes(value).hex()}'::bytea"),
    ((ipaddress.IPv4Address, ipaddress.IPv6Address), lambda value: f"'{value}'::inet"),
    (
        (ipaddress.IPv4Interface, ipaddress.IPv6Interface, ipaddress.IPv4Network, ipaddress.IPv6Network),
        lambda value: f"'{value}'::cidr",
    ),
    (list, _array),
    (tuple, _row),
)
"""In this order: a datetime is a date, a bool is an int."""
