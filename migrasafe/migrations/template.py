"""Placeholders of templates, replaced by SQL of the same length, so that every position stays that of the file.

The same expression gets the same name everywhere. Outside quotes spaces fill the rest; a quoted name or string is written
shorter and filled after its closing quote; where letters follow at once, underscores fill.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from migrasafe.migrations.model import Notice
from migrasafe.sql.source import Source


class Masked(Struct, frozen=True, kw_only=True):
    """A source whose placeholders are replaced, and what was assumed."""

    source: Source
    notices: tuple[Notice, ...] = ()


Name = Callable[[str], str | None]
"""From a placeholder as written to what stands for it, None where nothing can."""

_PIECES = (
    r"(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<string>'(?:{placeholder}|''|[^'])*+')"
    r"|(?P<quoted>\"(?:{placeholder}|\"\"|[^\"])*+\")|(?P<bare>{placeholder})"
)
_WORD = re.compile(r"\w")


def mask(source: Source, placeholder: str, name: Name, tool: str) -> Masked:
    """The source with everything that the regular expression `placeholder` finds replaced by what `name` says.

    `placeholder` holds no groups. What has no name is blanked, and a blocking notice says where it stands.
    """
    pattern = re.compile(placeholder, re.DOTALL)
    if not pattern.search(source.text):
        return Masked(source=source)
    pieces = re.compile(_PIECES.format(placeholder=f"(?:{placeholder})"), re.DOTALL)
    assumed: dict[str, tuple[int, str]] = {}
    unknown: list[Notice] = []

    def stand_in(found: re.Match[str], offset: int) -> str:
        shown = " ".join(found.group().split())
        line = source.position(offset + found.start())[0]
        short = name(found.group())
        if short is None:
            message = f"{shown}: migrasafe does not know what {tool} puts here, so what depends on it was not checked"
            unknown.append(Notice(path=source.path, line=line, message=message, blocking=True))
            return ""
        assumed.setdefault(shown, (line, short))
        return short[: len(found.group())]

    def replaced(match: re.Match[str]) -> str:
        text = match.group()
        if match.lastgroup == "comment":
            return text
        if match.lastgroup == "bare":
            short = stand_in(match, 0)
            follows = source.text[match.end() : match.end() + 1]
            fill = "_" if short and _WORD.match(follows) else " "
            return short + _fill(text[len(short) :], fill)
        shorter = pattern.sub(lambda found: stand_in(found, match.start()), text)
        lost = text.count("\n") - shorter.count("\n")
        return shorter + " " * (len(text) - len(shorter) - lost) + "\n" * lost

    masked = pieces.sub(replaced, source.text)
    told = [
        Notice(
            path=source.path, line=line, message=f"{shown} is filled in by {tool}: read as {short.strip() or 'nothing'}"
        )
        for shown, (line, short) in assumed.items()
    ]
    return Masked(source=source.filled(masked), notices=(*told, *unknown))


def _fill(text: str, fill: str) -> str:
    """As long as `text`, with its line breaks where they were."""
    return "".join(character if character == "\n" else fill for character in text)
