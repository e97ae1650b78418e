"""PostgreSQL's tokens, as scan.l and psqlscan.l see them, with character offsets.

We need our own because files hold more than SQL (psql meta-commands, COPY data), because one bad statement must not hide
the others, and because comments carry our suppressions. https://www.postgresql.org/docs/current/sql-syntax-lexical.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import NamedTuple

from migrasafe.regex import regex


class Kind(Enum):
    WORD = "word"
    QUOTED = "quoted identifier"
    STRING = "string"
    DOLLAR = "dollar-quoted string"
    NUMBER = "number"
    PARAMETER = "parameter"
    OPERATOR = "operator"
    SEMICOLON = ";"
    OPEN = "("
    CLOSE = ")"
    COMMA = ","
    PUNCTUATION = "punctuation"
    COMMENT = "comment"
    VARIABLE = "psql variable"
    BACKSLASH = "backslash"
    UNTERMINATED = "unterminated"


class Token(NamedTuple):
    kind: Kind
    start: int
    end: int


_WORD_START = r"[^\x00-@\[-^`{-\x7f]"


@cache
def _token() -> re.Pattern[str]:
    # Compiled when it is first needed: most runs only cut statements apart, which split.py does without it.
    return re.compile(
        rf"""
    (?P<SPACE>\s+)
  | (?P<COMMENT>--[^\n\r]*)
  | (?P<BLOCK>/\*)
  | (?P<ESCAPED>[eE]'(?:[^'\\]|\\.|'')*+(?P<escaped_end>')?)
  | (?P<STRING>(?:[bBxXnN]|[uU]&)?'(?:[^']|'')*+(?P<string_end>')?)
  | (?P<QUOTED>(?:[uU]&)?"(?:[^"]|"")*+(?P<quoted_end>")?)
  | (?P<WORD>{_WORD_START}[\w$]*)
  | (?P<DOLLAR>\$(?P<tag>(?:{_WORD_START}\w*)?)\$)
  | (?P<PARAMETER>\$\d+)
  | (?P<NUMBER>(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?))
  | (?P<SEMICOLON>;)
  | (?P<OPEN>\()
  | (?P<CLOSE>\))
  | (?P<COMMA>,)
  | (?P<VARIABLE>(?<![:\w\])]):(?:{_WORD_START}\w*|'{_WORD_START}\w*'|"{_WORD_START}\w*"))
  | (?P<COLONS>::|:=|\.\.)
  | (?P<BACKSLASH>\\)
  | (?P<OPERATOR>[-+*/<>=~!@\#%^&|`?]+)
  | (?P<PUNCTUATION>.)
    """,
        re.VERBOSE | re.DOTALL,
    )


_COMMENT_EDGE = regex(r"/\*|\*/")
# Inside an operator, `--` and `/*` begin a comment all the same.
_COMMENT_IN_OPERATOR = regex(r"--|/\*")

_SIMPLE = {
    "WORD": Kind.WORD,
    "NUMBER": Kind.NUMBER,
    "PARAMETER": Kind.PARAMETER,
    "SEMICOLON": Kind.SEMICOLON,
    "OPEN": Kind.OPEN,
    "CLOSE": Kind.CLOSE,
    "COMMA": Kind.COMMA,
    "COMMENT": Kind.COMMENT,
    "VARIABLE": Kind.VARIABLE,
    "BACKSLASH": Kind.BACKSLASH,
    "COLONS": Kind.OPERATOR,
    "PUNCTUATION": Kind.PUNCTUATION,
}
_QUOTES = {
    "ESCAPED": (Kind.STRING, "escaped_end"),
    "STRING": (Kind.STRING, "string_end"),
    "QUOTED": (Kind.QUOTED, "quoted_end"),
}


def tokens(text: str, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """The tokens of text[start:end], white space left out. A string, comment or quoted name without an end comes as one
    last UNTERMINATED token."""
    stop = len(text) if end is None else end
    place = start
    match_at = _token().match
    while place < stop:
        match = match_at(text, place, stop)
        if match is None:  # cannot happen: PUNCTUATION takes any character
            return
        name = match.lastgroup or ""
        after = match.end()
        if name == "SPACE":
            place = after
            continue
        simple = _SIMPLE.get(name)
        if simple is not None:
            yield Token(simple, place, after)
        elif name in _QUOTES:
            kind, closing_quote = _QUOTES[name]
            if match.group(closing_quote) is None:
                yield Token(Kind.UNTERMINATED, place, stop)
                return
            yield Token(kind, place, after)
        elif name == "OPERATOR":
            comment = _COMMENT_IN_OPERATOR.search(text, place + 1, after)
            after = comment.start() if comment else after
            yield Token(Kind.OPERATOR, place, after)
        elif name == "BLOCK":
            closed = end_of_comment(text, place, stop)
            if closed is None:
                yield Token(Kind.UNTERMINATED, place, stop)
                return
            after = closed
            yield Token(Kind.COMMENT, place, after)
        else:  # DOLLAR
            closing = text.find(match.group("DOLLAR"), after, stop)
            if closing < 0:
                yield Token(Kind.UNTERMINATED, place, stop)
                return
            after = closing + len(match.group("DOLLAR"))
            yield Token(Kind.DOLLAR, place, after)
        place = after


def end_of_comment(text: str, start: int, stop: int) -> int | None:
    """The end of the block comment that begins at `start`; they nest. None where it has no end."""
    depth = 0
    for edge in _COMMENT_EDGE.finditer(text, start, stop):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    return None
