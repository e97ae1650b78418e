"""Where an Alembic project keeps its revisions, and what its files say about running them. Nothing is run."""

from __future__ import annotations

import ast
import configparser
import os
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from migrasafe.errors import ConfigError, InputError
from migrasafe.migrations.alembic.naming import naming_convention

_LEVELS_ABOVE = 8
_PROJECT_FILES = ("alembic.ini", "pyproject.toml", "setup.py", "setup.cfg", ".git")
_SETTINGS = (
    "script_location",
    "version_locations",
    "prepend_sys_path",
    "path_separator",
    "version_path_separator",
    "recursive_version_locations",
)
PLUGINS = {"alembic_postgresql_enum": "alembic-postgresql-enum", "alembic_utils": "alembic-utils"}
"""Packages that give `op` more operations when they are imported, and what to install for them."""
PLUGIN_OPERATIONS = {
    "sync_enum_values": "alembic_postgresql_enum",
    "create_entity": "alembic_utils",
    "replace_entity": "alembic_utils",
    "drop_entity": "alembic_utils",
}
"""Which package gives which operation."""


class Project(Struct, frozen=True, kw_only=True):
    """What is known about a project before its revisions are read."""

    script_folder: str
    """Holds env.py; where there is none, the folder of revisions."""
    version_folders: tuple[str, ...]
    """Hold the revision files."""
    config_file: str | None = None
    """alembic.ini."""
    import_roots: tuple[str, ...] = ()
    """Folders that the app's packages can be imported from."""
    plugins: tuple[str, ...] = ()
    transaction_per_migration: bool = False
    recursive: bool = False
    naming_convention: dict[str, str] = field(default_factory=dict)


def project_at(folder: Path) -> Project:
    """The project of a folder: with env.py, with alembic.ini, or of nothing but revisions. Raises InputError."""
    config = _config_of(folder)
    script = _script_folder(folder, config)
    locations = _version_folders(folder, script, config)
    env = _parsed(script / "env.py")
    return Project(
        script_folder=str(script),
        version_folders=tuple(str(place) for place in locations),
        config_file=str(config.file) if config is not None and config.file.name.endswith(".ini") else None,
        import_roots=tuple(_import_roots(script, config)),
        plugins=tuple(_plugins(env, script)),
        transaction_per_migration=_says(env, "transaction_per_migration"),
        recursive=config is not None and config.values.get("recursive_version_locations", "").lower() == "true",
        naming_convention=naming_convention(env, script),
    )


class _Config(Struct, frozen=True, kw_only=True):
    file: Path
    values: dict[str, str]


def _config_of(folder: Path) -> _Config | None:
    """The configuration that names this folder, or the folder above it, as its script location."""
    places = {folder.resolve(), folder.resolve().parent}
    for above in _upwards(folder):
        for config in _configs(above):
            location = config.values.get("script_location")
            if location is None:
                continue
            script = _located(location, config)
            if script is not None and (script.resolve() in places or above == folder.resolve()):
                return config
    return None


def _configs(folder: Path) -> Iterator[_Config]:
    for file in sorted(folder.glob("*.ini")):
        parser = configparser.ConfigParser(defaults={"here": str(folder)})
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError, OSError):
            continue
        for section in parser.sections():
            values = dict(_settings(parser, section))
            if "script_location" in values:
                yield _Config(file=file, values=values)
    pyproject = folder / "pyproject.toml"
    if pyproject.is_file():
        from migrasafe.toml_file import parsed_toml, text_of_toml  # here, because most projects have alembic.ini alone

        try:
            tool = parsed_toml(text_of_toml(pyproject), pyproject).get("tool")
        except ConfigError:
            return
        table = tool.get("alembic") if isinstance(tool, dict) else None
        if isinstance(table, dict) and "script_location" in table:
            yield _Config(file=pyproject, values={key: _joined(value, folder) for key, value in table.items()})


def _settings(parser: configparser.ConfigParser, section: str) -> Iterator[tuple[str, str]]:
    """The settings we need; others may refer to what only the app's own start sets."""
    for name in _SETTINGS:
        try:
            yield name, parser.get(section, name)
        except configparser.Error:
            continue


def _joined(value: Any, folder: Path) -> str:
    text = (
        os.pathsep.join(map(str, value))
        if isinstance(value, list)
        else str(value).lower()
        if value is True
        else str(value)
    )
    return text.replace("%(here)s", str(folder))


