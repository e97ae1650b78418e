"""Settings from `migrasafe.toml` or `[tool.migrasafe]` in pyproject.toml: found by walking up, read strictly.

Three stages, each a frozen value: what a file says, what the command line says over it (both are `Options`), and
`Settings`, where nothing is left open.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.dsn import is_dsn
from migrasafe.errors import ConfigError, did_you_mean, every
from migrasafe.findings import Severity
from migrasafe.target import DEFAULT, NEWEST, OLDEST, Target

if TYPE_CHECKING:
    from migrasafe.toml_file import Place


class PathOptions(Struct, frozen=True, kw_only=True):
    """What a config says about the files that match a pattern."""

    pattern: str
    """Relative to the config; `*` stands for anything, also for folders."""
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = {}


class Options(Struct, frozen=True, kw_only=True):
    """What a config file, or the command line, says; None where it says nothing."""

    paths: tuple[str, ...] | None = None
    layout: str | None = None
    pg_version: int | None = None
    in_transaction: str | None = None
    independent: bool | None = None
    schema: str | None = None
    old: str | None = None
    new: str | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    severity: Mapping[str, Severity] | None = None
    fail_on: str | None = None
    large_table: int | None = None
    baseline: str | None = None
    rules: tuple[str, ...] | None = None
    per_path: tuple[PathOptions, ...] | None = None
    source: Path | None = None
    """The file it came from."""

    def over(self, below: Options) -> Options:
        """These, and those below where these say nothing."""
        said = {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}
        return replace(below, **said)


class Settings(Struct, frozen=True, kw_only=True):
    """What a run of lint goes by."""

    paths: tuple[str, ...]
    layout: str | None
    target: Target
    in_transaction: bool | None
    """None: as the migration tool would run it."""
    independent: bool
    schema: str | None
    old: str | None
    """The version of the app that runs now: a folder, a git ref, a file of queries."""
    new: str | None
    """The version to deploy, likewise."""
    select: tuple[str, ...]
    """Empty: all rules that run by default."""
    ignore: tuple[str, ...]
    severity: Mapping[str, Severity]
    fail_on: Severity | None
    """None: never."""
    baseline: str | None
    """The file with the findings that were there before."""
    rules: tuple[str, ...]
    """Modules, and folders of them, with the project's own rules."""
    per_path: tuple[PathOptions, ...]
    folder: Path
    """What the patterns of `per_path` are relative to."""


def settle(options: Options, *, folder: Path) -> Settings:
    """The settings for a run in `folder`; paths that a config gives are relative to the config."""
    home = options.source.parent if options.source is not None else folder
    fail_on = options.fail_on or "error"
    return Settings(
        paths=options.paths or (),
        layout=options.layout,
        target=Target(
            pg_version=options.pg_version or DEFAULT,
            pg_version_assumed=options.pg_version is None,
            busy_rows=options.large_table or 0,
        ),
        in_transaction={"auto": None, "yes": True, "no": False}[options.in_transaction or "auto"],
        independent=options.independent or False,
        schema=options.schema,
        old=options.old,
        new=options.new,
        select=options.select or (),
        ignore=options.ignore or (),
        severity=options.severity or {},
        fail_on=None if fail_on == "never" else Severity(fail_on),
        baseline=options.baseline,
        rules=options.rules or (),
        per_path=options.per_path or (),
        folder=home,
    )


def find_config(start: Path) -> Options:
    """The nearest config at or above `start`, up to the root of the repository. Raises ConfigError."""
    for folder in (start, *start.parents):
        own, project = folder / "migrasafe.toml", folder / "pyproject.toml"
        options = _options_of_project(project) if project.is_file() else None
        if os.path.lexists(own) and options is not None:
            from migrasafe.toml_file import place_in

            place = place_in(project, *_IN_A_PROJECT).line
            raise ConfigError(f"{own} and [tool.migrasafe] in {place} both exist: keep one of them")
        if os.path.lexists(own):  # also what cannot be read: a link to nothing must not mean that nothing was said
            return read_config(own)
        if options is not None:
            return options
        if (folder / ".git").exists():
            break
    return Options()


def read_config(path: Path) -> Options:
    """The settings of one file, either kind. Raises ConfigError."""
    if path.name == "pyproject.toml":
        return _options_of_project(path) or Options(source=path)
    from migrasafe.toml_file import Place, parsed_toml, text_of_toml  # here, because most runs have no config

    text = text_of_toml(path)
    return _options(parsed_toml(text, path), path, Place(path, text))


