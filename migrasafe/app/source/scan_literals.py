"""Queries in the string literals of a program."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from migrasafe.app.literals import Language, Literal, read_literals
from migrasafe.app.model import Origin
from migrasafe.app.source.file_scan import FileScan, SourceText
from migrasafe.app.source.formatting import formatting_of, open_verbs
from migrasafe.app.source.placed_text import HOLE, PlacedText, PlacedTextBuilder
from migrasafe.app.source.read_statements import read_statements
from migrasafe.sql.libpg_query import ParserError, TooDeepError, parse
from migrasafe.sql.statements import Span

MAY_HOLD_SQL = re.compile(
    r"""\bselect[\s"'`$({*\\]|\binsert\s+into\b|\bupdate\s+[\w"$.{%]|\bdelete\s+from\b|\bmerge\s+into\b|\bvalues\s*\(|\bcall\s"""
    r"|\brefresh\s+materialized\b|\btruncate\s|\block\s+table\b|\bcopy\s",
    re.IGNORECASE,
)
"""A text in which nothing like this occurs holds no SQL; looking for it is much quicker than reading literals."""

_ASSIGNED = re.compile(
    r"(?<![\w.])(?:\w+\.)?(?P<name>[A-Za-z_]\w*)\s*(?::\s*[\w\[\]<>.| ]+?\s*|\s+string\s*)?:?=\s*\(?\s*"
    r"(?:[\w.$]+(?:\(|(?=$)))?$"
)
_BEFORE_VALUE = re.compile(r"\s*\(?\s*(?:[\w.$]+\(?)?")
"""What can stand between `=` and its value: quicker to see than what stands before `=`."""
_RETURNED = re.compile(
    r"\b(?:def|func?|function|fn|String|string)\s+(?P<name>\w+)\s*\([^()]*\)[^{}=\"'`;]{0,40}[{:=]\s*(?:return\s+)?\(?\s*$"
)
"""A function that only gives a literal."""
_FRAGMENT = re.compile(
    r"""\s*(?:AND|OR|WHERE|FROM|SET|HAVING|ON|ORDER\s+BY|GROUP\s+BY|(?:(?:LEFT|RIGHT|INNER|FULL|CROSS)\s+(?:OUTER\s+)?)?JOIN)\s
    .*?(?:[\w"]+\.[\w"*]+|[=<>]\s*[?$:%'\0\d(])
    |[\s(]*(?:"?\w+"?\.)?"?\w+"?(?:\s+as\s+"?\w+"?)?\s*,.*\bFROM\s+[\w.\"]+""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
"""A clause by itself, or columns and the tables that they are from."""
_TAG = re.compile(r"[\w$>)]")
_SIMPLE_NAME = re.compile(r"(?:[\w$]+(?:\.|::|->))*\$?(?P<name>[A-Za-z_]\w*)(?:\(\))?")
_LONGEST_DEPTH = 3


Elsewhere = Callable[[str], str | None]
"""The string that an expression stands for, if another file says it."""


def scan_literals(source: SourceText, language: Language, elsewhere: Elsewhere = lambda _: None) -> FileScan:
    """The queries of a program, and the literals that look like SQL and cannot be parsed."""
    text = source.text
    if not MAY_HOLD_SQL.search(text):
        return FileScan()
    literals = list(read_literals(text, language))
    constants = _constants(text, literals)
    put_in = _put_in(literals, constants)
    queries, unread, spans = [], [], []
    for literal in literals:
        said = _with_constants(text, literal, constants, elsewhere)
        style = formatting_of(text, literal.start, literal.end)
        found, failed = read_statements(open_verbs(said, style) if style else said)
        queries += [source.query(one, Origin.LITERAL) for one in found]
        unread += [source.unread(one) for one in failed]
        if not found and not failed and literal.start not in put_in and _is_fragment(said.text):
            unread.append(source.part_of_query(said))
        if found:
            spans.append(Span(literal.start, literal.end))
    return FileScan(queries=tuple(queries), unread=tuple(unread), spans=tuple(spans))


def _constants(text: str, literals: Sequence[Literal]) -> Mapping[str, Literal]:
    """Names that stand for one literal: given one value in this file, and only once."""
    if not any(literal.expressions for literal in literals):
        return {}
    values: dict[str, Literal] = {}
    given: Counter[str] = Counter()
    for literal in literals:
        before = text[max(0, literal.start - 60) : literal.start]
        is_value = _BEFORE_VALUE.fullmatch(before, before.rfind("=") + 1) is not None if "=" in before else False
        assigned = _ASSIGNED.search(text, max(0, literal.start - 100), literal.start) if is_value else None
        if assigned is None and ")" in before:
            assigned = _RETURNED.search(text, max(0, literal.start - 160), literal.start)
        if assigned:
            values[assigned["name"]] = literal
            given[assigned["name"]] += 1
    return {name: literal for name, literal in values.items() if given[name] == 1}


def _is_fragment(text: str) -> bool:
    if not _FRAGMENT.match(text):
        return False
    try:
        parse(text.replace(HOLE, " "))
    except (ParserError, TooDeepError, ValueError):
        return True
    return False  # a whole statement that touches no rows: SET lock_timeout = '5s'


def _put_in(literals: Sequence[Literal], constants: Mapping[str, Literal]) -> frozenset[int]:
    """Where the literals begin that others put in, so that they are read there."""
    names = (_SIMPLE_NAME.fullmatch(expression) for literal in literals for expression in literal.expressions)
    return frozenset(constants[name["name"]].start for name in names if name and name["name"] in constants)


def _is_tagged(text: str, literal: Literal) -> bool:
    """sql`…`: a function gets what is put in, so that strings become parameters and only tagged ones become SQL."""
    return text[literal.start] == "`" and _TAG.match(text, max(0, literal.start - 1)) is not None


def _with_constants(
    text: str, literal: Literal, constants: Mapping[str, Literal], elsewhere: Elsewhere, depth: int = 0
) -> PlacedText:
    """What a literal says, with the text of the constants that it puts in."""
    if not literal.expressions or depth > _LONGEST_DEPTH:
        return literal.text
    builder = PlacedTextBuilder()
    done = 0
    at = literal.text.text.find(HOLE)
    for expression in literal.expressions:
        if at < 0:
            break
        builder.append(literal.text, done, at)
        name = _SIMPLE_NAME.fullmatch(expression)
        constant = constants.get(name["name"]) if name else None
        if constant is literal or (
            constant is not None and _is_tagged(text, literal) and not _is_tagged(text, constant)
        ):
            constant = None
        if constant is not None:
            builder.append(_with_constants(text, constant, constants, elsewhere, depth + 1))
        elif name is not None and (imported := elsewhere(expression)) is not None:
            builder.add(imported, literal.text.place(at), 0)
        else:
            builder.append(literal.text, at, at + 1)
        done = at + 1
        at = literal.text.text.find(HOLE, done)
    builder.append(literal.text, done)
    return builder.built(literal.text.place(0))
