"""A text that a program holds → the SQL statements in it, or why it looks like SQL and cannot be read, or neither."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from migrasafe.app.source.placed_text import HOLE, Edit, PlacedText, PlacedTextBuilder
from migrasafe.app.source.placeholders import How, Parameterized, with_parameters
from migrasafe.sql.libpg_query import ParserError, TooDeepError, parse
from migrasafe.sql.split import ChunkKind, split


class Found(NamedTuple):
    """One statement, with `$n`."""

    text: PlacedText
    partial: bool


class Unreadable(NamedTuple):
    """It looks like SQL."""

    text: PlacedText
    reason: str
    at: int
    """Where in the text PostgreSQL would complain."""


_BEGINS = re.compile(
    r"""(?:\s|\(|\0|;|--[^\n]*\n|/\*.*?\*/|\{%.*?%\})*+
    (?P<verb>SELECT|INSERT\s+INTO|UPDATE|DELETE\s+FROM|WITH|MERGE\s+INTO|VALUES\s*\(|CALL|REFRESH\s+MATERIALIZED
    |TRUNCATE|LOCK\s+TABLE|COPY|DECLARE|EXPLAIN|CREATE\s+(?:UNLOGGED\s+|TEMP(?:ORARY)?\s+)TABLE|BEGIN\s*;|SET\s+LOCAL|PREPARE)\b(?!-\w)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_CLICKHOUSE = re.compile(r"\{\w+\s*:\s*(?:String|U?Int\d|DateTime|Date|Array|Float\d|Bool|Nullable|Identifier)")
"""Parameters of another database. https://clickhouse.com/docs/sql-reference/syntax#defining-and-using-query-parameters"""
_ONLY_IN_CAPITALS = frozenset({"TRUNCATE", "LOCK", "COPY", "DECLARE", "EXPLAIN", "PREPARE", "CALL"})
_NAME = r"""[\w."$?\0%{}:@\[\]]+"""
_CERTAINLY = re.compile(
    rf"""\s*\(*\s*(?:
      SELECT\b.+\bFROM\s+{_NAME}
    | INSERT\s+INTO\s+{_NAME}\s*(?:AS\s+\w+\s*)?(?:\(|VALUES\b|SELECT\b|DEFAULT\b|\Z)
    | UPDATE\s+(?:ONLY\s+)?{_NAME}\s+(?:(?:AS\s+)?\w+\s+)?SET\b
    | DELETE\s+FROM\s+(?:ONLY\s+)?{_NAME}(?:\s+(?:AS\s+)?\w+)?\s*(?:\Z|;|WHERE\b|USING\b|RETURNING\b)
    | WITH\s+(?:RECURSIVE\s+)?[\w"]+\s*(?:\([^)]*\)\s*)?AS\s+(?:NOT\s+)?(?:MATERIALIZED\s+)?\(
    | MERGE\s+INTO\s+{_NAME}
    )""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_SHAPE_OF_SQL = re.compile(r"[=*(\0$%?]|\n")
_STATEMENTS = frozenset(
    {
        "SelectStmt",
        "InsertStmt",
        "UpdateStmt",
        "DeleteStmt",
        "MergeStmt",
        "CallStmt",
        "TruncateStmt",
        "LockStmt",
        "CopyStmt",
        "RefreshMatViewStmt",
        "DeclareCursorStmt",
        "ExplainStmt",
        "CreateTableAsStmt",
    }
)
_MOST_HOLES = 4
_MOST_TRIES = 90


def read_statements(text: PlacedText, *, certain: bool = False) -> tuple[list[Found], list[Unreadable]]:
    """The statements of a text, and what of it looks like SQL and PostgreSQL cannot parse. `certain`: the text is from a
    file of queries, so that nothing in it is prose."""
    begins = _BEGINS.match(text.text)
    if begins is None and not certain:
        return [], []
    if begins is not None and not certain:
        verb = begins["verb"].split()[0].rstrip("(")
        if (verb.upper() in _ONLY_IN_CAPITALS and verb != verb.upper()) or _CLICKHOUSE.search(text.text):
            return [], []
    found, failed = _read(with_parameters(text))
    if failed:
        better = _other_readings(text)
        if better is not None:
            return better, []
    unreadable = [one for one in failed if certain or _looks_like_sql(one.text.text)]
    kept = [one for one in found if certain or not _is_prose(one.text.text)]
    return kept, unreadable


def read_as_it_is(text: PlacedText) -> tuple[list[Found], list[Unreadable]]:
    """The statements of a text that a server ran, in which nothing is a placeholder of a driver."""
    return _read(Parameterized(text, 0, partial=False))


def _read(parameterized: Parameterized) -> tuple[list[Found], list[Unreadable]]:
    found: list[Found] = []
    failed: list[Unreadable] = []
    text = parameterized.text
    for chunk in split(text.text)[0]:
        part = text.cut(*chunk.span)
        if chunk.kind is not ChunkKind.SQL:
            if chunk.kind is ChunkKind.UNTERMINATED:
                failed.append(Unreadable(part, "a quoted text or comment in it has no end", 0))
            continue
        try:
            trees = parse(part.text)
        except ParserError as error:
            failed.append(Unreadable(part, error.message, error.offset or 0))
        except TooDeepError:
            failed.append(Unreadable(part, "it is nested too deeply to be analysed", 0))
        except ValueError:
            failed.append(Unreadable(part, "it contains a character that PostgreSQL refuses", 0))
        else:
            if any(next(iter(tree["stmt"]), "") in _STATEMENTS for tree in trees):
                found.append(Found(part, parameterized.partial))
    return found, failed


def _other_readings(text: PlacedText) -> list[Found] | None:
    """The first reading of the holes with which all of it is SQL; None when there is none."""
    holes = with_parameters(text).holes
    if 0 < holes <= _MOST_HOLES:
        readings = itertools.product((How.VALUE, How.NOTHING, How.NAME), repeat=holes)
        for reading in itertools.islice(readings, _MOST_TRIES):
            found, failed = _read(with_parameters(text, dict(enumerate(reading))))
            if found and not failed:
                return [one._replace(partial=True) for one in found]
    for approximate in _approximations(text):
        found, failed = _read(with_parameters(approximate))
        if found and not failed:
            return [one._replace(partial=True) for one in found]
    return None


_GOES_ON = re.compile(r"\b(?:VALUES|WHERE|AND|OR|SET|BY|IN|LIMIT|SELECT|ON)\s*$|[=<>]\s*$", re.IGNORECASE)
_INSERT_OPEN = re.compile(r"\s*INSERT\s+INTO\s+(?P<table>[\w.\"]+)\s*(?:\(\s*\0|\0|\Z).*", re.IGNORECASE | re.DOTALL)
_UPDATE_OPEN = re.compile(
    r"\s*UPDATE\s+(?P<table>(?:ONLY\s+)?[\w.\"]+(?:\s+(?:AS\s+)?\w+)?)\s+SET\s+(?:%s|\0)(?P<set>.*?)"
    r"(?P<rest>(?:\bFROM|\bWHERE|\Z).*?)(?:\bRETURNING\b(?P<returning>.*))?\Z",
    re.IGNORECASE | re.DOTALL,
)


def _approximations(text: PlacedText) -> list[PlacedText]:
    """Statements that go on at run time, as far as they are written; those whose columns are only known at run time give
    the table, and the conditions."""
    text = text.cut(0, len(text.text.rstrip().removesuffix(";")))
    if _GOES_ON.search(text.text):
        end = len(text.text)
        return [text.edited([Edit(end, end, f" {HOLE}")])]
    if match := _INSERT_OPEN.match(text.text):
        start, end = match.span("table")
        return [text.edited([Edit(0, start, "SELECT FROM "), Edit(end, len(text.text), "")])]
    if match := _UPDATE_OPEN.match(text.text):
        builder = PlacedTextBuilder()
        builder.add("SELECT", text.place(0))
        builder.append(text, *match.span("returning"))
        builder.add(" FROM ", text.place(match.start("table")))
        builder.append(text, *match.span("table"))
        builder.add(" ", text.place(match.end("table")))
        builder.append(text, *match.span("rest"))
        return [builder.built(text.place(0))]
    return []


def _looks_like_sql(sql: str) -> bool:
    match = _CERTAINLY.match(sql)
    if match is None:
        return False
    verb = sql.lstrip(" \t\r\n(").split(None, 1)[0]
    return verb.isupper() or (verb.islower() and bool(_SHAPE_OF_SQL.search(sql)))


def _is_prose(sql: str) -> bool:
    """Whether words only happen to parse: `Select a file`, `select`, `Delete from cart`."""
    (tree,) = parse(sql)[:1]
    statement: Mapping[str, Any] = tree["stmt"]
    select = statement.get("SelectStmt")
    if select is None:
        return sql.lstrip()[:2].istitle() and not _SHAPE_OF_SQL.search(sql)
    if "fromClause" in select or "valuesLists" in select or select.get("op", "SETOP_NONE") != "SETOP_NONE":
        return (
            sql.lstrip(" \t\r\n(")[1:2].islower()
            and sql.lstrip(" \t\r\n(")[:1].isupper()
            and not _SHAPE_OF_SQL.search(sql)
        )
    targets = select.get("targetList", [])
    return not targets or any("ColumnRef" in target.get("ResTarget", {}).get("val", {}) for target in targets)
