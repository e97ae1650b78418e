"""Functions, procedures, triggers, DO blocks and calls."""

from __future__ import annotations

from dataclasses import dataclass

from migrasafe.sql.statements.base import Expression, Name, Query, Span, Statement, TypeName


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    name: str | None
    type: TypeName
    mode: str = "in"
    """`in` | `out` | `inout` | `variadic` | `table`."""
    default: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A statement inside a body, and whether a branch, a loop or a handler decides if it runs."""

    statement: Statement
    may_run: bool = False
    loops: bool = False
    """It stands inside a loop: it may run many times in this one transaction."""
    catches: frozenset[str] = frozenset()
    """Conditions that an exception handler around it catches: it is guarded against these failures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The inside of a function or DO block, as far as we can read it."""

    statements: tuple[Guarded, ...] = ()
    """In order; spans point into the migration's source. What cannot be read is an Unrecognized among them."""
    text_span: Span | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateFunction(Statement):
    name: Name
    arguments: tuple[Argument, ...] = ()
    returns: TypeName | None = None
    language: str = "sql"
    volatility: str = "volatile"
    """`volatile` | `stable` | `immutable`."""
    strict: bool = False
    security_definer: bool = False
    settings: tuple[str, ...] = ()
    """Names set by SET clauses, such as `search_path`."""
    procedure: bool = False
    replace: bool = False
    body: Body | None = None
    source_text: str | None = None
    """The text between the quotes, for functions that have one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlterFunction(Statement):
    name: Name
    kind: str = "FUNCTION"
    arguments: tuple[TypeName, ...] | None = None
    volatility: str | None = None
    security_definer: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoBlock(Statement):
    language: str
    body: Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Statement):
    """CALL procedure(…)."""

    name: Name
    query: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTrigger(Statement):
    name: str
    table: Name
    function: Name
    timing: str = "after"
    """`before` | `after` | `instead of`."""
    events: tuple[str, ...] = ()
    """`insert`, `update`, `delete`, `truncate`."""
    columns: tuple[str, ...] = ()
    row: bool = False
    constraint: bool = False
    deferrable: bool = False
    initially_deferred: bool = False
    replace: bool = False
    when: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateEventTrigger(Statement):
    name: str
    event: str
    function: Name
