"""JSON as text, also of what is no Unicode: the name of a file is bytes, and Python shows a byte that does not fit as half a
surrogate pair, which no encoding knows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from msgspec import to_builtins
from msgspec.json import Encoder, encode

from migrasafe.errors import InputError
from migrasafe.regex import regex

_encode_lines = Encoder().encode_lines
_HALVES = regex("[\ud800-\udfff]")


def json_line(value: Any) -> str:
    """The value on one line, halves of surrogate pairs replaced."""
    try:
        return str(encode(value), "utf-8")
    except UnicodeEncodeError:
        return str(encode(_readable(to_builtins(value))), "utf-8")


def json_bytes(value: Any) -> bytes:
    """The value for a process of ours, which has to find files by what it is told. Raises InputError for a name that is no
    Unicode."""
    try:
        return encode(value)
    except UnicodeEncodeError as error:
        raise InputError(f"{error.object}: is not UTF-8, as the names of migrations that are run to be read have to be: "
                         "rename it") from error  # fmt: skip


def json_list(key: str, items: Sequence[Any]) -> str:
    """A key with a list, one item per line: nearly as easy to read as an indented one, and a fraction of its size."""
    return "".join(json_list_in_pieces(key, iter(items)))


_TOGETHER = 500
"""Items that are made into text at once: a list of a million needs no more memory than one of a thousand."""


def json_list_in_pieces(key: str, items: Iterator[Any]) -> Iterator[str]:
    """Likewise, piece by piece, of items that are made one after the other."""
    start = f'"{key}": ['
    while some := list(islice(items, _TOGETHER)):
        yield f"{start}\n  {_lines(some)}"
        start = ","
    yield f"{start}]" if start != "," else "]"


def _lines(items: list[Any]) -> str:
    try:  # no item has a line break of its own: in a text it is escaped
        return str(_encode_lines(items)[:-1].replace(b"\n", b",\n  "), "utf-8")
    except UnicodeEncodeError:
        return ",\n  ".join(map(json_line, items))


def readable(text: str) -> str:
    """The text as it can be written to a file: what no encoding knows is replaced."""
    return text if text.isascii() else _HALVES.sub("\N{REPLACEMENT CHARACTER}", text)


def _readable(value: Any) -> Any:
    match value:
        case str():
            return readable(value)
        case list():
            return [_readable(one) for one in value]
        case dict():
            return {_readable(key): _readable(one) for key, one in value.items()}
    return value
