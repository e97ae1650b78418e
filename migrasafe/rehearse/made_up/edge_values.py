"""Values that conversions stumble over, by the type of a column; what any app writes comes first."""

from __future__ import annotations

import re
from collections.abc import Mapping

from migrasafe.rehearse.made_up.values import FillColumn
from migrasafe.sql.quote import quote_literal

_WHOLE = ("1", "17", "0", "-1")
_TEXT = ("Ada", "17", "ada lovelace", "O'Brien", "Ünïcödé")
_MOMENT = ("2024-06-01 12:34:56", "2024-12-31 23:59:59.123456", "1999-01-01 00:00:00")

ORDINARY: Mapping[str, tuple[str, ...]] = {
    "bool": ("true", "false"),
    "int2": (*_WHOLE, "300"),
    "int4": (*_WHOLE, "100000"),
    "int8": (*_WHOLE, "5000000000"),
    "numeric": (*_WHOLE, "1.5", "12.34", "99.99"),
    "float4": (*_WHOLE, "1.5", "0.1"),
    "float8": (*_WHOLE, "1.5", "0.1"),
    "money": ("1.50", "12.34"),
    "text": _TEXT,
    "varchar": _TEXT,
    "bpchar": _TEXT,
    "citext": _TEXT,
    "date": ("2024-06-01", "1999-12-31"),
    "timestamp": _MOMENT,
    "timestamptz": tuple(f"{one}+00" for one in _MOMENT),
    "time": ("12:34:56", "00:00:00"),
    "interval": ("1 hour", "2 days 03:04:05"),
    "json": ('{"a": 1, "b": [true, null]}', '{"name": "Ada"}'),
    "jsonb": ('{"a": 1, "b": [true, null]}', '{"name": "Ada"}'),
    "uuid": ("00000000-0000-4000-8000-000000000001", "ffffffff-ffff-4fff-bfff-ffffffffffff"),
}
"""What any app of that type writes."""

_ODD_TEXT = ("", " 17 ", " ", "a\tb\\n", 'it\'s "so"', "Ünï 漢字 🙂", "NULL", "x" * 300)

EDGE: Mapping[str, tuple[str, ...]] = {
    "int2": ("32767", "-32768"),
    "int4": ("2147483647", "-2147483648"),
    "int8": ("9223372036854775807", "-9223372036854775808"),
    "numeric": ("0.005", "-0.004", "123456789012345678901234567890.123", "NaN"),
    "float4": ("1e30", "NaN", "-Infinity", "-0"),
    "float8": ("1e300", "NaN", "Infinity", "-Infinity", "-0"),
    "money": ("0", "-0.01", "92233720368547758.07"),
    "text": _ODD_TEXT,
    "varchar": _ODD_TEXT,
    "bpchar": ("", " 17 ", "it's"),
    "citext": _ODD_TEXT,
    "date": ("infinity", "-infinity", "4713-01-01 BC", "5874897-12-31"),
    "timestamp": ("infinity", "-infinity", "2024-03-31 02:30:00", "0044-03-15 BC", "294276-12-31 23:59:59"),
    "timestamptz": ("infinity", "-infinity", "2024-03-31 01:30:00+00"),
    "time": ("24:00:00", "23:59:59.999999"),
    "interval": ("1 mon", "-1 day +00:00:01", "0", "178000000 years"),
    "json": ('{"b": 1, "a": 1, "a": 2}', "null", "[1.0, 1e2]", "{}", "[]", '{"a": {"b": [{}, [null]]}}', '""'),
    "jsonb": ("null", "[1.0, 1e2]", "{}", "[]", '{"a": {"b": [{}, [null]]}}', '""'),
    "bytea": ("", r"\x00ff"),
    "uuid": ("00000000-0000-0000-0000-000000000000",),
}
"""What is rare, and allowed."""

_LENGTH = re.compile(r"char(?:acter)?(?: varying)?\((\d+)\)")


def ordinary_values(column: FillColumn) -> tuple[str, ...]:
    """SQL expressions of its type: what any app writes."""
    return _typed(column, ORDINARY.get(column.base_name, ()))


def edge_values(column: FillColumn) -> tuple[str, ...]:
    """SQL expressions of its type: what is rare, and allowed; the longest text that it holds, and null, among them."""
    if column.kind == "array":
        found = _typed(column, ("{}", "{NULL}", "{1,NULL,1}", "{{1,2},{3,4}}", "[0:1]={1,2}"))
    else:
        found = _typed(column, EDGE.get(column.base_name, ()))
    limit = _LENGTH.search(column.type)
    if limit is not None:
        found = (*found, f"repeat('ü', {limit[1]})::{column.type}")
    return found if column.required else (*found, f"NULL::{column.type}")


def _typed(column: FillColumn, texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{quote_literal(one)}::{column.type}" for one in texts)
