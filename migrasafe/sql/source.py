"""A text to read SQL from, and the lines and columns of its offsets."""

from __future__ import annotations

import re
from bisect import bisect_right
from codecs import BOM_UTF8
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from migrasafe.errors import InputError
from migrasafe.plain_file import read_plain


@lru_cache(maxsize=4)
def _line_starts(text: str) -> tuple[int, ...]:
    """Where each line begins. Counting anew for every finding takes quadratic time in a long file."""
    return (0, *(match.end() for match in _NEWLINE.finditer(text)))


_NEWLINE = re.compile("\n")
_NEAR = 2_000
"""Up to here, counting is quicker than finding all lines first."""


class Shelf(Protocol):
    """Where texts are read from."""

    def source(self, path: str, /) -> Source: ...


class Source:
    """A text and the path to name it by. Offsets count characters from 0; a byte order mark is not part of it. One that was made
    `later` reads its text when that is first asked for, and again after `let_go`: a history need not be held as a whole."""

    __slots__ = ("_shelf", "path", "text", "written")

    path: str
    text: str
    written: str | None
    """The text of the file where `text` has something else of the same length in the place of its placeholders."""
    _shelf: Shelf | None
    """Where its text is; None where it did not come from there."""

    def __init__(self, *, path: str, text: str, written: str | None = None) -> None:
        self.path = path
        self.text = text
        self.written = written
        self._shelf = None

    @classmethod
    def later(cls, path: str, shelf: Shelf) -> Source:
        """The text of a file, which is read when it is asked for; that then raises as `read_source` does."""
        source = cls.__new__(cls)
        source.path = path
        source.written = None
        source._shelf = shelf
        return source

    def __getattr__(self, name: str) -> Any:
        """The text that is not there yet."""
        if name != "text" or self._shelf is None:
            raise AttributeError(name)
        self.text = self._shelf.source(self.path).text
        return self.text

    def let_go(self) -> None:
        """Forget a text that can be read again."""
        if self._shelf is not None:
            with suppress(AttributeError):
                del self.text

    def at(self, path: str) -> Source:
        """The same text under another path."""
        return Source(path=path, text=self.text, written=self.written)

    def filled(self, text: str) -> Source:
        """With values in the place of its placeholders: another text of the same length."""
        return Source(path=self.path, text=text, written=self.written or self.text)

    def is_as_written(self, start: int, end: int) -> bool:
        """Whether this stretch of `text` is what the file says."""
        return self.written is None or self.written[start:end] == self.text[start:end]

    def position(self, offset: int) -> tuple[int, int]:
        """The line and the column of `offset`, both from 1."""
        if offset < _NEAR:
            return self.text.count("\n", 0, offset) + 1, offset - self.text.rfind("\n", 0, offset)
        starts = _line_starts(self.text)
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """The offset of a line and a column, both from 1."""
        begin = 0
        for _ in range(line - 1):
            begin = self.text.find("\n", begin) + 1
        return begin + column - 1

    def line(self, number: int) -> str:
        """The text of line `number`, from 1, without its line break."""
        lines = self.text.split("\n", number)
        return lines[number - 1].rstrip("\r") if number <= len(lines) else ""


def read_source(path: Path | str, shown: str | None = None) -> Source:
    """The text of a file. Raises InputError for a file that cannot be read, is not UTF-8 or contains a NUL."""
    name = shown or str(path)
    try:
        raw = read_plain(str(path))
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or error}") from error
    return source_from_bytes(raw, name)


def source_from_bytes(raw: bytes, name: str) -> Source:
    """Likewise, from bytes that came from anywhere (standard input, a git object)."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{name}:1: is UTF-16, not UTF-8: save it as UTF-8 and run again")
    nul = raw.find(b"\0")
    if nul >= 0:
        line = raw.count(b"\n", 0, nul) + 1
        raise InputError(f"{name}:{line}: contains a NUL character: PostgreSQL would stop reading there; remove it")
    try:
        text = raw.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}:{line}: is not valid UTF-8: save it as UTF-8 and run again") from error
    return Source(path=name, text=text)
