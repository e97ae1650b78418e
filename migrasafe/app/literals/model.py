"""What a language says about its string literals, and what a literal is once it is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from migrasafe.app.source.placed_text import PlacedText
from migrasafe.sql.statements import Span


class StringRead(NamedTuple):
    """One string literal: what it says, with a HOLE for each expression in it, and the spans of these expressions."""

    end: int
    text: PlacedText
    expressions: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """How strings and comments are written. `token` finds the next one of either; `read` reads it from its match, given
    the text and where to stop, and says where it ends if it is a comment or only looks like a string."""

    name: str
    token: re.Pattern[str]
    read: Callable[[str, re.Match[str], int], StringRead | int]
    plus: str | None = "+"
    """The operator that joins strings."""
    adjacent: re.Pattern[str] | None = None
    """What may stand between two strings that are one because they stand side by side."""
    appends: re.Pattern[str] | None = None
    """The code between two strings of which the second is appended to the first: `name` is the variable that it is
    appended to, `hole` an expression that is appended between them; either can be missing."""
    sections: Callable[[str], tuple[Span, ...]] | None = None
    """Where code stands in a file that holds other text as well."""


PLUS_EQUALS = re.compile(r"\s*;?\s*(?P<name>[\w.$]+)\s*\+=\s*")
"""`sql += "…"` in the statement after `sql = "…"`."""


class Literal(NamedTuple):
    """A string expression of a source: literals, joined as the program joins them."""

    text: PlacedText
    start: int
    end: int
    expressions: tuple[str, ...]
    """The code of each HOLE of the text, in order."""
