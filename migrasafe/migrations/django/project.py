"""A Django project: its apps' folders of migrations, and what its settings say as literals; nothing of it is run."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from migrasafe.migrations.django.protocol import App
from migrasafe.migrations.folder import SKIPPED

_MIGRATION = re.compile(r"(?m)^class Migration\(")
_SETTINGS = re.compile(r"(?:^|/)settings(?:/[^/]+)?\.py$|(?:^|/)config/[^/]*\.py$|settings[^/]*\.py$")
_LABEL = re.compile(r"(?m)^\s+label\s*=\s*[\"'](\w+)[\"']")


class Project(Struct, frozen=True, kw_only=True):
    """What the process has to know to run the migrations."""

    root: str
    apps: tuple[App, ...]
    settings: dict[str, Any]
    installed: tuple[str, ...]
    site_packages: tuple[str, ...]

    def app_of(self, folder: Path) -> App | None:
        """The app whose migrations lie in a folder."""
        real = os.path.realpath(folder)
        return next((app for app in self.apps if os.path.realpath(app.folder) == real), None)


def project_at(folder: Path) -> Project:
    """The project that a folder of migrations belongs to, or that lies in the folder."""
    root = _root(folder)
    apps = tuple(sorted(_apps(root), key=lambda app: (app.label, app.folder)))
    settings: dict[str, Any] = {}
    installed: list[str] = []
    for file in sorted(_python_files(root), key=lambda file: (len(file.parts), file.name != "settings.py", str(file))):
        if _SETTINGS.search(file.relative_to(root).as_posix()):
            _read_settings(file, settings, installed)
    return Project(
        root=str(root),
        apps=apps,
        settings=settings,
        installed=tuple(dict.fromkeys(installed)),
        site_packages=tuple(_site_packages(root)),
    )


def is_migration(head: str) -> bool:
    """Whether a file's beginning is that of a migration of Django."""
    return "migrations" in head and bool(_MIGRATION.search(head)) and "django" in head


def _root(folder: Path) -> Path:
    """Where manage.py lies, above or here; else the folder above the outermost package."""
    place = folder.resolve()
    for above in (place, *place.parents):
        if (above / "manage.py").is_file():
            return above
        if (above / ".git").exists():
            break
    while (place / "__init__.py").is_file() or place.name == "migrations":
        place = place.parent
    return place


def _apps(root: Path) -> Iterator[App]:
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in SKIPPED and not name.startswith("."))
        place = Path(folder)
        if place == root or not any(_has_migration(place / file) for file in files if file.endswith(".py")):
            continue
        package = ".".join(place.relative_to(root).parts)
        above = package.rpartition(".")[0] if place.name.endswith("migrations") else package
        yield App(label=_label(place.parent) or above.rpartition(".")[2] or package, package=package, folder=folder)


def _has_migration(file: Path) -> bool:
    if file.name == "__init__.py":
        return False
    try:
        return is_migration(file.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return False


def _label(app: Path) -> str | None:
    """What its AppConfig says, where it says another name than its folder's."""
    try:
        found = _LABEL.findall((app / "apps.py").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    return found[0] if len(found) == 1 else None


def _python_files(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if name not in SKIPPED and not name.startswith(".") and name != "migrations"]
        yield from (Path(folder, file) for file in files if file.endswith(".py"))


def _read_settings(file: Path, settings: dict[str, Any], installed: list[str]) -> None:
    """Add what a module of settings assigns as literals; the first that says something counts."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8", errors="replace"))
    except (SyntaxError, ValueError, OSError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign | ast.AugAssign) and node.value is not None:
            targets, value = [node.target], node.value
        else:
            continue
        for target in targets:
            if not isinstance(target, ast.Name) or not target.id.isupper():
                continue
            if target.id.endswith("_APPS"):
                installed.extend(
                    one.value for one in ast.walk(value) if isinstance(one, ast.Constant) and isinstance(one.value, str)
                )
            elif target.id not in settings and (literal := _literal(value)) is not None:
                settings[target.id] = literal


def _literal(node: ast.expr) -> Any:
    """A value that JSON can carry; None for all else."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    return value if isinstance(value, str | bool | int | float) else None


def _site_packages(root: Path) -> Iterator[str]:
    """Where the project's own environment keeps its packages."""
    environments = [os.environ.get("VIRTUAL_ENV"), str(root / ".venv"), str(root / "venv"), str(root.parent / ".venv")]
    for environment in dict.fromkeys(one for one in environments if one):
        yield from (str(place) for place in sorted(Path(environment).glob("lib/python3*/site-packages")))
