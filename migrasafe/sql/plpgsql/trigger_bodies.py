"""What the plpgsql body of a trigger function does with NEW: which columns it sets, and what from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from migrasafe.regex import regex
from migrasafe.sql.expressions import walk
from migrasafe.sql.libpg_query import ParserError, TooDeepError, parse, parse_plpgsql
from migrasafe.sql.quote import quote_literal

_ASSIGNMENT = regex(r'\s*new\s*\.\s*(?P<column>"(?:[^"]|"")+"|\w+)\s*:?=(?P<value>.*)', re.IGNORECASE | re.DOTALL)


class Assignment(Struct, frozen=True, kw_only=True):
    """`NEW.column := …`."""

    column: str
    reads: frozenset[str]
    """The columns of NEW in the value."""
    from_old: bool = False
    """The value reads OLD too."""
    always: bool = True
    """No branch or loop decides whether it runs."""


def assignments_to_new(source_text: str) -> tuple[Assignment, ...]:
    """Every assignment to a column of NEW in a plpgsql body, in order; none where the body cannot be read."""
    definition = f"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS {quote_literal(source_text)}"
    try:
        functions = parse_plpgsql(definition)
    except (ParserError, TooDeepError, ValueError):
        return ()
    found = []
    for query, always in _assignments(functions, always=True):
        match = _ASSIGNMENT.match(query)
        if match is not None:
            found.append(_assignment(match["column"], match["value"], always=always))
    return tuple(found)


_ALWAYS_RUN = frozenset({"PLpgSQL_function", "PLpgSQL_stmt_block"})


def _assignments(node: Any, *, always: bool) -> Iterator[tuple[str, bool]]:
    """The texts of all assignments, in their order, and whether each of them always runs."""
    if isinstance(node, list):
        for item in node:
            yield from _assignments(item, always=always)
    elif isinstance(node, Mapping):
        for kind, fields in node.items():
            if kind == "PLpgSQL_stmt_assign":
                yield fields.get("expr", {}).get("PLpgSQL_expr", {}).get("query", ""), always
            else:
                decides = kind.startswith("PLpgSQL_") and kind not in _ALWAYS_RUN
                yield from _assignments(fields, always=always and not decides)


def _assignment(written: str, value: str, *, always: bool) -> Assignment:
    column = written[1:-1].replace('""', '"') if written.startswith('"') else written.lower()
    reads: set[str] = set()
    from_old = False
    try:
        tree = parse(f"SELECT {value}")
    except (ParserError, TooDeepError, ValueError):
        tree = []
    for kind, fields in walk(tree):
        if kind == "ColumnRef":
            names = [part.get("String", {}).get("sval", "") for part in fields.get("fields", [])]
            if len(names) > 1 and names[0] == "new":
                reads.add(names[1])
            from_old = from_old or names[0] == "old"
    return Assignment(column=column, reads=frozenset(reads), from_old=from_old, always=always)
