"""Settings from `migrasafe.toml` or `[tool.migrasafe]` in pyproject.toml: found by walking up, read strictly."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from migrasafe.errors import ConfigError
from migrasafe.target import NEWEST, OLDEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a config file says; None where it says nothing."""

    paths: tuple[str, ...] | None = None
    layout: str | None = None
    pg_version: int | None = None
    in_transaction: str | None = None
    schema: str | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    fail_on: str | None = None
    large_table: int | None = None
    source: Path | None = None
    """The file it came from."""


_CHOICES = {"in_transaction": ("auto", "yes", "no"), "fail_on": ("error", "warning", "never")}
_LISTS = frozenset({"paths", "select", "ignore"})
_NUMBERS = frozenset({"pg_version", "large_table"})
_KEYS = ("paths", "layout", "pg_version", "in_transaction", "schema", "select", "ignore", "fail_on", "large_table")


def find_config(start: Path) -> Options:
    """The nearest config at or above `start`, up to the root of the repository. Raises ConfigError."""
    for folder in (start, *start.parents):
        own, project = folder / "migrasafe.toml", folder / "pyproject.toml"
        table = _table_of(project) if project.is_file() else None
        if own.is_file() and table is not None:
            raise ConfigError(f"{own} and [tool.migrasafe] in {project} both exist: keep one of them")
        if own.is_file():
            return read_config(own)
        if table is not None:
            return _options(table, project, "tool.migrasafe.")
        if (folder / ".git").exists():
            break
    return Options()


def read_config(path: Path) -> Options:
    """The settings of one file, either kind. Raises ConfigError."""
    if path.name == "pyproject.toml":
        return _options(_table_of(path) or {}, path, "tool.migrasafe.")
    return _options(_toml(path), path, "")


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error


def _table_of(path: Path) -> dict[str, Any] | None:
    table = _toml(path).get("tool", {}).get("migrasafe")
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{path}: tool.migrasafe must be a table")
    return table


def _options(table: Mapping[str, Any], path: Path, prefix: str) -> Options:
    values: dict[str, Any] = {}
    for raw, value in table.items():
        key = raw.replace("-", "_")
        if key not in _KEYS:
            close = difflib.get_close_matches(key, _KEYS, n=1)
            hint = f"; did you mean {close[0]}?" if close else f"; known are {', '.join(_KEYS)}"
            raise ConfigError(f"{path}: unknown key {prefix}{raw}{hint}")
        values[key] = _checked(key, value, f"{path}: {prefix}{raw}")
    return Options(**values, source=path)


def _checked(key: str, value: Any, where: str) -> Any:
    if key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise ConfigError(f"{where} must be a list of strings")
        return tuple(value)
    if key in _NUMBERS:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ConfigError(f"{where} must be a whole number")
        if key == "pg_version" and not OLDEST <= value <= NEWEST:
            raise ConfigError(f"{where} must be from {OLDEST} to {NEWEST}")
        return value
    if not isinstance(value, str):
        raise ConfigError(f"{where} must be a string")
    if key in _CHOICES and value not in _CHOICES[key]:
        raise ConfigError(f"{where} must be one of {', '.join(_CHOICES[key])}, not {value}")
    return value
