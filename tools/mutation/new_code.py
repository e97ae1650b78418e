"""Gives the functions of a module that is imported already the code that another text of it would have given them."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Collection, Iterator
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, ModuleType


class Unreachable(Exception):  # noqa: N818 (no error: another way is taken)
    """What differs between the two texts is no code of a function that can be found in the module."""


def import_all(folder: str, root: Path) -> None:
    """Imports each module of a package. One that only a test imports could not be reached before that test, and what
    its import carries out would seem to concern no other."""
    for path in sorted((root / folder).rglob("*.py")):
        import_module(module_of(path.relative_to(root)))


def module_of(path: Path) -> str:
    """The name under which a file is imported; its path is from the root."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def put_in_place(module: ModuleType | None, before: str, after: str, at_import: Collection[int] = ()) -> None:
    """Raises Unreachable, with nothing changed, where the module would have to be imported again. `at_import`: the lines of
    the module that ran then; of a function that did, what it made is there already: a table, another function."""
    if module is None or module.__file__ is None:
        raise Unreachable
    was, will_be = (compile(text, module.__file__, "exec", dont_inherit=True) for text in (before, after))
    if _frame(was) != _frame(will_be):
        raise Unreachable
    old = dict(_functions(was))
    changed = [(name, code) for name, code in _functions(will_be) if _content(old[name]) != _content(code)]
    found = [(_function(module, name), code) for name, code in changed]
    if not found or any(function.__code__.co_freevars != code.co_freevars for function, code in found):
        raise Unreachable
    if any(not _body(function.__code__).isdisjoint(at_import) for function, _ in found):
        raise Unreachable
    for function, code in found:
        function.__code__ = code


def _functions(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    """The functions of a module and the methods of its classes that have a name of their own."""
    named = [one for one in _defined(code) if "<" not in one.co_qualname]
    times = Counter(one.co_qualname for one in named)
    return ((one.co_qualname, one) for one in named if times[one.co_qualname] == 1)


def _defined(code: CodeType) -> Iterator[CodeType]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from [one] if _is_function(one) else _defined(one)


def _is_function(code: CodeType) -> bool:
    return bool(code.co_flags & 0x0002)  # CO_NEWLOCALS, which bodies of classes and modules have not


def _frame(code: CodeType) -> object:
    """All that a module does when it is imported, without the insides of the functions that can be found in it."""
    inside = {id(one) for _, one in _functions(code)}

    def content(one: object) -> object:
        if isinstance(one, CodeType):
            return one.co_qualname if id(one) in inside else (one.co_code, one.co_names, [*map(content, one.co_consts)])
        return (type(one), repr(one))

    return content(code)


def _body(code: CodeType) -> set[int]:
    """The lines of a function, without those of its head, which run where it is defined."""
    first = code.co_firstlineno
    own = {line for start, _, line in code.co_lines() if line is not None and line > first and start > 0}
    return own.union(*(_body(one) for one in code.co_consts if isinstance(one, CodeType)))


def _content(code: object) -> object:
    """Code without its lines."""
    if not isinstance(code, CodeType):
        return (type(code), repr(code))
    return (code.co_code, code.co_names, code.co_varnames, [*map(_content, code.co_consts)])


def _function(module: ModuleType, name: str) -> FunctionType:
    found: object = module
    for part in name.split("."):
        found = vars(found).get(part)
    found = getattr(found, "fget", None) or getattr(found, "__func__", found)
    found = inspect.unwrap(found) if callable(found) else found
    if not isinstance(found, FunctionType) or found.__code__.co_qualname != name:
        raise Unreachable
    return found
