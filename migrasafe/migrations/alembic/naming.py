"""The naming convention of the app's MetaData, found in its source: it names constraints that revisions leave unnamed."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

_WORD = b"naming_convention"
_MOST_FILES = 3000
_SKIPPED = frozenset(
    {"versions", "tests", "test", "node_modules", "site-packages", "__pycache__", "venv", "build", "dist"}
)


def naming_convention(env: ast.Module | None, script: Path) -> dict[str, str]:
    """The convention that env.py or the app's package spells out; nothing when it is none, or not just one."""
    if env is None:
        return {}
    own = tuple(_conventions(env))
    if own:
        return dict(own[0]) if _agree(own) else {}
    if not _has_metadata(env):
        return {}
    found = [one for file in _files(script) for one in _in_file(file)]
    return dict(found[0]) if found and _agree(found) else {}


def _agree(found: list[dict[str, str]] | tuple[dict[str, str], ...]) -> bool:
    return all(one == found[0] for one in found)


def _has_metadata(env: ast.Module) -> bool:
    """Whether env.py passes a target_metadata that is something."""
    for node in ast.walk(env):
        match node:
            case ast.keyword(arg="target_metadata", value=value):
                if not (isinstance(value, ast.Constant) and value.value is None):
                    return True
    return False


def _files(script: Path) -> Iterator[Path]:
    """Python files of the outermost package around the scripts, or of the folder that holds them."""
    package = script.resolve()
    while (package.parent / "__init__.py").is_file():
        package = package.parent
    if package == script.resolve() and package.parent != Path.home():
        package = package.parent
    seen = 0
    for place, folders, names in os.walk(package):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        for name in sorted(names):
            if name.endswith(".py"):
                seen += 1
                if seen > _MOST_FILES:
                    return
                yield Path(place, name)


def _in_file(file: Path) -> Iterator[dict[str, str]]:
    try:
        raw = file.read_bytes()
        if _WORD in raw.lower():
            yield from _conventions(ast.parse(raw))
    except (OSError, SyntaxError, ValueError):
        return


def _conventions(module: ast.Module) -> Iterator[dict[str, str]]:
    """Yield what `naming_convention=` is given, written there or assigned to a name in the same module."""
    named = dict(_dictionaries(module))
    for node in ast.walk(module):
        match node:
            case ast.keyword(arg="naming_convention", value=ast.Name(id=name)) if name in named:
                yield named[name]
            case ast.keyword(arg="naming_convention", value=ast.Dict() as value):
                if (convention := _convention(value)) is not None:
                    yield convention


def _dictionaries(module: ast.Module) -> Iterator[tuple[str, dict[str, str]]]:
    for node in ast.walk(module):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Dict() as value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Dict() as value):
                pass
            case _:
                continue
        if (convention := _convention(value)) is not None:
            yield name, convention


def _convention(value: ast.Dict) -> dict[str, str] | None:
    try:
        found: Mapping[object, object] = ast.literal_eval(value)
    except (ValueError, TypeError):
        return None
    if found and all(isinstance(key, str) and isinstance(text, str) for key, text in found.items()):
        return {str(key): str(text) for key, text in found.items()}
    return None