def _located(location: str, config: _Config) -> Path | None:
    """A folder as Alembic writes it: a path, or `package:inner/folder`."""
    here = config.file.parent
    package, colon, inner = location.partition(":")
    if not colon or (len(package) == 1 and os.name == "nt"):
        path = here / location
        return path if path.is_dir() else None
    for root in (here, here / "src", here.parent, here.parent.parent, here.parent.parent.parent):
        path = root.joinpath(*package.split("."), *inner.replace(":", "/").split("/"))
        if path.is_dir():
            return path
    try:
        spec = find_spec(package.partition(".")[0])
    except (ImportError, ValueError):
        return None
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place).joinpath(*package.split(".")[1:], *inner.replace(":", "/").split("/"))
        if path.is_dir():
            return path
    return None


def _script_folder(folder: Path, config: _Config | None) -> Path:
    if (folder / "env.py").is_file():
        return folder
    if config is not None:
        location = config.values["script_location"]
        script = _located(location, config)
        if script is None:
            raise InputError(
                f"{config.file}: script_location = {location} is not a folder: correct it, or give the folder"
            )
        if folder.resolve() != config.file.parent.resolve() and folder.resolve() != script.resolve():
            return folder.parent
        return Path(os.path.relpath(script)) if not folder.is_absolute() else script
    for above in (folder.parent, folder.parent.parent):
        if (above / "env.py").is_file():
            return above
    return folder


def _version_folders(folder: Path, script: Path, config: _Config | None) -> tuple[Path, ...]:
    if folder.resolve() != script.resolve() and script.resolve() in folder.resolve().parents:
        return (folder,)
    if config is not None and (listed := config.values.get("version_locations")):
        places = tuple(_located(one, config) for one in _split(listed, config))
        found = tuple(place for place in places if place is not None)
        if found:
            return found
    versions = script / "versions"
    if not versions.is_dir():
        return (script,)
    if not any(file.suffix == ".py" and file.stem != "__init__" for file in versions.iterdir()):
        # Prefect's way: a folder for each database, chosen by env.py.
        for name in ("postgresql", "postgres", "pg"):
            if (versions / name).is_dir():
                return (versions / name,)
    return (versions,)


def _split(listed: str, config: _Config) -> list[str]:
    by_name = {"os": os.pathsep, "space": " ", "newline": "\n", ":": ":", ";": ";"}
    separator = by_name.get(config.values.get("path_separator") or config.values.get("version_path_separator") or "")
    if separator is None:
        separator = os.pathsep if config.file.suffix == ".toml" else None
    parts = listed.split(separator) if separator else listed.replace(",", " ").split()
    return [part.strip() for part in parts if part.strip()]


def _import_roots(script: Path, config: _Config | None) -> Iterator[str]:
    """Above the outermost package that holds the scripts; where the project begins, and its src."""
    seen: dict[str, None] = {}
    above = _upwards(script)
    for place in above:
        if (place / "__init__.py").is_file() and not (place.parent / "__init__.py").is_file():
            seen[str(place.parent)] = None
        if any((place / name).exists() for name in _PROJECT_FILES):
            seen[str(place)] = None
            if (place / "src").is_dir():
                seen[str(place / "src")] = None
            if (place / ".git").exists():
                break
    if config is not None:
        for one in _split(config.values.get("prepend_sys_path", ""), config):
            seen[str((config.file.parent / one).resolve())] = None
    yield from seen


def _upwards(folder: Path) -> list[Path]:
    """The folder and those above it, up to the repository, never the root of the file system or a home."""
    resolved = folder.resolve()
    found = []
    for place in (resolved, *resolved.parents)[:_LEVELS_ABOVE]:
        if place in (Path(place.anchor), Path.home()):
            break
        found.append(place)
        if (place / ".git").exists():
            break
    return found


def _parsed(file: Path) -> ast.Module | None:
    try:
        return ast.parse(file.read_text("utf-8"))
    except (OSError, SyntaxError, ValueError):
        return None


def _plugins(env: ast.Module | None, script: Path) -> Iterator[str]:
    """Packages that env.py imports and that add operations: known ones, and modules of the app that register some."""
    for node in ast.walk(env) if env is not None else ():
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), names=names, level=0):
                modules = [module, *(f"{module}.{alias.name}" for alias in names)]
            case _:
                continue
        for module in modules:
            if module.partition(".")[0] in PLUGINS or _registers_operations(module, script):
                yield module


def _registers_operations(module: str, script: Path) -> bool:
    """Whether a module of the app holds `@Operations.register_operation`."""
    for above in _upwards(script):
        path = above.joinpath(*module.split("."))
        for file in (path.with_suffix(".py"), path / "__init__.py"):
            try:
                if "register_operation" in file.read_text("utf-8"):
                    return True
            except (OSError, ValueError):
                continue
    return False


def _says(env: ast.Module | None, option: str) -> bool:
    """Whether env.py passes `option=True` anywhere."""
    return any(
        isinstance(node, ast.keyword)
        and node.arg == option
        and isinstance(node.value, ast.Constant)
        and node.value.value is True
        for node in (ast.walk(env) if env is not None else ())
    )