def _options_of_project(path: Path) -> Options | None:
    from migrasafe.toml_file import Place, parsed_toml, text_of_toml

    text = text_of_toml(path)
    if "migrasafe" not in text:  # most projects have a pyproject.toml that says nothing of us
        return None
    tool = parsed_toml(text, path).get("tool")
    table = tool.get("migrasafe") if isinstance(tool, dict) else None
    place = Place(path, text, _IN_A_PROJECT)
    return _options(_table(table, place), path, place) if table is not None else None


def place_of(options: Options, key: str, *below: str | int) -> object:
    """Where a setting stands in the config that the options are from, as the subject of a sentence."""
    if options.source is None:
        return key
    from migrasafe.toml_file import place_in

    table = place_in(options.source, *(_IN_A_PROJECT if options.source.name == "pyproject.toml" else ()))
    place = table / next((raw for raw in (key, key.replace("_", "-")) if raw in table), key)
    for one in below:
        place = place / one
    return place


_IN_A_PROJECT = ("tool", "migrasafe")
_CHOICES = {"in_transaction": ("auto", "yes", "no"), "fail_on": ("error", "warning", "info", "never")}
_PATHS = frozenset({"paths", "rules"})
_LISTS = frozenset({"select", "ignore"}) | _PATHS
_NUMBERS = frozenset({"pg_version", "large_table"})
_KEYS = tuple(name for name in Options.__struct_fields__ if name != "source")


def _options(table: Mapping[str, Any], path: Path, place: Place) -> Options:
    """The options in a table. Every problem in it is told at once, in one ConfigError."""
    seen: set[str] = set()

    def read(item: tuple[str, Any]) -> tuple[str, Any]:
        raw, value = item
        key = raw.replace("-", "_")
        where = place / raw
        if key not in _KEYS:
            hint = did_you_mean(key, _KEYS, f"known are {', '.join(_KEYS)}")
            raise ConfigError(f"{where} is not a setting; {hint}")
        if key in seen:
            raise ConfigError(f"{where} is there twice")
        seen.add(key)
        return key, _checked(key, value, where)

    values = dict(every(table.items(), read))
    for key in _PATHS & values.keys():
        values[key] = tuple(os.path.relpath(path.parent / one) for one in values[key])
    schema = values.get("schema")
    if schema is not None and not is_dsn(schema):
        values["schema"] = os.path.relpath(path.parent / schema)
    if values.get("baseline") is not None:
        values["baseline"] = os.path.relpath(path.parent / values["baseline"])
    for key in ("old", "new"):  # a folder or file, or else a git ref
        if values.get(key) is not None and (path.parent / values[key]).exists():
            values[key] = os.path.relpath(path.parent / values[key])
    return Options(**values, source=path)


def _checked(key: str, value: Any, where: Place) -> Any:
    if key in _LISTS:
        return _strings(value, where)
    if key in _NUMBERS:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise ConfigError(f"{where} must be a whole number")
        if key == "pg_version" and not OLDEST <= value <= NEWEST:
            raise ConfigError(f"{where} must be from {OLDEST} to {NEWEST}, not {value}")
        return value
    if key == "independent":
        if not isinstance(value, bool):
            raise ConfigError(f"{where} must be true or false")
        return value
    if key == "severity":
        return _severities(value, where)
    if key == "per_path":
        return tuple(every(_table(value, where).items(), lambda item: _per_path(*item, where / item[0])))
    if not isinstance(value, str):
        raise ConfigError(f"{where} must be a string")
    if key in _CHOICES and value not in _CHOICES[key]:
        raise ConfigError(f"{where} must be one of {', '.join(_CHOICES[key])}, not {value}")
    return value


def _strings(value: Any, where: Place) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ConfigError(f"{where} must be a list of strings")
    for number, item in enumerate(value):
        if not isinstance(item, str):
            raise ConfigError(f"{where / number} must be a list of strings")
    return tuple(value)


def _table(value: Any, where: Place) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be a table")
    return value


def _severities(value: Any, where: Place) -> Mapping[str, Severity]:
    return dict(every(_table(value, where).items(), lambda item: (item[0], _severity(item[1], where / item[0]))))


def _severity(value: Any, where: Place) -> Severity:
    if value not in [one.value for one in Severity]:
        raise ConfigError(f"{where} must be error, warning or info")
    return Severity(value)


def _per_path(pattern: str, value: Any, where: Place) -> PathOptions:
    reads = {"ignore": _strings, "severity": _severities}

    def read(item: tuple[str, Any]) -> tuple[str, Any]:
        key, said = item
        if key not in reads:
            hint = did_you_mean(key, reads, f"known are {', '.join(reads)}")
            raise ConfigError(f"{where / key} is not a setting; {hint}")
        return key, reads[key](said, where / key)

    return PathOptions(pattern=pattern, **dict(every(_table(value, where).items(), read)))
