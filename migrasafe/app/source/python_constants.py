"""Strings that one Python file names and another imports: `from app.names import TABLE`, `names.TABLE`."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping

from migrasafe.app.models.python_project import PythonFile

_STRING = r"""[rRuU]?(?:"{3}.*?"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
_CONSTANT = re.compile(
    rf"^(?P<name>[A-Za-z_]\w*)[ \t]*(?::[^=\n]+)?=[ \t]*\(?\s*(?P<value>{_STRING})[ \t]*\)?[ \t]*(?:\#[^\n]*)?$",
    re.MULTILINE | re.DOTALL,
)
_FROM = re.compile(
    r"^[ \t]*from[ \t]+(?P<module>\.*[\w.]*)[ \t]+import[ \t]+(?P<names>\([^)]*\)|[^\n#]+)", re.MULTILINE
)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+(?P<module>[\w.]+)(?:[ \t]+as[ \t]+(?P<name>\w+))?", re.MULTILINE)
_DEEPEST = 3


class PythonConstants:
    """The constants of all files of an app; each file is looked into when another asks for it."""

    def __init__(self, files: Iterable[PythonFile]) -> None:
        self._files: dict[str, PythonFile] = {}
        for file in files:
            dotted = file.module_name
            parts = dotted.split(".")
            for start in range(len(parts)):  # the root that imports count from is not known
                self._files.setdefault(".".join(parts[start:]), file)
        self._constants: dict[str, Mapping[str, str]] = {}
        self._imports: dict[str, Mapping[str, tuple[str, str]]] = {}

    def seen_from(self, file: PythonFile) -> Callable[[str], str | None]:
        """What an expression in this file stands for, if it is a constant of another; else None."""
        return lambda expression: self._meant(file, expression.strip().split("."), 0)

    def _meant(self, file: PythonFile, names: list[str], depth: int) -> str | None:
        imported = self._imported(file).get(names[0])
        if imported is None or depth > _DEEPEST:
            return None
        module, name = imported
        whole = ".".join([module, *([name] if name else []), *names[1:-1]])
        if len(names) > 1:  # a module's constant
            home = self._files.get(whole)
            return self._in_file(home, names[-1], depth) if home is not None else None
        home = self._files.get(module)
        return self._in_file(home, name, depth) if home is not None and name else None

    def _in_file(self, home: PythonFile, name: str, depth: int) -> str | None:
        known = self._constants_of(home).get(name)
        return known if known is not None else self._meant(home, [name], depth + 1)

    def _constants_of(self, file: PythonFile) -> Mapping[str, str]:
        """Its strings at the outermost level that get a value once."""
        if file.path not in self._constants:
            found: dict[str, str] = {}
            twice: set[str] = set()
            for constant in _CONSTANT.finditer(file.source.text):
                name = constant["name"]
                twice.update({name} & found.keys())
                try:
                    found[name] = str(ast.literal_eval(constant["value"]))
                except (SyntaxError, ValueError):
                    twice.add(name)
            self._constants[file.path] = {name: value for name, value in found.items() if name not in twice}
        return self._constants[file.path]

    def _imported(self, file: PythonFile) -> Mapping[str, tuple[str, str]]:
        """Name in this file → the module and the name there, empty for the module itself."""
        if file.path not in self._imports:
            found: dict[str, tuple[str, str]] = {}
            for one in _IMPORT.finditer(file.source.text):
                if one["name"] or "." not in one["module"]:
                    found[one["name"] or one["module"]] = (one["module"], "")
            for one in _FROM.finditer(file.source.text):
                module = _absolute(one["module"], file)
                for item in one["names"].strip("() \t\n").split(","):
                    name, _, alias = item.partition("#")[0].strip().partition(" as ")
                    if name.strip().isidentifier():
                        found[alias.strip() or name.strip()] = (module, name.strip())
            self._imports[file.path] = found
        return self._imports[file.path]


def _absolute(module: str, file: PythonFile) -> str:
    """The module of a relative import, by its whole path."""
    dots = len(module) - len(module.lstrip("."))
    if dots == 0:
        return module
    package = file.module_name.split(".")
    keep = len(package) - dots + (1 if file.path.endswith("/__init__.py") else 0)
    return ".".join([*package[:keep], *([module[dots:]] if module[dots:] else [])])
