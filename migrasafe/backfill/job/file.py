"""A job as a TOML file, or as the folder of a plan that holds one."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from migrasafe.backfill.job.settings import check_setting, flatten
from migrasafe.backfill.job.spec import Spec, WalkKind, key_from_text, set_from_table
from migrasafe.backfill.model import Setting
from migrasafe.errors import ConfigError, InputError, did_you_mean
from migrasafe.plain_file import refuse_endless

IN_A_FOLDER = "backfill*.toml"
_KEYS = ("name", "table", "set", "where", "key", "into", "walk", "delete", "settings", "dsn_env")


class JobFile(Struct, frozen=True, kw_only=True):
    """What a file says."""

    spec: Spec
    name: str | None
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
    try:
        refuse_endless(path)
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not TOML: {error}") from error
    for key in table:
        if key not in _KEYS:
            raise ConfigError(f"{path}: {key}: there is no such key; {did_you_mean(key, _KEYS, f'known are {_KEYS}')}")
    settings = table.get("settings", {})
    if not isinstance(settings, dict):
        raise ConfigError(f"{path}: settings must be a table: [settings]")
    spec = Spec(
        table=_text(table, "table", path) or "",
        set=_assignments(table, path),
        where=_text(table, "where", path),
        key=_key(table, path),
        into=_text(table, "into", path),
        walk=walk_from(_text(table, "walk", path) or "auto", f"{path}: walk"),
        delete=_flag(table, "delete", path),
    )
    if not spec.table:
        raise ConfigError(f'{path}: table is missing: table = "orders"')
    return JobFile(
        spec=spec,
        name=_text(table, "name", path),
        settings={key: check_setting(key, value, f"{path}: settings.") for key, value in flatten(settings).items()},
        dsn_env=_text(table, "dsn_env", path),
    )


def walk_from(word: str, where: str) -> WalkKind:
    try:
        return WalkKind(word)
    except ValueError as error:
        raise ConfigError(
            f"{where} must be one of {', '.join(kind.value for kind in WalkKind)}, not {word!r}"
        ) from error


def _assignments(table: Mapping[str, object], path: Path) -> str | None:
    said = table.get("set")
    if isinstance(said, Mapping):
        wrong = [column for column, value in said.items() if not isinstance(value, str)]
        if wrong:
            raise ConfigError(f"{path}: set.{wrong[0]} must be an SQL expression as text, such as '0' or 'total * 100'")
        return set_from_table({column: str(value) for column, value in said.items()})
    return _text(table, "set", path)


def _key(table: Mapping[str, object], path: Path) -> tuple[str, ...]:
    said = table.get("key", ())
    if isinstance(said, str):
        return key_from_text(said)
    if not isinstance(said, list | tuple) or not all(isinstance(name, str) for name in said):
        raise ConfigError(f'{path}: key must be a list of columns, as in key = ["tenant", "id"]')
    return tuple(said)


def _flag(table: Mapping[str, object], key: str, path: Path) -> bool:
    said = table.get(key, False)
    if not isinstance(said, bool):
        raise ConfigError(f"{path}: {key} must be true or false, not {said!r}")
    return said


def _text(table: Mapping[str, object], key: str, path: Path) -> str | None:
    said = table.get(key)
    if said is not None and not isinstance(said, str):
        raise ConfigError(f"{path}: {key} must be a text, not {said!r}")
    return said
