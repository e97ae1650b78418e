"""Reads the SQL files beside this module, one per question, and fills in values.

`:name` in a file stands for a value. Everything goes to the server as text in one message, so values become literals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

from migrasafe.sql.quote import quote_literal

_MARK = re.compile(r"(?<!:):([a-z][a-z0-9_]*)\b")
_COMMENT_LINE = re.compile(r"^\s*--[^\n]*\n", re.M)


class Sql(str):
    """A piece of SQL that is put into a file as it is; every other text becomes a literal."""

    __slots__ = ()


Value = str | int | float | bool | bytes | Sequence[str] | Mapping[str, object] | None


def query(name: str, /, **values: Value) -> str:
    """The text of `sql/<name>.sql` with each `:mark` replaced; a mark without a value, or the reverse, is a KeyError."""
    text = _text(name)
    unused = values.keys() - _marks(name)
    if unused:
        raise KeyError(f"{name}.sql has no mark for {', '.join(sorted(unused))}")
    return _MARK.sub(lambda match: literal(values[match[1]]), text)


def literal(value: Value) -> str:
    """A value as SQL: numbers and texts as constants, a list as an array of texts, a mapping as jsonb."""
    match value:
        case Sql():
            return value
        case None:
            return "NULL"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return quote_literal(value)
        case bytes():
            return f"'\\x{value.hex()}'::bytea"
        case Mapping():
            return quote_literal(msgspec.json.encode(value).decode()) + "::jsonb"
        case _:
            return f"ARRAY[{', '.join(quote_literal(part) for part in value)}]::text[]"


def key_literal(key: Sequence[str] | None) -> Sql:
    """A key as the state tables hold it: a jsonb array of texts."""
    if key is None:
        return Sql("NULL::jsonb")
    return Sql(quote_literal(msgspec.json.encode(list(key)).decode()) + "::jsonb")


@cache
def _text(name: str) -> str:
    text = Path(__file__).with_name("sql").joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return _COMMENT_LINE.sub("", text).strip()


@cache
def _marks(name: str) -> frozenset[str]:
    return frozenset(_MARK.findall(_text(name)))
