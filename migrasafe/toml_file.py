"""TOML files of people: read once, in one way, and refused with the file and the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from migrasafe.errors import ConfigError
from migrasafe.plain_file import read_plain

_MOST = 16 << 20
"""Bytes: what people write has a few thousand, and a table of more takes minutes and gigabytes."""


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


def parsed_toml(text: str, path: Path) -> dict[str, Any]:
    """The tables in the text of a file. Raises ConfigError."""
    import tomllib  # here, because most runs have no config

    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: is not valid TOML: its tables or lists are nested too deeply") from error
    except ValueError as error:  # Python reads no number of more than 4,300 digits
        raise ConfigError(f"{path}: is not valid TOML: a number in it is too long") from error
    if r"\u0000" in text.lower() or r"\x00" in text.lower():
        _refuse_nul(table, str(path))
    return table


def _refuse_nul(value: object, where: str) -> None:
    """No file, name or SQL of PostgreSQL has one, and the system refuses it in words of its own."""
    open_ = [(value, where)]
    while open_:
        one, place = open_.pop()
        if isinstance(one, str) and "\0" in one:
            raise ConfigError(f"{place} has a NUL character, which no name, path or SQL may have")
        if isinstance(one, dict):
            for key, held in one.items():
                open_ += [(key, place), (held, f"{place}: {key}" if place == where else f"{place}.{key}")]
        elif isinstance(one, list):
            open_ += [(held, place) for held in one]
