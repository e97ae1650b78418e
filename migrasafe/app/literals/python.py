"""String literals of Python, f-strings included, of every version: the grammar of the app may be newer than ours."""

from __future__ import annotations

import re

from migrasafe.app.literals.escapes import add_escaped
from migrasafe.app.literals.holes import end_of_braces
from migrasafe.app.literals.model import PLUS_EQUALS, Language, StringRead
from migrasafe.app.source.placed_text import HOLE, PlacedTextBuilder, whole
from migrasafe.sql.statements import Span

_TOKEN = re.compile(r"""(?P<COMMENT>\#[^\n]*)|(?P<prefix>\b[rRbBuUfFtT]{1,3})?(?P<quote>'''|\"""|'|")""")
_ENDS = {
    quote: re.compile(
        rf"(?:\\.|(?!{quote}).)*?{quote}" if len(quote) == 3 else rf"(?:\\.|[^\\\n{quote}])*{quote}", re.DOTALL
    )
    for quote in ("'''", '"""', "'", '"')
}
_FORMATTED_PART = re.compile(r"\{\{|\}\}|\{|\\.", re.DOTALL)


def _read(text: str, match: re.Match[str], stop: int) -> StringRead | int:
    if match.lastgroup == "COMMENT":
        return match.end()
    prefix = (match["prefix"] or "").lower()
    quote, start = match["quote"], match.end()
    raw = "r" in prefix
    if "f" in prefix or "t" in prefix:
        return _read_formatted(text, start, stop, quote, raw=raw)
    end = _ENDS[quote].match(text, start, stop)
    if end is None:
        return match.end()
    content_end = end.end() - len(quote)
    if raw:
        return StringRead(end.end(), whole(text[start:content_end], start))
    builder = PlacedTextBuilder()
    add_escaped(builder, text, start, content_end)
    return StringRead(end.end(), builder.built(start))


def _read_formatted(text: str, start: int, stop: int, quote: str, *, raw: bool) -> StringRead | int:
    builder, place = PlacedTextBuilder(), start
    expressions: list[Span] = []

    def add(begin: int, end: int) -> None:
        if raw:
            builder.add(text[begin:end], begin)
        else:
            add_escaped(builder, text, begin, end)

    while True:
        closing = text.find(quote, place, stop)
        part = _FORMATTED_PART.search(text, place, stop if closing < 0 else closing)
        if part is None:
            if closing < 0 or (len(quote) == 1 and "\n" in text[place:closing]):
                return start
            add(place, closing)
            return StringRead(closing + len(quote), builder.built(start), tuple(expressions))
        found = part.group()
        if found in ("{{", "}}"):
            add(place, part.start() + 1)
            place = part.end()
        elif found == "{":
            add(place, part.start())
            after = _end_of_field(text, part.end(), stop, quote)
            builder.add(HOLE, part.start(), 0)
            expressions.append(Span(part.end(), after - 1))
            place = after
        else:
            add(place, part.end())
            place = part.end()


def _end_of_field(text: str, place: int, stop: int, quote: str) -> int:
    """The offset after the `}` of a replacement field. Before 3.12 its expression cannot hold the quote of the string,
    from then on it can: what ends first with a brace is right in both."""
    closing = text.find(quote, place, stop)
    simple = text.find("}", place, stop if closing < 0 else closing)
    if simple >= 0 and "{" not in text[place:simple] and not any(mark in text[place:simple] for mark in "'\"`"):
        return simple + 1
    return end_of_braces(text, place, stop)


PYTHON = Language(name="Python", token=_TOKEN, read=_read, adjacent=re.compile(r"[\s\\]*"), appends=PLUS_EQUALS)
