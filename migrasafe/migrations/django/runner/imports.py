"""Imports of the project's own code: what fails or is not installed is replaced by stand-ins, and said."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from django.db import models

from migrasafe.migrations.django.runner.journal import JOURNAL


class Standin(models.Field):  # type: ignore[misc]  # Django has no types
    """In the place of anything that could not be imported: a field of a type that is not known, a function, a base class."""

    missing = ""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        known = {"null", "default", "blank", "unique", "db_column", "primary_key", "db_index", "verbose_name"}
        super().__init__(**{name: value for name, value in named.items() if name in known})

    def db_type(self, connection: Any) -> str:
        JOURNAL.say(f"the column type {self.missing} is not installed here: its SQL type is unknown", blocking=True)
        return "unknown"

    def get_internal_type(self) -> str:
        return "TextField"

    def deconstruct(self) -> Any:
        name, _, _, named = super().deconstruct()
        return name, f"{type(self).__module__}.{type(self).__qualname__}", [], named


class Name:
    """In the place of a name of something that is not installed. It can be called, asked for further names, and derived from,
    beside base classes of any metaclass: so it is no class itself."""

    def __init__(self, missing: str) -> None:
        self.missing = missing
        module, _, name = missing.rpartition(".")
        self.made: type[Standin] = type(name, (Standin,), {"missing": missing, "__module__": module})

    def __call__(self, *arguments: Any, **named: Any) -> Standin:
        return self.made(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("missing", "made"):
            raise AttributeError(name)
        further = Name(f"{self.missing}.{name}")
        setattr(self, name, further)
        return further

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (self.made,)

    def __instancecheck__(self, value: object) -> bool:
        return isinstance(value, self.made)

    def __subclasscheck__(self, cls: type) -> bool:
        return issubclass(cls, self.made)

    def __getitem__(self, parameters: object) -> Name:
        return self

    def __or__(self, other: object) -> Name:
        return self

    __ror__ = __or__


class _StandinModule(ModuleType):
    """Whatever is asked of it is there."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        full_name = f"{self.__name__}.{name}"
        if PathFinder.find_spec(full_name, getattr(self, "__path__", [])) is not None:
            return importlib.import_module(full_name)  # from . import name: Python asks for an attribute first
        made = Name(f"{self.__name__}.{name}")
        setattr(self, name, made)
        return made


def install(roots: Sequence[str]) -> None:
    """From now on, imports by code below the roots do not fail."""
    folders = tuple(str(Path(root).resolve()) for root in roots)
    sys.meta_path.insert(0, _OwnCode(folders))
    sys.meta_path.append(_NotInstalled(folders))


class _OwnCode(MetaPathFinder):
    """The project's modules: an error in one leaves what it had defined before it."""

    def __init__(self, folders: tuple[str, ...]) -> None:
        self._folders = folders

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path if path is not None else list(self._folders), target)
        if spec is None or spec.loader is None or spec.origin is None or not _below(spec.origin, self._folders):
            return None
        spec.loader = _Tolerant(spec.loader)
        return spec


class _Tolerant(Loader):
    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandinModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        try:
            self._loader.exec_module(module)
        except Exception as error:
            what = str(error).strip().split("\n", 1)[0][:200]
            JOURNAL.say(f"imports {module.__name__}, which does not load here ({type(error).__name__}: {what})")


class _NotInstalled(MetaPathFinder):
    """Modules that no other finder has, if the project's own code asks for them."""

    def __init__(self, folders: tuple[str, ...]) -> None:
        self._folders = folders

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        parent = sys.modules.get(fullname.rpartition(".")[0])
        if not isinstance(parent, _StandinModule) and not self._asked_by_the_project():
            return None
        JOURNAL.say(f"imports {fullname.partition('.')[0]}, which is not installed here")
        return importlib.util.spec_from_loader(fullname, _StandinLoader(), is_package=True)

    def _asked_by_the_project(self) -> bool:
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            file = frame.f_code.co_filename
            if "importlib" not in file:
                return _below(file, self._folders)
            frame = frame.f_back
        return False


class _StandinLoader(Loader):
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandinModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def _below(file: str, folders: tuple[str, ...]) -> bool:
    return "site-packages" not in file and any(file.startswith(f"{folder}/") for folder in folders)
