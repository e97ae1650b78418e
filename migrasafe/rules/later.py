"""A check whose module is imported when a statement comes by that its rule looks at: most runs need few of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module

from msgspec import Struct

from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step


class Later(Struct, frozen=True):
    """Stands for the check of a rule of ours."""

    module: str
    """In this package, with a RULE."""

    def check(self) -> Callable[[Step], Iterable[Finding]]:
        """The check itself. Imports its module."""
        rule: Rule = import_module(f"migrasafe.rules.{self.module}").RULE
        return rule.check

    def __call__(self, step: Step) -> Iterable[Finding]:
        return self.check()(step)


def check_of(rule: Rule) -> Callable[[Step], Iterable[Finding]]:
    """What to call for a rule, again and again."""
    return rule.check.check() if isinstance(rule.check, Later) else rule.check
