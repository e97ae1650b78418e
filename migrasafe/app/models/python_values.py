"""Values of Python expressions that can be told without running anything: strings, flags, a name made of a class's name."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping

from migrasafe.app.models.python_project import Definition, Module, Project

_DEEPEST = 12
_CASE: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "strip": str.strip,
    "title": str.title,
}
_SNAKE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Unknown(Exception):  # noqa: N818 - it is an answer, not an error
    """The value is only known at run time."""


def snake_case(name: str) -> str:
    """`OrderItem` → `order_item`, as Flask-SQLAlchemy and Django name things."""
    return _SNAKE.sub("_", name).lower()


def text_value(project: Project, module: Module, expression: ast.expr, names: Mapping[str, str] | None = None) -> str:
    """The string that an expression gives; `names` gives those of parts, such as `cls.__name__`. Raises Unknown."""
    return _text(project, module, expression, names or {}, 0)


def _text(project: Project, module: Module, node: ast.expr, names: Mapping[str, str], depth: int) -> str:
    if depth > _DEEPEST:
        raise Unknown
    if isinstance(node, ast.Name | ast.Attribute):
        known = names.get(ast.unparse(node))
        if known is not None:
            return known
    match node:
        case ast.Constant(value=str() as value):
            return value
        case ast.JoinedStr(values=values):
            return "".join(_text(project, module, value, names, depth + 1) for value in values)
        case ast.FormattedValue(value=value, format_spec=None):
            return _text(project, module, value, names, depth + 1)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _text(project, module, left, names, depth + 1) + _text(project, module, right, names, depth + 1)
        case ast.BinOp(left=left, op=ast.Mod(), right=right):
            template = _text(project, module, left, names, depth + 1)
            if template.count("%s") == 1:
                return template.replace("%s", _text(project, module, right, names, depth + 1))
        case ast.Call():
            return _called(project, module, node, names, depth + 1)
        case ast.Name() | ast.Attribute():
            found = project.look_up(module, node)
            if found is not None and isinstance(found.node, ast.expr):
                return _text(project, found.module, found.node, {}, depth + 1)
    raise Unknown


def _called(project: Project, module: Module, node: ast.Call, names: Mapping[str, str], depth: int) -> str:
    if not isinstance(node.func, ast.Attribute):
        return _snaked(project, module, node, names, depth)
    method, owner = node.func.attr, node.func.value
    if method in _CASE and not node.args:
        return _CASE[method](_text(project, module, owner, names, depth))
    if method == "replace" and len(node.args) == 2:
        old, new = (_text(project, module, argument, names, depth) for argument in node.args)
        return _text(project, module, owner, names, depth).replace(old, new)
    if method == "sub":
        return _substituted(project, module, node, names, depth)
    return _snaked(project, module, node, names, depth)


def _substituted(project: Project, module: Module, node: ast.Call, names: Mapping[str, str], depth: int) -> str:
    """`re.sub(pattern, replacement, name)`, and `PATTERN.sub(replacement, name)`."""
    assert isinstance(node.func, ast.Attribute)
    given = [_text(project, module, argument, names, depth) for argument in node.args]
    if len(given) == 2:
        compiled = project.look_up(module, node.func.value)
        match compiled.node if compiled else None:
            case ast.Call(func=ast.Attribute(attr="compile"), args=[ast.Constant(value=str() as pattern)]):
                given.insert(0, pattern)
    if len(given) != 3 or len(given[0]) > 200:
        raise Unknown
    try:
        return re.sub(given[0], given[1], given[2])
    except re.error as error:
        raise Unknown from error


def _snaked(project: Project, module: Module, node: ast.Call, names: Mapping[str, str], depth: int) -> str:
    """A function that says by its name that it turns a class's name into snake case."""
    name = project.original_name(module, node.func).lower()
    if len(node.args) == 1 and ("snake" in name or "underscore" in name):
        return snake_case(_text(project, module, node.args[0], names, depth))
    raise Unknown


def flag(project: Project, module: Module, expression: ast.expr | None) -> bool | None:
    """True or False where the expression says so; None where that is only known at run time, or nothing is given."""
    match expression:
        case ast.Constant(value=bool() as value):
            return value
        case ast.Name() | ast.Attribute():
            found = project.look_up(module, expression)
            if found is not None and isinstance(found.node, ast.Constant):
                return flag(project, found.module, found.node)
    return None


def enum_members(project: Project, enum: Definition) -> list[tuple[str, str]] | None:
    """Names and values of an enum class whose values are strings; None where one is only known at run time."""
    assert isinstance(enum.node, ast.ClassDef)
    members = []
    for node in enum.node.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if not name.startswith("_"):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if not name.startswith("_"):
                pass
            case _:
                continue
        match value:
            case ast.Call(func=func) if project.original_name(enum.module, func) == "auto":
                members.append((name, name.lower()))
            case ast.Tuple(elts=[first, *_]):
                members.append((name, _member(project, enum.module, first)))
            case _:
                members.append((name, _member(project, enum.module, value)))
    return members or None


def _member(project: Project, module: Module, value: ast.expr) -> str:
    try:
        return text_value(project, module, value)
    except Unknown:
        return ""
