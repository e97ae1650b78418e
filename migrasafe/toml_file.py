"""TOML files of people: read once, in one way, and refused with the file and the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec import Struct

from migrasafe.errors import ConfigError
from migrasafe.plain_file import read_plain
from migrasafe.regex import regex
from migrasafe.toml_lines import Key, first_deeper, is_there, line_of

_MOST = 16 << 20
"""Bytes: what people write has a few thousand, and a table of more takes minutes and gigabytes."""
_MOST_LEVELS = 100
"""tomllib takes a time that grows with the square of the parts of a dotted key."""
_TOO_MANY_DIGITS = regex(r"\d[\d_]{4300,}")
"""Python reads no number of more than 4,300."""


class Place(Struct, frozen=True):
    """A key in a file, as the subject of a sentence: `job.toml:7: settings.lease`. Its line is looked for when that is said."""

    path: Path | str
    text: str
    keys: tuple[Key, ...] = ()

    def __truediv__(self, key: Key) -> Place:
        return Place(self.path, self.text, (*self.keys, key))

    def __contains__(self, key: Key) -> bool:
        return is_there(self.text, (*self.keys, key))

    def __str__(self) -> str:
        names = ".".join(_written(key) for key in self.keys if isinstance(key, str))
        return f"{self.line}: {names}" if names else self.line

    @property
    def line(self) -> str:
        """The file and the line."""
        line = line_of(self.text, self.keys)
        return f"{self.path}:{line}" if line else f"{self.path}"


def place_in(path: Path, *keys: Key) -> Place:
    """A key in a file that was read before; without its line where it cannot be read again."""
    try:
        text = text_of_toml(path)
        parsed_toml(text, path)
    except ConfigError:
        text = ""
    return Place(path, text, keys)


def text_of_toml(path: Path) -> str:
    """What the file holds, not yet parsed. Raises ConfigError."""
    try:
        raw = read_plain(str(path), _MOST + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(raw) > _MOST:
        raise ConfigError(f"{path}: has more than {_MOST >> 20} MB, which no TOML file for migrasafe needs")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: is not valid TOML: it is not UTF-8; save it as UTF-8") from error


def parsed_toml(text: str, path: Path | str) -> dict[str, Any]:
    """The tables in the text of a file. Raises ConfigError."""
    import tomllib  # here, because most runs have no config

    deep = first_deeper(text, _MOST_LEVELS) if _may_be_deep(text) else None
    if deep is not None:
        raise ConfigError(f"{path}:{deep}: is not valid TOML: its tables or lists are nested too deeply")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line, said = _place_of(str(error), text)
        raise ConfigError(f"{path}:{line}: is not valid TOML: {said}") from error
    except ValueError as error:
        raise ConfigError(f"{path}{_line_of_digits(text)}: is not valid TOML: a number in it is too long") from error
    if r"\u0000" in text.lower() or r"\x00" in text.lower():
        _refuse_nul(table, Place(path, text))
    return table


def _may_be_deep(text: str) -> bool:
    """A quick look: hardly any file needs to be gone through sign by sign."""
    brackets = text.count("[") + text.count("{")
    return brackets > _MOST_LEVELS or any(line.count(".") > _MOST_LEVELS for line in text.splitlines())


def _place_of(said: str, text: str) -> tuple[int, str]:
    """The line that tomllib names, and what else it says: `Invalid value (at line 7, column 3)`, `… (at end of document)`."""
    words, _, place = said.removesuffix(")").rpartition(" (at ")
    line, comma, column = place.removeprefix("line ").partition(", ")
    if not comma:
        return text.rstrip().count("\n") + 1, said
    return int(line), f"{words} (at {column})"


def _line_of_digits(text: str) -> str:
    """Of the first number that may be it, if the text up to there is refused as the whole is."""
    import tomllib

    match = _TOO_MANY_DIGITS.search(text)
    if match is None:
        return ""
    try:
        tomllib.loads(f"{text[: match.end()]}\n")
    except tomllib.TOMLDecodeError:
        return ""
    except ValueError:
        return f":{text.count(chr(10), 0, match.start()) + 1}"
    return ""


def _refuse_nul(table: object, whole: Place) -> None:
    """No file, name or SQL of PostgreSQL has one, and the system refuses it in words of its own."""
    open_: list[tuple[object, Place]] = [(table, whole)]
    while open_:
        one, place = open_.pop()
        if isinstance(one, str) and "\0" in one:
            raise ConfigError(f"{place} has a NUL character, which no name, path or SQL may have")
        if isinstance(one, dict):
            for key, held in one.items():
                open_ += [(key, place), (held, place / key)]
        elif isinstance(one, list):
            open_ += [(held, place / number) for number, held in enumerate(one)]


def _written(key: str) -> str:
    """A key as TOML has it: bare, or in quotes."""
    is_bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if is_bare else '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
