"""Which attributes a program gives every time that it makes an object of a model: those are never written as NULL unasked."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from migrasafe.app.models.model import Model
from migrasafe.app.models.python_project import Module, PythonFile


def with_constructions(
    models: Sequence[Model], files: Iterable[PythonFile], parse: Callable[[PythonFile], Module | None]
) -> tuple[Model, ...]:
    """The models, with the columns that every construction in the app gives a value. A file that cannot be parsed may
    construct them with anything."""
    names = {model.name for model in models}
    if not names:
        return tuple(models)
    constructs = re.compile(rf"\b({'|'.join(sorted(map(re.escape, names)))})(?:\.objects\.a?create)?\s*\(")
    given: defaultdict[str, list[frozenset[str]]] = defaultdict(list)
    for file in files:
        found = {made[1] for made in constructs.finditer(file.source.text)}
        module = parse(file) if found else None
        if module is None:
            for name in found:
                given[name].append(frozenset())
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and (name := _constructed(node)) in names:
                given[name].append(_attributes(node))
    return tuple(_with_given(model, given[model.name]) if given[model.name] else model for model in models)


def _constructed(node: ast.Call) -> str:
    """`Order` in `Order(…)`, `models.Order(…)` and `Order.objects.create(…)`."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name) if name not in ("create", "acreate"):
            return name
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id=name) | ast.Attribute(attr=name), attr="objects")):
            return name
    return ""


def _attributes(node: ast.Call) -> frozenset[str]:
    """The names of what is given; None is given as nothing. `**values` may give anything, and so proves nothing."""
    return frozenset(
        word.arg
        for word in node.keywords
        if word.arg and not (isinstance(word.value, ast.Constant) and word.value.value is None)
    )


def _with_given(model: Model, given: Sequence[frozenset[str]]) -> Model:
    always = frozenset.intersection(*given)
    columns = [
        replace(column, always_given=True) if column.attribute in always or column.name in always else column
        for column in model.columns
    ]
    return replace(model, columns=tuple(columns))
