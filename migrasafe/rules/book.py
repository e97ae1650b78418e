"""All rules of a run: ours, and those that a project has written for itself, each with its page."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from migrasafe.rules.context import Rule
from migrasafe.rules.registry import RULES

ABOUT_COMMENTS = ("bad-allow", "unused-allow")
"""Rules about suppressions themselves: they have a page, and no check of statements."""


class Book(Struct, frozen=True, kw_only=True):
    rules: tuple[Rule, ...] = RULES
    own_pages: Mapping[str, str] = {}
    """The files with the pages of the project's own rules, by id."""

    @property
    def known(self) -> frozenset[str]:
        """The ids that can be selected, ignored and allowed."""
        return frozenset((*(rule.id for rule in self.rules), *ABOUT_COMMENTS))
