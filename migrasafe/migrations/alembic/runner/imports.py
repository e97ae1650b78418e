"""The app's own modules from where they lie, without what they need; stubs for everything that is missing.

Only the app's code gets stubs: a library that looks for an optional dependency, and app code that is ready for it to be
missing (`except ImportError`), must not find one.
"""

from __future__ import annotations

import ast
import linecache
import os
import sys
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import spec_from_loader
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from migrasafe.migrations.alembic.runner.stubs import Stub, StubModule, Watch

_SKIPPED_FRAMES = ("<frozen importlib", "importlib/__init__.py", __file__)
_NOT_INSTALLED = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})


def install(roots: Sequence[str], watch: Watch, *, own_code: bool) -> None:
    """Let imports of the app's code work. `roots`: folders that hold its packages; without `own_code` those are stubs."""
    folders = tuple(os.path.realpath(root) + os.sep for root in roots)
    if own_code:
        sys.meta_path.insert(0, AppFinder(folders, watch))
    sys.meta_path.append(StubFinder(folders, watch))


class AppFinder(MetaPathFinder):
    """Finds the app's own modules, and what they import of libraries; installed packages of the same name come first."""

    def __init__(self, folders: Sequence[str], watch: Watch) -> None:
        self._folders = folders
        self._watch = watch

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module below the roots, and let it load as far as it can."""
        if fullname in sys.builtin_module_names:
            return None
        if path is None:
            installed = PathFinder.find_spec(fullname, None)
            if installed is not None:
                return self._of_library(installed)
            places = [folder.rstrip(os.sep) for folder in self._folders]
        else:
            places = [place for place in path if self._is_inside(place)]
            if not places:
                return self._of_library(PathFinder.find_spec(fullname, path))
        spec = PathFinder.find_spec(fullname, places) if places else None
        if spec is None:
            return None
        if spec.origin is None or spec.loader is None:
            return self._without_init(fullname, spec)
        spec.loader = TolerantLoader(spec.loader, self._watch)
        return spec

    def _of_library(self, spec: ModuleSpec | None) -> ModuleSpec | None:
        """A library's module that lacks something itself: a stub to the app, which may do without it here."""
        if spec is None or not isinstance(spec.loader, SourceLoader) or "site-packages" not in (spec.origin or ""):
            return None
        frame = _importer()
        if frame is None or not _is_theirs(frame.f_code.co_filename, self._folders):
            return None
        if frame.f_lineno in _lines_ready_for_absence(frame.f_code.co_filename):
            return None
        spec.loader = TolerantLoader(spec.loader, self._watch, only=ImportError)
        return spec

    def _without_init(self, fullname: str, spec: ModuleSpec) -> ModuleSpec | None:
        """A folder without `__init__.py`: a package whose own names are stubs."""
        places = list(spec.submodule_search_locations or ())
        if not any(_holds_python(place) for place in places):
            return None
        made = spec_from_loader(fullname, StubLoader(self._watch, quiet=True), is_package=True)
        if made is not None:
            made.submodule_search_locations = places
        return made

    def _is_inside(self, place: str) -> bool:
        return (os.path.realpath(place) + os.sep).startswith(tuple(self._folders))


class AppModule(ModuleType):
    """A module of the app whose submodules are imported when they are asked for, as if the whole app had been."""

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("__") and _has_submodule(self, name):
            return import_module(f"{self.__name__}.{name}")
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}", name=name, obj=self)


def _has_submodule(package: ModuleType, name: str) -> bool:
    """Whether a package has a submodule of that name that nobody imported yet."""
    places = list(package.__dict__.get("__path__") or ())
    fullname = f"{package.__name__}.{name}"
    return bool(places) and fullname not in sys.modules and PathFinder.find_spec(fullname, places) is not None


class TolerantLoader(Loader):
    """Runs a module of the app; what it had not defined when it failed is stubs."""

    def __init__(self, loader: Any, watch: Watch, *, only: type[BaseException] = BaseException) -> None:
        self._loader = loader
        self._watch = watch
        self._only = only

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create as usual."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Run it, whatever happens."""
        try:
            self._loader.exec_module(module)
            if self._only is BaseException:
                module.__class__ = AppModule
        except (KeyboardInterrupt, MemoryError):
            raise
        except self._only as error:
            reason = (str(error).strip().splitlines() or [""])[0]
            self._watch("stub", f"{module.__name__} (its import fails: {type(error).__name__}: {reason})")
            module.__dict__["__migrasafe_watch__"] = self._watch
            module.__class__ = StubModule


class StubFinder(MetaPathFinder):
    """Finds every module that nobody else finds, for the app's code."""

    def __init__(self, folders: Sequence[str], watch: Watch) -> None:
        self._folders = folders
        self._watch = watch

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Make up a module, when the app's code imports it without being ready for its absence."""
        frame = _importer()
        if frame is None or not _is_theirs(frame.f_code.co_filename, self._folders):
            return None
        if frame.f_lineno in _lines_ready_for_absence(frame.f_code.co_filename):
            return None
        parent = sys.modules.get(fullname.rpartition(".")[0])
        quiet = isinstance(parent, StubModule)
        return spec_from_loader(fullname, StubLoader(self._watch, quiet=quiet), is_package=True)


class StubLoader(Loader):
    """Makes a StubModule."""

    def __init__(self, watch: Watch, *, quiet: bool) -> None:
        self._watch = watch
        self._quiet = quiet

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the module, and say so unless that of its package was said already."""
        module = StubModule(spec.name)
        module.__dict__["__migrasafe_watch__"] = self._watch
        if not self._quiet:
            self._watch("stub", spec.name)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Do nothing: names are made when they are asked for. But `from package import Name` wants no module."""
        if module.__name__.rpartition(".")[2][:1].isupper():
            sys.modules[module.__name__] = Stub(module.__name__, self._watch)  # type: ignore[assignment]  # allowed by Python


def _is_theirs(file: str, folders: Sequence[str]) -> bool:
    if "site-packages" in file or "dist-packages" in file:
        return False
    return os.path.realpath(file).startswith(tuple(folders))


def _importer() -> FrameType | None:
    """The frame of the import statement."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename.replace("\\", "/")
        if not any(part in file for part in _SKIPPED_FRAMES):
            return frame
        frame = frame.f_back
    return None


@cache
def _lines_ready_for_absence(file: str) -> frozenset[int]:
    """Lines of a file inside `try: … except ImportError`."""
    try:
        module = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return frozenset()
    ready: set[int] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Try) and any(_catches_absence(handler.type) for handler in node.handlers):
            ready.update(range(node.body[0].lineno, (node.body[-1].end_lineno or node.body[-1].lineno) + 1))
    return frozenset(ready)


def _catches_absence(caught: ast.expr | None) -> bool:
    if caught is None:
        return True
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(isinstance(name, ast.Name) and name.id in _NOT_INSTALLED for name in names)


def _holds_python(place: str) -> bool:
    try:
        return any(inner.suffix == ".py" or (inner / "__init__.py").is_file() for inner in Path(place).iterdir())
    except OSError:
        return False
