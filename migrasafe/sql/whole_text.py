"""A short text parsed at one go: for most migrations that says where each statement stands as well, and nothing is cut first.

Only where the parser and psql cannot be of two minds: another text is for split.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from migrasafe.sql.libpg_query import MOST_AT_ONCE, ParserError, TooDeepError, parse
from migrasafe.sql.script import Comment
from migrasafe.sql.statements import Span

Parsed: TypeAlias = tuple[list[tuple[Mapping[str, Any], Span]], list[Comment]]

_COMMENT = re.compile(r"--[^\n\r]*|/\*")


def parse_whole(text: str) -> Parsed | None:
    """The parse tree and the place of each statement, and the comments between them. None for a text that has to be cut
    first: a bad statement would hide the others, psql may read a backslash, a comment may stand inside a statement."""
    if len(text) > MOST_AT_ONCE or "\\" in text or not text.isascii():
        return None
    try:
        trees = parse(text)
    except (ParserError, TooDeepError, ValueError):
        return None
    statements = []
    for tree in trees:
        start = tree.get("stmt_location", 0)
        length = tree.get("stmt_len")
        sql = text[start:] if length is None else text[start : start + length]
        statements.append((tree, Span(start, start + len(sql.rstrip()))))
    if "--" not in text and "/*" not in text:
        return statements, []
    comments = _between(text, [span for _, span in statements])
    return None if comments is None else (statements, comments)


def _between(text: str, statements: list[Span]) -> list[Comment] | None:
    """The comments of a text, None if there are some in a statement, or such as can hold others."""
    comments = []
    place = 0
    for span in (*statements, Span(len(text), len(text))):
        for found in _COMMENT.finditer(text, place, span.start):
            if found[0] == "/*":
                return None
            comments.append(Comment(span=Span(*found.span()), text=found[0][2:].strip()))
        place = span.end
        if _COMMENT.search(text, span.start, place) is not None:
            return None
    return comments
