"""What a module that is not installed is made of: names that can be called, subclassed, used as decorators and types.

A stub is a SQLAlchemy type, so that a column of it renders with a type that does not exist instead of failing. What is
asked of it, and would decide what a revision does, is told to `Watch`.
"""

from __future__ import annotations

import ast
import datetime
import linecache
import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from types import FrameType, FunctionType, ModuleType
from typing import Any, TypeAlias

from alembic import op
from alembic.operations.base import AbstractOperations
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session
from sqlalchemy.types import UserDefinedType

from migrasafe.migrations.alembic.protocol import NoticeKind
from migrasafe.migrations.alembic.runner.recorder import quoted_type

Watch: TypeAlias = Callable[[NoticeKind, str], None]

PLACEHOLDER = "stub_of_"
"""How the text of a stub begins: SQL that holds it is not what the revision would send."""

_DECORATED = (FunctionType, type, classmethod, staticmethod, property)
_PROXIES = ("Proxy", "LocalProxy", "SimpleLazyObject")

_LIKELY_VALUES: dict[str, Any] = {
    "getint": 1000,
    "getfloat": 1000.0,
    "getboolean": False,
    **dict.fromkeys(("now", "utcnow", "today"), datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)),
}

_OUR_FOLDER = __file__.rpartition("stubs.py")[0]
_LIBRARIES = ("/sqlalchemy/", "/alembic/", "<frozen")


def is_stub(value: object) -> bool:
    """Whether a value stands for something that is not installed."""
    return type(value) is Stub


def likely_value(stub: Stub) -> Any:
    """What is sent for a stub that is bound as a parameter: the statement is the same whatever it is."""
    stub.stub_watch("value", stub.stub_name)
    name = stub.stub_name.removesuffix("()").rpartition(".")[2]
    return _LIKELY_VALUES.get(name, placeholder_of(stub.stub_name))


def placeholder_of(name: str) -> str:
    """A name that can stand where an SQL identifier can."""
    return PLACEHOLDER + re.sub(r"\W+", "_", name).strip("_")


class Stub(UserDefinedType[Any]):
    """Anything, by its dotted name."""

    cache_ok = True

    def __init__(self, name: str, watch: Watch) -> None:
        self.stub_name = name
        self.stub_watch = watch

    def __getattr__(self, name: str) -> Stub:
        # What starts with an underscore is how libraries ask what a thing is: a stub is nothing else.
        if name.startswith("_") or name in ("stub_name", "stub_watch", "dispatch"):
            raise AttributeError(name)
        made = self.__dict__[name] = self._derived(f".{name}")
        return made

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        if len(arguments) == 1 and not named and isinstance(arguments[0], _DECORATED):
            # A proxy is given the function that makes the real thing; all others decorate it.
            given: Any = arguments[0]
            return given() if self.stub_name.rpartition(".")[2] in _PROXIES else given
        for name in ("fallback", "default"):
            # A setting, which says itself what it is where nobody sets it.
            if name in named and isinstance(named[name], int | str | float | None):
                return named[name]
        if _is_for_its_effect(sys._getframe(1)) or any(_can_send(one) for one in (*arguments, *named.values())):
            self.stub_watch("call", self.stub_name)
        return self._derived("" if self.stub_name.endswith(")") else "()")

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        first = next(base for base in bases if is_stub(base))
        return (StubBase,) if first is self else ()

    def __instancecheck__(self, instance: object) -> bool:
        return False

    def __subclasscheck__(self, subclass: type) -> bool:
        return False

    # --- as a column type ---

    def get_col_spec(self, **_: Any) -> str:
        """A type of its name, which PostgreSQL does not have."""
        shown = self.stub_name.removesuffix("()")
        self.stub_watch("type", shown)
        return quoted_type(shown)

    def copy(self, **_: Any) -> Stub:
        """Itself."""
        return self

    def adapt(self, cls: Any, **_: Any) -> Any:
        """Another one like it: SQLAlchemy insists."""
        return self._derived("")

    # --- as a value ---

    def __str__(self) -> str:
        self.stub_watch("placeholder", self.stub_name)
        return placeholder_of(self.stub_name)

    __repr__ = __str__

    def __format__(self, _: str) -> str:
        return str(self)

    def __bool__(self) -> bool:
        if _caller_is_theirs():
            self.stub_watch("decision", self.stub_name)
        return True

    def __iter__(self) -> Iterator[Any]:
        self.stub_watch("decision", self.stub_name)
        return iter(())

    def __contains__(self, _: object) -> bool:
        self.stub_watch("decision", self.stub_name)
        return False

    def __len__(self) -> int:
        self.stub_watch("decision", self.stub_name)
        return 0

    def __index__(self) -> int:
        self.stub_watch("placeholder", self.stub_name)
        return 1

    def __getitem__(self, key: Any) -> Stub:
        return self._derived(f"[{key!r}]" if isinstance(key, str | int) else "[…]")

    def __enter__(self) -> Stub:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def _same(self, *_: Any) -> Stub:
        return self

    def _compared(self, _: Any) -> bool:
        self.stub_watch("decision", self.stub_name)
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _compared

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __floordiv__ = __mod__ = _same
    __or__ = __ror__ = __and__ = __rand__ = __neg__ = _same

    def _derived(self, more: str) -> Stub:
        return Stub(self.stub_name + more, self.stub_watch)


