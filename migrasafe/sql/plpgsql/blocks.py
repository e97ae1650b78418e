"""The SQL statements inside a plpgsql function or DO block, with their places in the source.

libpg_query tells the line of each statement but not the column, so the text of each is looked for from that line on.
Variables are followed as far as they are constant: they decide which SQL an EXECUTE runs, and which branch is taken.
https://www.postgresql.org/docs/current/plpgsql-statements.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.sql.constants import NOTHING_KNOWN, Known
from migrasafe.sql.libpg_query import ParserError, TooDeepError, parse_plpgsql
from migrasafe.sql.plpgsql.places import Places
from migrasafe.sql.plpgsql.variables import Variables, assigned_in, expression_of, holds, iterations, names_of, truth
from migrasafe.sql.statements import Body, Guarded, Query, Select, Span, Statement, Transaction, Unrecognized

ParseInner = Callable[[str, Span, frozenset[str]], tuple[Statement, ...]]
"""(SQL, where it stands, names of variables in it) → its statements."""
Fields = Mapping[str, Any]


def read_body(
    create_function_sql: str, body_span: Span, source_text: str, parse_inner: ParseInner, known: Known = NOTHING_KNOWN
) -> Body:
    """Every embedded statement in order. What cannot be read, such as EXECUTE of a computed string, is Unrecognized.

    `known` are the values of arguments (`name` and `$1`) and of a trigger's variables, for a body that is called.
    """
    reader = _Reader(Places(body_span, source_text), parse_inner, known)
    try:
        for function in parse_plpgsql(create_function_sql):
            reader.function(function.get("PLpgSQL_function", {}))
    except (ParserError, RecursionError, TooDeepError, ValueError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) or not str(error) else str(error)
        unread = Unrecognized(span=body_span, reason=f"plpgsql cannot read this body: {why}")
        return Body(statements=(Guarded(statement=unread),), text_span=body_span)
    return Body(statements=tuple(reader.found), text_span=body_span)


class _Guard(Struct, frozen=True, kw_only=True):
    """What decides whether the statements of a branch run."""

    may_run: bool = False
    otherwise: bool = False
    loops: bool = False
    each_row_of: Query | None = None
    catches: frozenset[str] = frozenset()


class _Reader:
    """Walks the statement tree of one body."""

    def __init__(self, places: Places, parse_inner: ParseInner, known: Known) -> None:
        self.places = places
        self.parse_inner = parse_inner
        self.found: list[Guarded] = []
        self.variables = Variables(known)
        self.names: frozenset[str] = frozenset()
        """What stands for a variable in the SQL of the body, not for a column."""
        self.cursors: dict[str, Fields] = {}
        """The queries of bound cursors, by name."""
        self.maybe_over = False
        """A RETURN in a branch came before: what follows may not run."""
        self.over = False
        """A RETURN that always runs came before: what follows never does."""

    def function(self, function: Fields) -> None:
        datums = function.get("datums", [])
        body = self.places.source_text[self.places.span.start : self.places.span.end]
        self.names = frozenset() if "use_column" in body else names_of(datums)
        for datum in datums:
            variable = datum.get("PLpgSQL_var", {})
            if "cursor_explicit_expr" in variable:
                self.cursors[variable.get("refname", "")] = variable["cursor_explicit_expr"]
        for variable in self.variables.declare(datums):
            self.expression(variable["default_val"], variable, _Guard())
        self.places.place = self.places.span.start
        self.block(function.get("action", {}).get("PLpgSQL_stmt_block", {}), _Guard())

    def block(self, block: Fields, guard: _Guard) -> None:
        handlers = block.get("exceptions", {}).get("PLpgSQL_exception_block", {}).get("exc_list", [])
        handlers = [handler.get("PLpgSQL_exception", {}) for handler in handlers]
        conditions = frozenset(
            condition.get("PLpgSQL_condition", {}).get("condname", "").lower()
            for handler in handlers
            for condition in handler.get("conditions", [])
        )
        before = self.variables.copy()
        self.statements(block.get("body", []), replace(guard, catches=guard.catches | conditions))
        if not handlers:
            return
        # An error may come anywhere in the body: a handler knows only what the body does not change.
        before.forget(assigned_in(block.get("body", [])))
        ends, all_over = self.variables, self.over
        for handler in handlers:
            self.over, self.variables = False, before.copy()
            self.statements(handler.get("action", []), replace(guard, may_run=True, otherwise=True))
            ends = ends.agreeing_with(self.variables)
        self.variables = ends
        self.over = False
        self.maybe_over = self.maybe_over or all_over

    def statements(self, items: Iterable[Fields], guard: _Guard) -> None:
        for item in items:
            for kind, fields in item.items():
                if self.over:
                    return
                self.statement(kind, fields, guard)

    def branch(self, items: Iterable[Fields], guard: _Guard) -> None:
        """Statements that may or may not run: afterwards only what both ways agree on is known."""
        other = self.variables
        self.variables = other.copy()
        self.statements(items, guard)
        self.variables = self.variables.agreeing_with(other)

    def statement(self, kind: str, fields: Fields, guard: _Guard) -> None:
        match kind:
            case "PLpgSQL_stmt_block":
                self.block(fields, guard)
            case "PLpgSQL_stmt_if":
                self.if_(fields, guard)
            case "PLpgSQL_stmt_case":
                self.expression(fields.get("t_expr"), fields, guard)
                for item in fields.get("case_when_list", []):
                    self.branch(
                        item.get("PLpgSQL_case_when", {}).get("stmts", []), replace(guard, may_run=True, otherwise=True)
                    )
                self.branch(fields.get("else_stmts", []), replace(guard, may_run=True, otherwise=True))
            case "PLpgSQL_stmt_return":
                self.expression(fields.get("expr"), fields, guard)
                self.over = self.over or not guard.may_run
                self.maybe_over = self.maybe_over or guard.may_run
            case "PLpgSQL_stmt_raise":
                for parameter in fields.get("params", []):
                    self.expression(parameter, fields, guard)
                self.over = self.over or (fields.get("elog_level", 0) >= _ERROR and not guard.may_run)
            case "PLpgSQL_stmt_commit" | "PLpgSQL_stmt_rollback":
                verb = kind.removeprefix("PLpgSQL_stmt_")
                self.add(Transaction(span=self.places.line(fields), verb=verb), guard)
            case "PLpgSQL_stmt_assign":
                self.expression(fields.get("expr"), fields, guard, assignment=True)
                self.variables.assign(expression_of(fields.get("expr")))
            case _:
                self.other(kind, fields, guard)

    def if_(self, fields: Fields, guard: _Guard) -> None:
        """IF and its ELSIFs: a condition that constants decide takes one branch and no other."""
        branches = [(fields.get("cond"), fields.get("then_body", []))]
        for item in fields.get("elsif_list", []):
            branch = item.get("PLpgSQL_if_elsif", {})
            branches.append((branch.get("cond"), branch.get("stmts", [])))
        inner = guard
        for condition, body in branches:
            self.expression(condition, fields, inner)
            match truth(expression_of(condition), self.variables.known):
                case True:
                    self.statements(body, inner) if inner is guard else self.branch(body, inner)
                    return
                case None:
                    self.branch(body, replace(inner, may_run=True))
                    inner = replace(guard, may_run=True, otherwise=True)
        self.statements(fields.get("else_body", []), inner) if inner is guard else self.branch(
            fields.get("else_body", []), inner
        )

    def other(self, kind: str, fields: Fields, guard: _Guard) -> None:
        """Statements that are SQL, hold SQL, or loop over it."""
        for key in ("cond", "lower", "upper", "step", "expr") if kind not in _STATEMENT_IN_EXPR else ():
            self.expression(fields.get(key), fields, guard)
        if kind in _STATEMENT_IN_EXPR:
            self.embedded(fields.get("expr"), fields, guard)
        if kind in ("PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors"):
            self.dynamic(fields.get("query"), fields, guard)
        else:
            for key in ("sqlstmt", "query"):
                self.embedded(fields.get(key), fields, guard)
        self.dynamic(fields.get("dynquery"), fields, guard)
        self.cursor(kind, fields, guard)
        for parameter in fields.get("params", []):
            self.expression(parameter, fields, guard)
        if "body" in fields:
            self.loop(kind, fields, guard)
        elif kind == "PLpgSQL_stmt_getdiag":
            self.variables.forget_all()
        else:
            self.variables.forget(assigned_in([{kind: fields}]))

    def cursor(self, kind: str, fields: Fields, guard: _Guard) -> None:
        """OPEN and FOR … IN cursor run the query that the cursor was declared with."""
        self.expression(fields.get("argquery"), fields, guard)
        if kind not in ("PLpgSQL_stmt_open", "PLpgSQL_stmt_forc") or {"query", "dynquery"} & set(fields):
            return
        query = self.cursors.get(self.places.cursor(fields))
        if query is None and len(self.cursors) == 1:
            [query] = self.cursors.values()
        if query is not None:
            self.add_sql(expression_of(query), self.places.line(fields), guard)

    def loop(self, kind: str, fields: Fields, guard: _Guard) -> None:
        body = fields.get("body", [])
        if kind == "PLpgSQL_stmt_foreach_a":  # the parser gives its variable by number only
            fields = {**fields, "var": {"PLpgSQL_var": {"refname": self.places.loop_variable(fields)}}}
        rounds = iterations(kind, fields, self.variables.known)
        changed = assigned_in([{kind: fields}])
        if rounds is None:
            self.variables.forget(changed)
            self.branch(
                body,
                replace(guard, may_run=True, loops=True, each_row_of=self.loop_query(kind, body) or guard.each_row_of),
            )
            return
        place = self.places.place
        for values in rounds:
            self.places.place = place
            self.variables.forget(changed)
            self.variables.set(values)
            self.branch(body, guard)
        self.variables.forget(changed)

    def loop_query(self, kind: str, body: Iterable[Fields]) -> Query | None:
        """The query whose rows a loop goes through in one transaction: what was read last, before the body."""
        if (
            kind not in ("PLpgSQL_stmt_fors", "PLpgSQL_stmt_forc")
            or not self.found
            or holds(body, "PLpgSQL_stmt_commit")
        ):
            return None
        last = self.found[-1].statement
        return last.query if isinstance(last, Select) else None

    # --- statements -----------------------------------------------------------------------------------------------

    def add(self, statement: Statement, guard: _Guard) -> None:
        if self.maybe_over:
            guard = replace(guard, may_run=True, otherwise=True)
        told = {name: getattr(guard, name) for name in guard.__struct_fields__}
        self.found.append(Guarded(statement=statement, **told))

    def expression(self, node: Fields | None, fields: Fields, guard: _Guard, *, assignment: bool = False) -> None:
        """An expression is a SELECT of its own: added where it calls a function or has a query in it."""
        text = expression_of(node)
        if assignment:
            match = _ASSIGNMENT.match(text)
            text = text[match.end() :] if match is not None else ""
        if not _CALLS_OR_READS.search(text):
            return
        place = self.places.place
        span = self.places.of(text, fields) or self.places.line(fields)
        self.places.place = place  # an expression may stand before what was found last, and moves nothing on
        for statement in self.parse_inner(f"SELECT {text}", span, self.names):
            if isinstance(statement, Select):
                self.add(statement, guard)

    def embedded(self, node: Fields | None, fields: Fields, guard: _Guard) -> None:
        if node is None:
            return
        text = expression_of(node)
        span = self.places.of(text, fields)
        if span is None:
            # PERFORM is stored as a SELECT, and SELECT … INTO without its INTO: neither stands in the source like that.
            performed = text[len("SELECT ") :] if text.upper().startswith("SELECT ") else ""
            span = self.places.of(performed, fields) or self.places.line(fields)
        self.add_sql(text, span, guard)

    def add_sql(self, sql: str, span: Span, guard: _Guard) -> None:
        for statement in self.parse_inner(sql, span, self.names):
            self.add(statement, guard)

    def dynamic(self, node: Fields | None, fields: Fields, guard: _Guard) -> None:
        """EXECUTE: of a constant it is SQL like any other, of anything else it cannot be seen."""
        if node is None:
            return
        expression = expression_of(node)
        span = self.places.of(expression, fields) or self.places.line(fields)
        constant = self.variables.text(expression)
        if constant is None:
            reason = f"EXECUTE {' '.join(expression.split())} runs SQL that is made at run time"
            self.add(Unrecognized(span=span, kind="dynamic sql", reason=reason), guard)
            return
        for statement in self.parse_inner(constant, span, frozenset()):  # what EXECUTE runs sees no variable
            if isinstance(statement, Transaction):
                reason = f"EXECUTE of {statement.verb.upper()} is refused: COMMIT and ROLLBACK stand by themselves in plpgsql"
                statement = Unrecognized(span=span, reason=reason)
            self.add(statement, guard)


_ERROR = 20
"""RAISE levels from here on end the function."""
_STATEMENT_IN_EXPR = frozenset({"PLpgSQL_stmt_perform", "PLpgSQL_stmt_call"})
_CALLS_OR_READS = re.compile(r"\w\s*\(|\bselect\b|\bfrom\b", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"[^=]*?:?=\s*")
