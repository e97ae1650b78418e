"""SQL text → a Script of typed statements. Nothing is skipped: what cannot be typed is Unrecognized, in its place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from migrasafe.regex import regex
from migrasafe.sql.convert import convert
from migrasafe.sql.convert.base import Origin
from migrasafe.sql.libpg_query import ParserError, TooDeepError, parse
from migrasafe.sql.script import Comment, Newer, Script
from migrasafe.sql.source import Source
from migrasafe.sql.split import Chunk, ChunkKind, split
from migrasafe.sql.statements import Body, Span, Statement, Unrecognized, Utility
from migrasafe.sql.syntax.versions import may_be_newer, newer_syntax
from migrasafe.sql.whole_text import parse_whole

if TYPE_CHECKING:
    from migrasafe.sql.constants import Known

# psql meta-commands that neither run SQL of their own nor change what the SQL around them does. What stands between \if and
# \endif is judged as if it ran.
_HARMLESS = frozenset(
    {
        "echo",
        "qecho",
        "warn",
        "timing",
        "pset",
        "x",
        "a",
        "t",
        "h",
        "restrict",
        "unrestrict",
        "encoding",
        *("g", "gx", "gset", "gdesc", "crosstabview", "if", "elif", "else", "endif"),
        "p",
        "o",
        "s",
        "?",
    }
)
_SQL = ChunkKind.SQL
_META = regex(r"\\([a-zA-Z?!]+|.)")


_OF_TRANSACTIONS = regex(
    r"(?i)\b(?:concurrently|vacuum|database|tablespace|system|subscription|"
    r"abort|begin|commit|end|prepare|release|rollback|savepoint|start)\b"
)
_JOINED = (
    r"psql's \; sends it in one message with others, which are one transaction: what that does to it is not judged"
)

_OFTEN = 40
"""So many characters BEGIN, COMMIT and SET lock_timeout have at most, which nearly every migration repeats."""
_parse_again = lru_cache(maxsize=64)(parse)


def read_script(
    source: Source, *, sections: tuple[Span, ...] | None = None, variables: frozenset[str] = frozenset()
) -> Script:
    """The statements and comments of a source, or of some sections of it. Raises nothing on bad SQL.

    `variables` are the names that stand for parameters, not for columns: SQL out of a plpgsql body.
    """
    reader = _Reader(source.text, variables)
    asked = sections
    statements: list[Statement] = []
    comments: list[Comment] = []
    whole = parse_whole(source.text) if not sections and not variables else None
    if whole is not None:
        trees, comments = whole
        statements = [reader.typed(tree, span) for tree, span in trees]
        sections = ()
    elif not sections:
        sections = (Span(0, len(source.text)),)
    for section in sections:
        chunks, found = split(source.text, section)
        comments.extend(found)
        for chunk in chunks:
            statements.extend(reader.read(chunk))
    return Script(
        source=source,
        statements=tuple(statements),
        comments=tuple(comments),
        newer=tuple(reader.newer),
        sections=asked,
    )


def parse_statement(sql: str) -> Statement:
    """The first statement of a text: for SQL that we wrote ourselves. Raises ValueError when there is none."""
    statements = read_script(Source(path="", text=sql)).statements
    if not statements:
        raise ValueError("no statement in the text")
    return statements[0]


def body_with_arguments(definition: str, body_span: Span, values: Known) -> Body:
    """The plpgsql body of a CREATE FUNCTION as it runs with these values of its variables."""
    from migrasafe.sql.plpgsql.blocks import read_body  # few scripts call functions that they define

    return read_body(definition, body_span, definition, _Reader(definition).parse_inner, values)


class _Reader:
    """Types the statements of one text, and notes the newer syntax in them."""

    def __init__(self, text: str, variables: frozenset[str] = frozenset()) -> None:
        self.text = text
        self.variables = variables
        self.newer: list[Newer] = []
        self.may_be_newer = may_be_newer(text)

    def read(self, chunk: Chunk) -> tuple[Statement, ...]:
        if chunk.kind is _SQL:
            if chunk.joined and _OF_TRANSACTIONS.search(self.text, chunk.span.start, chunk.span.end):
                return (Unrecognized(span=chunk.span, kind="joined", reason=_JOINED),)
            return self._parse(chunk.span)
        if chunk.kind is ChunkKind.META_COMMAND:
            return (_meta_command(self.text, chunk.span),)
        what = "comment" if self.text.startswith("/*", chunk.at or 0) else "quoted text"
        return (Unrecognized(span=chunk.span, reason=f"the {what} that begins here has no end", at=chunk.at),)

    def _parse(self, span: Span) -> tuple[Statement, ...]:
        """The typed statement of a chunk; more than one only where the parser finds what psql's splitter does not."""
        sql = self.text[span.start : span.end]
        try:
            trees = _parse_again(sql) if len(sql) <= _OFTEN and not self.variables else parse(sql)
        except ParserError as error:
            at = None if error.offset is None else span.start + error.offset
            return (Unrecognized(span=span, reason=error.message, at=at),)
        except TooDeepError:
            return (Unrecognized(span=span, kind="too deep", reason="nested too deeply to be analysed"),)
        except ValueError as error:  # a NUL or a lone surrogate
            return (Unrecognized(span=span, reason=str(error)),)
        if len(trees) == 1:
            return (self.typed(trees[0], span),)
        return tuple([self.typed(tree, _span_in(tree, span)) for tree in trees])

    def typed(self, tree: Mapping[str, Any], span: Span) -> Statement:
        """The statement of a parse tree, which stands at `span`."""
        try:
            if self.variables:
                from migrasafe.sql.plpgsql.variables import as_parameters  # only SQL out of bodies has any

                as_parameters(tree["stmt"], self.variables)
            if self.may_be_newer:
                for feature, since, function in newer_syntax(self.text[span.start : span.end], tree):
                    self.newer.append(Newer(feature=feature, since=since, span=span, function=function))
            return convert(tree["stmt"], Origin(span=span, text=self.text), self.parse_inner)
        except RecursionError:
            return Unrecognized(span=span, kind="too deep", reason="nested too deeply to be analysed")

    def parse_inner(self, sql: str, span: Span, variables: frozenset[str]) -> tuple[Statement, ...]:
        """The statements of SQL inside a statement. Where it does not stand in the text as it is, all are at `span`."""
        if self.text[span.start : span.end] != sql:
            apart = read_script(Source(path="", text=sql), variables=variables)
            self.newer.extend(replace(newer, span=span) for newer in apart.newer)
            return tuple(replace(statement, span=span) for statement in apart.statements)
        chunks, _ = split(self.text, span)
        before, self.variables = self.variables, variables
        found = tuple(statement for chunk in chunks for statement in self.read(chunk))
        self.variables = before
        return found


def _span_in(tree: Mapping[str, Any], chunk: Span) -> Span:
    """Where one of several statements of a chunk stands in the text."""
    start = chunk.start + tree.get("stmt_location", 0)
    return Span(start, start + (tree.get("stmt_len") or chunk.end - start))


def _meta_command(text: str, span: Span) -> Statement:
    match = _META.match(text, span.start)
    command = match.group(1) if match else ""
    shown = text[span.start : span.end]
    if command in _HARMLESS or shown.startswith(("\\set ON_ERROR_STOP", "\\set QUIET", "\\set VERBOSITY", "\\unset")):
        return Utility(span=span, command=f"\\{command}")
    return Unrecognized(
        span=span, kind="meta-command", reason=f"psql meta-command {shown.split()[0]}: what it does cannot be seen here"
    )
