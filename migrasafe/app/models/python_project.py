"""The modules of a Python app as syntax trees: what a name in one of them stands for, without importing any."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from migrasafe.app.source.file_scan import SourceText
from migrasafe.app.usage import SourceLocation

_DEEPEST = 12
Node: TypeAlias = ast.ClassDef | ast.FunctionDef | ast.expr


class Imported(NamedTuple):
    module: str
    """Absolute, as far as the file's own place in the app tells."""
    name: str | None
    """None: the module itself."""


class PythonFile(NamedTuple):
    """A file that need not be parsed before somebody asks what is in it."""

    path: str
    """Inside of the app, which is how other files import it."""
    source: SourceText

    @property
    def module_name(self) -> str:
        """Its dotted name, from the app's root."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


class Module:
    """One file: its classes, functions, assignments and imports at module level."""

    def __init__(self, file: PythonFile, tree: ast.Module) -> None:
        self.source = file.source
        self.tree = tree
        self.is_package = file.path.endswith("__init__.py")
        self.name = file.module_name
        self.defined: dict[str, Node] = {}
        self.imported: dict[str, Imported] = {}
        self.stars: list[str] = []
        self._read(tree.body)

    def _read(self, body: Iterable[ast.stmt]) -> None:
        for node in body:
            match node:
                case ast.ClassDef() | ast.FunctionDef():
                    self.defined[node.name] = node
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    self.defined[name] = value
                case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                    self.defined[name] = value
                case ast.Import():
                    for alias in node.names:
                        self.imported[alias.asname or alias.name.partition(".")[0]] = Imported(
                            alias.name if alias.asname else alias.name.partition(".")[0], None
                        )
                case ast.ImportFrom():
                    self._read_import(node)
                case ast.If() | ast.Try():
                    self._read([*node.body, *node.orelse])

    def _read_import(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if node.level:
            package = self.name.split(".") if self.is_package else self.name.split(".")[:-1]
            package = package[: len(package) - (node.level - 1)]
            module = ".".join([*package, module] if module else package)
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(module)
            else:
                self.imported[alias.asname or alias.name] = Imported(module, alias.name)

    def location(self, node: ast.AST) -> SourceLocation:
        """Where a node begins; columns in characters."""
        line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        text = self.source.line(line)
        column = offset if text.isascii() else len(text.encode()[:offset].decode(errors="replace"))
        return SourceLocation(self.source.path, line, column + 1)


class Definition(NamedTuple):
    """What a name stands for, and the module that says so."""

    module: Module
    node: Node


class Project:
    """The modules of an app. `modules` are looked at in any case; other files are parsed when a name leads to them."""

    def __init__(
        self, modules: Mapping[str, Module], files: Iterable[PythonFile], parse: Callable[[PythonFile], Module | None]
    ) -> None:
        self.modules = tuple(modules.values())
        self._parsed: dict[str, Module | None] = dict(modules)
        self._parse = parse
        self._by_end: defaultdict[str, list[PythonFile]] = defaultdict(list)
        self._classes: defaultdict[str, list[Definition]] = defaultdict(list)
        for file in files:
            self._by_end[file.module_name.rpartition(".")[2]].append(file)
        for module in self.modules:
            for name, node in module.defined.items():
                if isinstance(node, ast.ClassDef):
                    self._classes[name].append(Definition(module, node))

    def look_up(self, module: Module, expression: ast.expr, depth: int = 0) -> Definition | None:
        """The class, function or value that a name of this module stands for; None for what the app does not define."""
        if depth > _DEEPEST:
            return None
        match expression:
            case ast.Name(id=name):
                return self._named(module, name, depth)
            case ast.Attribute(value=value, attr=name):
                holder = self._module_of(module, value)
                if holder is not None:
                    return self._named(holder, name, depth + 1)
                found = self.look_up(module, value, depth + 1)
                if found is not None and isinstance(found.node, ast.ClassDef):
                    return self._member(found, name)
            case ast.Subscript(value=value):  # Base[int]
                return self.look_up(module, value, depth + 1)
            case ast.Constant(value=str() as name):
                return self._named(module, name.rpartition(".")[2], depth) or self.only_class(name.rpartition(".")[2])
        return None

    def only_class(self, name: str) -> Definition | None:
        """The class of this name, if the app has just one."""
        found = self._classes.get(name, [])
        return found[0] if len(found) == 1 else None

    def original_name(self, module: Module, expression: ast.expr) -> str:
        """The last part of a name as its own module says it: `sa.Column` and `C` after `import Column as C` are Column."""
        match expression:
            case ast.Name(id=name):
                imported = module.imported.get(name)
                return imported.name if imported and imported.name else name
            case ast.Attribute(attr=name):
                return name
            case ast.Subscript(value=value):
                return self.original_name(module, value)
        return ""

    def _member(self, owner: Definition, name: str) -> Definition | None:
        assert isinstance(owner.node, ast.ClassDef)
        for node in owner.node.body:
            match node:
                case ast.Assign(targets=[ast.Name(id=found)], value=value) if found == name:
                    return Definition(owner.module, value)
                case ast.ClassDef(name=found) if found == name:
                    return Definition(owner.module, node)
        return None

    def _named(self, module: Module, name: str, depth: int) -> Definition | None:
        node = module.defined.get(name)
        if node is not None:
            if isinstance(node, ast.Name | ast.Attribute) and node is not module.defined.get(getattr(node, "id", "")):
                return self.look_up(module, node, depth + 1) or Definition(module, node)
            return Definition(module, node)
        imported = module.imported.get(name)
        if imported is not None and imported.name is not None and depth < _DEEPEST:
            home = self._module(imported.module)
            if home is not None and home is not module:
                return self._named(home, imported.name, depth + 1)
            return None
        if imported is None and depth < _DEEPEST:
            for star in module.stars:
                home = self._module(star)
                if home is not None and home is not module and (found := self._named(home, name, depth + 1)):
                    return found
        return None

    def _module_of(self, module: Module, expression: ast.expr) -> Module | None:
        match expression:
            case ast.Name(id=name) if name in module.imported:
                imported = module.imported[name]
                path = f"{imported.module}.{imported.name}" if imported.name else imported.module
                return self._module(path)
            case ast.Attribute(value=ast.Name() | ast.Attribute()):
                dotted = ast.unparse(expression)
                first = dotted.partition(".")[0]
                return self._module(dotted) if first in module.imported else None
        return None

    def _module(self, dotted: str) -> Module | None:
        """The module of this name. The app's root need not be the folder that Python is started in."""
        for file in self._by_end.get(dotted.rpartition(".")[2], ()):
            name = file.module_name
            if name == dotted or name.endswith(f".{dotted}") or dotted.endswith(f".{name}"):
                if file.path not in self._parsed:
                    self._parsed[file.path] = self._parse(file)
                return self._parsed[file.path]
        return None