class StubBase(UserDefinedType[Any]):
    """What a class with a stub for a base has for a base."""

    cache_ok = True

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take anything."""

    def __init_subclass__(cls, **_: Any) -> None:
        """Take any class arguments: `class Order(SQLModel, table=True)`."""
        super().__init_subclass__()

    def __class_getitem__(cls, _: Any) -> type:
        return cls

    def get_col_spec(self, **_: Any) -> str:
        """A type of its name, which PostgreSQL does not have."""
        return f'"{type(self).__name__}"'


class StubModule(ModuleType):
    """A module that has every name; those that it was given for real are real."""

    __path__: Any = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        watch = self.__dict__.get("__migrasafe_watch__")
        if watch is None:
            raise AttributeError(name)
        made = Stub(f"{self.__name__}.{name}", watch)
        setattr(self, name, made)
        return made

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """As a stub of its name: `from package import name` looks for a module where a package has no such name."""
        return Stub(self.__name__, self.__dict__["__migrasafe_watch__"])(*arguments, **named)


def _caller_is_theirs() -> bool:
    """Whether the code that asks is the revision's or the app's, and not a library's that looks what a value is."""
    frame: FrameType | None = sys._getframe(2)
    if frame is None:
        return False
    file = frame.f_code.co_filename.replace("\\", "/")
    return not any(part in file for part in _LIBRARIES) and not file.startswith(_OUR_FOLDER)


def _can_send(value: object) -> bool:
    """Whether a value lets who gets it change the database: `op`, a connection, a session."""
    return value is op or isinstance(value, AbstractOperations | Connection | Session | MigrationContext)


def _is_for_its_effect(frame: FrameType) -> bool:
    """Whether a frame runs a statement that calls something and does nothing with the result."""
    position = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), None)
    return position in _calls_for_effect(frame.f_code.co_filename)


@cache
def _calls_for_effect(file: str) -> frozenset[tuple[int | None, ...]]:
    """Where in a file statements are a call, or `with` a call: first and last line, first and last column."""
    try:
        module = ast.parse("".join(linecache.getlines(file)))
    except (SyntaxError, ValueError):
        return frozenset()
    calls: list[ast.expr] = []
    for node in ast.walk(module):
        match node:
            case ast.Expr(value=ast.Call() as call):
                calls.append(call)
            case ast.With(items=items):
                calls.extend(item.context_expr for item in items)
    return frozenset((call.lineno, call.end_lineno, call.col_offset, call.end_col_offset) for call in calls)
