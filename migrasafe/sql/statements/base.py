"""The parts every statement is made of: spans, names, types, expressions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct

Node: TypeAlias = Mapping[str, Any]
"""One node of PostgreSQL's parse tree, as libpg_query prints it: `{"ColumnRef": {...}}`."""


class Span(NamedTuple):
    """A stretch of a source: character offsets, end excluded."""

    start: int
    end: int


class Name(NamedTuple):
    """The name of an object as the statement writes it, folded and unquoted by the parser."""

    schema: str | None
    name: str

    def __str__(self) -> str:
        return self.name if self.schema is None else f"{self.schema}.{self.name}"


class TypeName(Struct, frozen=True, kw_only=True):
    """A type as written: `varchar(20)[]`, `public.mood`, `bigserial`.

    `name` is PostgreSQL's internal name for built-in types (`int4`, `varchar`, `timestamptz`, `bpchar`), with schema
    `pg_catalog` dropped; `serial`, `bigserial` and `smallserial` stay as they are.
    """

    schema: str | None = None
    name: str
    modifiers: tuple[str, ...] = ()
    array: bool = False
    setof: bool = False
    column_of: tuple[str, ...] = ()
    """For `table.column%TYPE`: the parts before `%TYPE`."""


class Expression(Struct, frozen=True, kw_only=True, eq=False):
    """A value expression: its parse tree. Walk it with migrasafe.sql.expressions."""

    node: Node


class IndexElement(Struct, frozen=True, kw_only=True):
    """One key of an index: a column, or an expression."""

    column: str | None = None
    expression: Expression | None = None
    opclass: str | None = None
    opclass_options: tuple[tuple[str, str], ...] = ()
    collation: Name | None = None
    descending: bool = False
    nulls_first: bool | None = None


class Query(Struct, frozen=True, kw_only=True, eq=False):
    """A SELECT, VALUES, INSERT, UPDATE, DELETE or MERGE: its parse tree, `{"SelectStmt": {...}}`."""

    node: Node


class Statement(Struct, frozen=True, kw_only=True):
    """One SQL statement, typed. `span` points into the source it was read from."""

    span: Span


class Unrecognized(Statement, frozen=True, kw_only=True):
    """SQL that we could not type: a syntax error, syntax we do not know, dynamic SQL. Always reported."""

    reason: str
    """One sentence for people, as PostgreSQL says it where it says something."""
    at: int | None = None
    """Character offset of the trouble, where known."""
    kind: str = "syntax error"
    """`syntax error` | `unknown statement` | `dynamic sql` | `too deep` | `meta-command` | `other language`."""


class Utility(Statement, frozen=True, kw_only=True):
    """A statement that changes neither schema nor rows nor takes a lock that matters: SHOW, NOTIFY …"""

    command: str
    """The command tag: `EXPLAIN`, `SHOW`, `LISTEN`, `SECURITY LABEL`, `CHECKPOINT`, `DISCARD` …"""
    target: Name | None = None
    objects: tuple[str, ...] = ()

    @property
    def is_of_psql(self) -> bool:
        """Whether psql keeps it to itself, and no server gets to see it: `\\echo`, `\\restrict` …"""
        return self.command.startswith("\\")
