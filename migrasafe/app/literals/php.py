"""String literals of PHP: quotes and heredocs, with their interpolations, inside of `<?php … ?>`."""

from __future__ import annotations

import re

from migrasafe.app.literals.escapes import add_escaped
from migrasafe.app.literals.holes import end_of_braces
from migrasafe.app.literals.model import Language, StringRead
from migrasafe.app.source.placed_text import HOLE, PlacedTextBuilder
from migrasafe.sql.statements import Span

_CODE = re.compile(r"<\?(?:php\b|=)(.*?)(?:\?>|\Z)", re.DOTALL)
_TOKEN = re.compile(
    r"""(?P<COMMENT>//[^\n]*|\#(?!\[)[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?)"""
    r"""|(?P<heredoc><<<[ \t]*(?P<tag_quote>['"]?)(?P<tag>[A-Za-z_]\w*)(?P=tag_quote)\r?\n)|["']"""
)
_STRINGS = {
    "'": re.compile(r"'((?:[^'\\]|\\.)*+)'", re.DOTALL),
    '"': re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL),
}
_PART = re.compile(r"\\.|\{\$|\$\{|\$[A-Za-z_]\w*(?:->\w+|\[[^\]\n]*\])?", re.DOTALL)
_APPENDS = re.compile(r"\s*;\s*(?P<name>\$[\w>-]+)\s*\.=\s*")


def _sections(text: str) -> tuple[Span, ...]:
    return tuple(Span(*match.span(1)) for match in _CODE.finditer(text))


def _read(text: str, match: re.Match[str], stop: int) -> StringRead | int:
    if match.lastgroup == "COMMENT":
        return match.end()
    if match["heredoc"]:
        end = re.compile(rf"^[ \t]*{match['tag']}\b", re.MULTILINE).search(text, match.end(), stop)
        if end is None:
            return match.end()
        return _content(text, match.end(), end.start(), end.end(), interpolated=match["tag_quote"] != "'")
    literal = _STRINGS[match.group()].match(text, match.start(), stop)
    if literal is None:
        return match.end()
    return _content(text, *literal.span(1), literal.end(), interpolated=match.group() == '"')


def _content(text: str, start: int, end: int, after: int, *, interpolated: bool) -> StringRead:
    builder, expressions, place = PlacedTextBuilder(), [], start
    while interpolated and (part := _PART.search(text, place, end)):
        if part.group().startswith("\\"):
            add_escaped(builder, text, place, part.end())
            place = part.end()
            continue
        add_escaped(builder, text, place, part.start())
        braces = part.group() in ("{$", "${")
        place = end_of_braces(text, part.end(), end) if braces else part.end()
        builder.add(HOLE, part.start(), 0)
        expressions.append(Span(part.start() + 1, place - 1) if braces else Span(part.start(), place))
    add_escaped(builder, text, place, end)
    return StringRead(after, builder.built(start), tuple(expressions))


PHP = Language(name="PHP", token=_TOKEN, read=_read, plus=".", sections=_sections, appends=_APPENDS)
