"""String literals of Ruby: quotes, percent literals and heredocs, with their interpolations."""

from __future__ import annotations

import re

from migrasafe.app.literals.escapes import add_escaped
from migrasafe.app.literals.holes import end_of_braces
from migrasafe.app.literals.model import Language, StringRead
from migrasafe.app.source.placed_text import HOLE, PlacedTextBuilder
from migrasafe.sql.statements import Span

_TOKEN = re.compile(
    r"""(?P<COMMENT>\#[^\n]*|^=begin\b.*?^=end\b[^\n]*)"""
    r"""|(?P<REGEX>(?<=[=(,~|&!{\s])/(?![/\s=])(?:[^/\\\n]|\\.)+/[a-z]*)"""
    r"""|(?P<heredoc><<[~-]?(?P<tag_quote>['"`]?)(?P<tag>[A-Z_][A-Za-z0-9_]*)(?P=tag_quote))"""
    r"""|(?P<percent>%(?P<percent_kind>[qQ]?)(?P<opening>[(\[{<|!]))(?<![\w)\]]%[(\[{<|!])"""
    r"""|["'`]""",
    re.DOTALL | re.MULTILINE,
)
_CLOSINGS = {"(": ")", "[": "]", "{": "}", "<": ">"}
_PART = re.compile(r"\\.|#\{", re.DOTALL)
_APPENDS = re.compile(r"\s*;?\s*(?P<name>[@\w.]+)\s*(?:<<|\+=)\s*")


def _read(text: str, match: re.Match[str], stop: int) -> StringRead | int:
    if match.lastgroup in ("COMMENT", "REGEX"):
        return match.end()
    if match["heredoc"]:
        return _read_heredoc(text, match, stop)
    if match["percent"]:
        opening = match["opening"]
        return _read_until(text, match.end(), stop, opening, interpolated=match["percent_kind"] != "q")
    return _read_until(text, match.end(), stop, match.group(), interpolated=match.group() != "'")


def _read_heredoc(text: str, match: re.Match[str], stop: int) -> StringRead | int:
    """The lines after this one, up to the tag. The code goes on behind the tag's line: what else the first line says is
    not looked at."""
    first = text.find("\n", match.end(), stop) + 1
    end = re.compile(rf"^[ \t]*{match['tag']}\b", re.MULTILINE).search(text, first, stop) if first else None
    if end is None:
        return match.end()
    builder, expressions = PlacedTextBuilder(), []
    if match["tag_quote"] == "'":
        builder.add(text[first : end.start()], first)
    else:
        expressions = _add_interpolated(builder, text, first, end.start())
    return StringRead(end.end(), builder.built(first), tuple(expressions))


def _read_until(text: str, start: int, stop: int, opening: str, *, interpolated: bool) -> StringRead | int:
    closing = _CLOSINGS.get(opening, opening)
    marks = re.compile(rf"\\.|#\{{|{re.escape(opening)}|{re.escape(closing)}", re.DOTALL)
    depth, place = 1, start
    while mark := marks.search(text, place, stop):
        found, place = mark.group(), mark.end()
        if found == "#{" and interpolated:
            place = end_of_braces(text, place, stop)
        elif found == closing:
            depth -= 1
            if depth == 0:
                builder, expressions = PlacedTextBuilder(), []
                if interpolated:
                    expressions = _add_interpolated(builder, text, start, mark.start())
                else:
                    add_escaped(builder, text, start, mark.start())
                return StringRead(place, builder.built(start), tuple(expressions))
        elif found == opening:
            depth += 1
    return start


def _add_interpolated(builder: PlacedTextBuilder, text: str, place: int, end: int) -> list[Span]:
    expressions = []
    while part := _PART.search(text, place, end):
        if part.group() == "#{":
            add_escaped(builder, text, place, part.start())
            after = end_of_braces(text, part.end(), end)
            builder.add(HOLE, part.start(), 0)
            expressions.append(Span(part.end(), after - 1))
            place = after
        else:
            add_escaped(builder, text, place, part.end())
            place = part.end()
    add_escaped(builder, text, place, end)
    return expressions


RUBY = Language(name="Ruby", token=_TOKEN, read=_read, adjacent=re.compile(r"[ \t]*(?:\\\r?\n\s*)?"), appends=_APPENDS)
