"""The classes of a Python app: what the body of each names, what it derives from, and what derives from it."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from migrasafe.app.models.python_project import Module, Node, Project
from migrasafe.app.usage import SourceLocation

Member: TypeAlias = ast.expr | ast.FunctionDef | ast.ClassDef
_DEEPEST = 20


class ClassFound(NamedTuple):
    module: Module
    node: ast.ClassDef

    @property
    def location(self) -> SourceLocation:
        """Where its `class` stands."""
        return self.module.location(self.node)


class Classes:
    """All classes of an app, each looked at once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.all = tuple(
            ClassFound(module, node) for module in project.modules for node in _classes_in(module.tree.body)
        )
        self._members: dict[int, dict[str, Member]] = {}
        self._parents: dict[int, tuple[ClassFound, ...]] = {}
        self._lines: dict[int, tuple[ClassFound, ...]] = {}
        self._children: defaultdict[int, list[ClassFound]] = defaultdict(list)
        for found in self.all:
            for parent in self.parents(found):
                self._children[id(parent.node)].append(found)

    def members(self, found: ClassFound) -> dict[str, Member]:
        """What the body of the class gives names to."""
        known = self._members.get(id(found.node))
        if known is None:
            known = self._members[id(found.node)] = _members(found.node)
        return known

    def parents(self, found: ClassFound) -> tuple[ClassFound, ...]:
        """The classes of the app that it derives from directly."""
        known = self._parents.get(id(found.node))
        if known is None:
            known = self._parents[id(found.node)] = self._bases(found)
        return known

    def children(self, found: ClassFound) -> list[ClassFound]:
        """The classes that derive directly from it."""
        return self._children.get(id(found.node), [])

    def line(self, found: ClassFound) -> tuple[ClassFound, ...]:
        """The class and all it derives from, in the order in which attributes are looked for."""
        known = self._lines.get(id(found.node))
        if known is not None:
            return known
        seen: dict[int, ClassFound] = {}

        def walk(one: ClassFound, depth: int) -> None:
            if depth > _DEEPEST or id(one.node) in seen:
                return
            seen[id(one.node)] = one
            for parent in self.parents(one):
                walk(parent, depth + 1)

        walk(found, 0)
        self._lines[id(found.node)] = tuple(seen.values())
        return self._lines[id(found.node)]

    def _bases(self, found: ClassFound) -> tuple[ClassFound, ...]:
        parents = []
        for base in found.node.bases:
            definition = self.project.look_up(found.module, base)
            node: Node | None = definition.node if definition else None
            if definition is not None and isinstance(node, ast.ClassDef):
                parents.append(ClassFound(definition.module, node))
        return tuple(parents)


def _classes_in(body: Iterable[ast.stmt]) -> Iterator[ast.ClassDef]:
    """Every class in a body, also those inside of functions, branches and classes."""
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield statement
        for name in ("body", "orelse", "finalbody"):
            yield from _classes_in(getattr(statement, name, ()))
        for handler in getattr(statement, "handlers", ()):
            yield from _classes_in(handler.body)


def _members(node: ast.ClassDef) -> dict[str, Member]:
    members: dict[str, Member] = {}
    for statement in node.body:
        match statement:
            case ast.Assign(targets=targets, value=value):
                members |= {target.id: value for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                members[name] = value
            case ast.FunctionDef() | ast.ClassDef():
                members[statement.name] = statement
    return members


def returned(said: Member | None) -> ast.expr | None:
    """What a method of one `return` gives (`declared_attr`), or the value itself."""
    if isinstance(said, ast.expr) or said is None:
        return said
    found = [node.value for node in ast.walk(said) if isinstance(node, ast.Return) and node.value is not None]
    return found[0] if len(found) == 1 else None
