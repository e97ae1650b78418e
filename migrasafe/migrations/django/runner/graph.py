"""The migrations of the project's apps and of those that they build on, in the order of `manage.py migrate`."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from django.db.migrations.graph import MigrationGraph
from django.db.migrations.migration import Migration

from migrasafe.migrations.django.protocol import App, Noticed, Ran, Said, Setup
from migrasafe.migrations.django.runner.journal import JOURNAL

Key: TypeAlias = tuple[str, str]
"""The label of the app and the name of the migration."""


class Loaded:
    """A migration, where it is from, and what there was to say when it was imported."""

    def __init__(self, migration: Any, path: str, noticed: Sequence[Noticed], *, own: bool) -> None:
        self.migration = migration
        self.path = path
        self.digest = blake2b(Path(path).read_bytes(), digest_size=20).hexdigest()
        self.noticed = tuple(noticed)
        self.own = own
        """Of the project, and not of a package that it builds on."""


def load(setup: Setup) -> tuple[dict[Key, Loaded], list[Said]]:
    """All migrations of the project, and of installed apps that these depend on."""
    found: dict[Key, Loaded] = {}
    said: list[Said] = []
    for app in setup.apps:
        _make_package(app)
        for file in sorted(Path(app.folder).glob("*.py")):
            if file.stem[0] not in "_~.":
                _load(f"{app.package}.{file.stem}", app.label, str(file), found, said)
    waiting = {app for one in found.values() for app, _ in _needs(one.migration)}
    done = {app.label for app in setup.apps}
    while waiting - done:
        label = min(waiting - done)
        done.add(label)
        for module in _package_of(label, setup.installed):
            path = str(getattr(module, "__file__", module.__name__))
            migration = getattr(module, "Migration", None)
            if migration is not None:
                made = migration(module.__name__.rpartition(".")[2], label)
                found[label, made.name] = Loaded(made, path, (), own=False)
                waiting |= {app for app, _ in _needs(made)}
    return found, said


def in_order(found: dict[Key, Loaded], known: Sequence[Ran] = ()) -> tuple[list[Key], int]:
    """As `manage.py migrate` runs them: a squashed migration in the place of those that it replaces; on a database that those
    have run on already that are `known`, or else an empty one. And how many of the first are as they are known."""
    graph = MigrationGraph()
    for key, one in found.items():
        graph.add_node(key, one.migration)
    for key, one in found.items():
        for parent in _needs(one.migration):
            if (actual := _resolved(parent, key, found)) is not None:
                graph.add_dependency(one.migration, key, actual, skip_validation=True)
        for child in one.migration.run_before:
            if (actual := _resolved(child, key, found)) is not None:
                graph.add_dependency(one.migration, actual, key, skip_validation=True)
    for key, one in found.items():
        if one.migration.replaces:
            graph.remove_replaced_nodes(key, [replaced for replaced in one.migration.replaces if replaced in found])
    order: dict[Key, None] = {}
    for leaf in graph.leaf_nodes():
        order.update(dict.fromkeys(graph.forwards_plan(leaf)))
    first: dict[Key, None] = {}
    for ran in known:
        key = (ran.label, ran.name)
        if key not in order or found[key].digest != ran.digest:
            break
        if not {parent.key for parent in graph.node_map[key].parents} <= first.keys():
            break
        first[key] = None
    return list(first | order), len(first)


def _load(name: str, label: str, path: str, found: dict[Key, Loaded], said: list[Said]) -> None:
    JOURNAL.begin(path)
    try:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        declared = getattr(module, "Migration", None)
        if declared is None:
            return
        migration = declared(name.rpartition(".")[2], label)
    except BaseException as error:
        what = str(error).strip().split("\n", 1)[0]
        message = f"cannot be loaded, so it is not checked: {type(error).__name__}: {what}"
        if isinstance(error, SyntaxError):
            major, minor, *_ = sys.version_info
            message += f"; it is read with Python {major}.{minor}, and may want a newer one"
        said.append(Said(path=path, line=getattr(error, "lineno", None) or 1, message=message, blocking=True))
        return
    if not isinstance(migration, Migration):
        return
    found[label, migration.name] = Loaded(migration, path, JOURNAL.noticed, own=True)


def _make_package(app: App) -> None:
    """So that migrations can import each other, and the app above them."""
    importlib.import_module(app.package)


def _needs(migration: Any) -> Iterator[Key]:
    for dependency in migration.dependencies:
        yield dependency[0], dependency[1]


def _resolved(key: Key, asking: Key, found: dict[Key, Loaded]) -> Key | None:
    """The migration that is meant: of an app's own first or last one; None where it is not here."""
    label, name = key
    if key in found:
        return key
    if label == asking[0] or name not in ("__first__", "__latest__"):
        return None
    of_app = sorted(one for one in found if one[0] == label)
    roots = [one for one in of_app if not any(app == label for app, _ in _needs(found[one].migration))]
    if name == "__first__":
        return roots[0] if roots else None
    return of_app[-1] if of_app else None


def _package_of(label: str, installed: Sequence[str]) -> Iterator[ModuleType]:
    """The modules of an installed app's migrations; of those of Django itself, and of INSTALLED_APPS."""
    named = [one.partition(".apps.")[0] for one in installed]
    places = [f"django.contrib.{label}", *(one for one in named if one.rpartition(".")[2] == label), label]
    for place in places:
        try:
            package = importlib.import_module(f"{place}.migrations")
        except Exception:
            continue
        for found in pkgutil.iter_modules(package.__path__):
            if found.name[0] not in "_~" and not found.ispkg:
                yield importlib.import_module(f"{place}.migrations.{found.name}")
        return
