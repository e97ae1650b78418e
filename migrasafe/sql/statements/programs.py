"""Functions, procedures, triggers, DO blocks and calls."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.sql.statements.base import Expression, Name, Query, Span, Statement, TypeName

INPUT_MODES = frozenset({"in", "inout", "variadic"})


class Argument(Struct, frozen=True, kw_only=True):
    name: str | None
    type: TypeName
    mode: str = "in"
    """`in` | `out` | `inout` | `variadic` | `table`."""
    default: Expression | None = None

    @property
    def is_input(self) -> bool:
        """Whether a call gives it: these tell overloads apart."""
        return self.mode in INPUT_MODES


class Guarded(Struct, frozen=True, kw_only=True):
    """A statement inside a body, and whether a branch, a loop or a handler decides if it runs."""

    statement: Statement
    may_run: bool = False
    otherwise: bool = False
    """It runs where a condition before it did not hold: ELSE, ELSIF, CASE, a handler, after a RETURN in a branch."""
    loops: bool = False
    """It stands inside a loop: it may run many times in this one transaction."""
    each_row_of: Query | None = None
    """It runs once for each row of this query, all of them in one transaction: the body of a FOR loop."""
    catches: frozenset[str] = frozenset()
    """Conditions that an exception handler around it catches: it is guarded against these failures."""


class Body(Struct, frozen=True, kw_only=True):
    """The inside of a function or DO block, as far as we can read it."""

    statements: tuple[Guarded, ...] = ()
    """In order; spans point into the migration's source. What cannot be read is an Unrecognized among them."""
    text_span: Span | None = None


class CreateFunction(Statement, frozen=True, kw_only=True):
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
    definition: str = ""
    """The whole statement as written."""


class AlterFunction(Statement, frozen=True, kw_only=True):
    name: Name
    kind: str = "FUNCTION"
    arguments: tuple[TypeName, ...] | None = None
    volatility: str | None = None
    security_definer: bool | None = None
    sets: tuple[str, ...] = ()
    """Names of the settings that it SETs."""
    resets: tuple[str, ...] = ()
    """Likewise for RESET; `all` for RESET ALL."""


class DoBlock(Statement, frozen=True, kw_only=True):
    language: str
    body: Body


class Call(Statement, frozen=True, kw_only=True):
    """CALL procedure(…)."""

    name: Name
    query: Query


class CreateTrigger(Statement, frozen=True, kw_only=True):
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


class CreateEventTrigger(Statement, frozen=True, kw_only=True):
    name: str
    event: str
    function: Name
