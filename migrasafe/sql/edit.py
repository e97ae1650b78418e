"""Changes to SQL text that keep the author's formatting: by tokens, at exact offsets."""

from __future__ import annotations

from functools import lru_cache

from migrasafe.sql.lexer import Kind, Token, tokens
from migrasafe.sql.statements import Span


@lru_cache(maxsize=16)
def action_spans(text: str, span: Span) -> tuple[Span, ...]:
    """The span of each action of an ALTER TABLE, in order: what stands between the commas outside parentheses.

    The first begins after the table's name. Empty when the statement is not an ALTER with actions. Of a statement with hundreds
    of actions many rules ask, and about each of them.
    """
    found = [token for token in tokens(text, span.start, span.end) if token.kind is not Kind.COMMENT]
    first = _first_action(text, found)
    if first is None:
        return ()
    spans: list[Span] = []
    depth, start = 0, found[first].start
    end = start
    for token in found[first:]:
        if token.kind is Kind.OPEN or _is(text, token, "["):
            depth += 1
        elif token.kind is Kind.CLOSE or _is(text, token, "]"):
            depth -= 1
        if token.kind is Kind.COMMA and depth == 0:
            spans.append(Span(start, end))
            start = -1
            continue
        if start < 0:
            start = token.start
        end = token.end
    spans.append(Span(start, end))
    return tuple(spans)


def with_action(text: str, span: Span, spans: tuple[Span, ...], place: int, written: str | None) -> str:
    """The ALTER TABLE with another text for one of its actions, or without it and its comma (never the only one)."""
    start, end = spans[place]
    if written is None:
        # with the comma before it, or for the first the one behind it
        start, end = (spans[place - 1].end, end) if place > 0 else (start, spans[place + 1].start)
    return f"{text[span.start : start]}{written or ''}{text[end : span.end]}"


def _is(text: str, token: Token, shown: str) -> bool:
    return text[token.start : token.end].lower() == shown


def _first_action(text: str, found: list[Token]) -> int | None:
    """The index of the first token after `ALTER TABLE [IF EXISTS] [ONLY] name [*]`."""
    words = [text[token.start : token.end].lower() if token.kind is Kind.WORD else "" for token in found]
    if not words or words[0] != "alter":
        return None
    place = 1
    while place < len(words) and words[place] in (
        "table",
        "view",
        "index",
        "sequence",
        "materialized",
        "foreign",
        "type",
    ):
        place += 1
    if words[place : place + 2] == ["if", "exists"]:
        place += 2
    if place < len(words) and words[place] == "only":
        place += 1
    place += 1
    while place + 1 < len(found) and _is(text, found[place], "."):
        place += 2
    if place < len(found) and _is(text, found[place], "*"):
        place += 1
    return place if place < len(found) else None


def insert_after(text: str, span: Span, keyword: str, addition: str, shown: str | None = None) -> str | None:
    """The statement with `addition` put in after the first `keyword`: INDEX → INDEX CONCURRENTLY. None without it.
    `shown` is the text to take it from, where that has placeholders in the place of what `text` says."""
    for token in tokens(text, span.start, span.end):
        if token.kind is Kind.WORD and _is(text, token, keyword.lower()):
            word = addition if text[token.start].isupper() else addition.lower()
            shown = shown or text
            return f"{shown[span.start : token.end]} {word}{shown[token.end : span.end]}"
    return None


def append(text: str, span: Span, addition: str) -> str:
    """The stretch with `addition` behind it, lower case if the author writes so."""
    stretch = text[span.start : span.end]
    lower = stretch.isascii() and stretch == stretch.lower()
    return f"{stretch} {addition.lower() if lower else addition}"


def without_word(text: str, span: Span, keyword: str) -> str | None:
    """The statement without the first `keyword` and the space behind it: SET LOCAL → SET. None without it."""
    for token in tokens(text, span.start, span.end):
        if token.kind is Kind.WORD and _is(text, token, keyword.lower()):
            return text[span.start : token.start] + text[token.end : span.end].lstrip()
    return None
