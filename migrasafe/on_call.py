"""Modules that are imported when one of their functions is first called.

A migration holds a few kinds of statements, and what reads, predicts and carries out the others need not be imported for it.
Checkers of types see the modules themselves, imported under TYPE_CHECKING; a run sees these in their place.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


class OnCall:
    """In the place of a module, whose functions may be named before it is there."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, function: str) -> Callable[..., Any]:
        found: Callable[..., Any] | None = None

        def called(*given: Any) -> Any:
            nonlocal found
            if found is None:
                found = getattr(import_module(self._module), function)
            return found(*given)

        setattr(self, function, called)  # who names it inside a function asks each time
        return called


def on_call(package: str, *modules: str) -> tuple[OnCall, ...]:
    """These modules of a package."""
    return tuple(OnCall(f"{package}.{module}") for module in modules)
