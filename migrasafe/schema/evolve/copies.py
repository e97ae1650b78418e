"""Changed copies of frozen values: dataclasses.replace, at less than half its cost.

A table has two dozen fields and nearly every statement changes one of them: this is where evolving spends its time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from dataclasses import replace as replace  # so that the fields and their types are checked
else:
    from collections.abc import Callable
    from functools import cache
    from operator import attrgetter

    T = TypeVar("T")

    class _Layout(NamedTuple):
        values: Callable[[Any], tuple[Any, ...]]
        setters: tuple[Callable[[Any, Any], None], ...]
        by_name: dict[str, Callable[[Any, Any], None]]

    @cache
    def _layout(kind: type) -> _Layout:
        # The descriptors of __slots__ write past the frozen __setattr__: fine for a value that nobody else has yet.
        # Fields that a class inherits are in the __slots__ of its bases.
        names = kind.__dataclass_fields__
        by_name = {name: getattr(kind, name).__set__ for name in names}
        return _Layout(attrgetter(*names), tuple(by_name.values()), by_name)

    def replace(value: T, /, **changes: object) -> T:
        """A copy of a frozen slotted value with some of its fields changed."""
        kind = type(value)
        values, setters, by_name = _layout(kind)
        copy = object.__new__(kind)
        for setter, field in zip(setters, values(value), strict=True):
            setter(copy, field)
        for name, field in changes.items():
            by_name[name](copy, field)
        return copy
