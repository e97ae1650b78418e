"""A job as a TOML file, or as the folder of a plan that holds one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from migrasafe.backfill.job.settings import check_setting, leaves
from migrasafe.backfill.job.spec import Spec, WalkKind, key_from_text, set_from_table
from migrasafe.backfill.model import Setting
from migrasafe.errors import ConfigError, InputError, did_you_mean, every
from migrasafe.toml_file import Place, parsed_toml, text_of_toml

IN_A_FOLDER = "backfill*.toml"


class JobFile(Struct, frozen=True, kw_only=True):
    """What a file says."""

    spec: Spec
    name: str | None = None
    settings: Mapping[str, Setting]
    dsn_env: str | None = None
    """The variable of the environment that holds the connection string."""


def job_path(given: Path) -> Path:
    """The file itself, or the one job in a folder. Raises InputError where there is none, or several."""
    if not given.is_dir():
        return given
    found = sorted(given.glob(IN_A_FOLDER))
    if len(found) != 1:
        said = f"{len(found)} jobs ({', '.join(path.name for path in found)}): name one of them" if found else "no job"
        raise InputError(f"{given}: the folder holds {said} ({IN_A_FOLDER})")
    return found[0]


def read_job_file(path: Path) -> JobFile:
    """Read a job. Raises InputError or ConfigError with the file, the key and what to do."""
    text = text_of_toml(path)
    table, place = parsed_toml(text, path), Place(path, text)

    def read(key: str) -> tuple[str, Any]:
        if key not in _KEYS:
            hint = did_you_mean(key, _KEYS, f"known are {', '.join(_KEYS)}")
            raise ConfigError(f"{place / key}: there is no such key; {hint}")
        return key, _KEYS[key](table.get(key), place / key)

    said = dict(every(dict.fromkeys(("table", *table)), read))
    of_file = {key: said.pop(key) for key in ("name", "dsn_env") if key in said}
    return JobFile(settings=said.pop("settings", {}), spec=Spec(**said), **of_file)


def walk_from(word: str, where: object) -> WalkKind:
    try:
        return WalkKind(word)
    except ValueError as error:
        raise ConfigError(
            f"{where} must be one of {', '.join(kind.value for kind in WalkKind)}, not {word!r}"
        ) from error


def _table_name(said: object, where: Place) -> str:
    if said is None or said == "":
        raise ConfigError(f'{where} is missing: table = "orders"')
    return _text(said, where)


def _assignments(said: object, where: Place) -> str:
    if not isinstance(said, Mapping):
        return _text(said, where)

    def read(item: tuple[str, object]) -> tuple[str, str]:
        column, value = item
        if not isinstance(value, str):
            raise ConfigError(f"{where / column} must be an SQL expression as text, such as '0' or 'total * 100'")
        return column, value

    return set_from_table(dict(every(said.items(), read)))


def _key(said: object, where: Place) -> tuple[str, ...]:
    if isinstance(said, str):
        return key_from_text(said)
    if not isinstance(said, list) or not all(isinstance(name, str) for name in said):
        raise ConfigError(f'{where} must be a list of columns, as in key = ["tenant", "id"]')
    return tuple(said)


def _walk(said: object, where: Place) -> WalkKind:
    return walk_from(_text(said, where) or "auto", where)


def _flag(said: object, where: Place) -> bool:
    if not isinstance(said, bool):
        raise ConfigError(f"{where} must be true or false, not {said!r}")
    return said


def _settings(said: object, where: Place) -> Mapping[str, Setting]:
    if not isinstance(said, dict):
        raise ConfigError(f"{where} must be a table: [settings]")

    def read(item: tuple[tuple[str, ...], object]) -> tuple[str, Setting]:
        keys, value = item
        name, place = ".".join(keys), where
        for key in keys:
            place = place / key
        return name, check_setting(name, value, place)

    return dict(every(leaves(said), read))


def _text(said: object, where: Place) -> str:
    if not isinstance(said, str):
        raise ConfigError(f"{where} must be a text, not {said!r}")
    return said


_KEYS: Mapping[str, Callable[[object, Place], Any]] = {
    "name": _text,
    "table": _table_name,
    "set": _assignments,
    "where": _text,
    "key": _key,
    "into": _text,
    "walk": _walk,
    "delete": _flag,
    "settings": _settings,
    "dsn_env": _text,
}
"""How each key is read, and what it must not be is said."""
