"""The SQL statements inside a plpgsql function or DO block, with their places in the source.

libpg_query tells the line of each statement but not the column, so the text of each is looked for from that line on.
https://www.postgresql.org/docs/current/plpgsql-statements.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct, structs
from msgspec.structs import replace

from migrasafe.sql.libpg_query import ParserError, TooDeepError, parse, parse_plpgsql
from migrasafe.sql.statements import Body, Guarded, Span, Statement, Transaction, Unrecognized

ParseInner = Callable[[str, int], tuple[Statement, ...]]


def read_body(create_function_sql: str, body_span: Span, source_text: str, parse_inner: ParseInner) -> Body:
    """Every embedded statement in order. What cannot be read, such as EXECUTE of a computed string, is Unrecognized."""
    try:
        functions = parse_plpgsql(create_function_sql)
    except (ParserError, TooDeepError, ValueError) as error:
        reason = f"plpgsql cannot read this body: {error if str(error) else 'nested too deeply'}"
        return Body(statements=(Guarded(statement=Unrecognized(span=body_span, reason=reason)),), text_span=body_span)
    reader = _Reader(body_span, source_text, parse_inner)
    for function in functions:
        action = function.get("PLpgSQL_function", {}).get("action", {})
        reader.block(action.get("PLpgSQL_stmt_block", {}), _Guard())
    return Body(statements=tuple(reader.found), text_span=body_span)


class _Guard(Struct, frozen=True, kw_only=True):
    """What decides whether the statements of a branch run."""

    may_run: bool = False
    loops: bool = False
    catches: frozenset[str] = frozenset()


class _Reader:
    """Walks the statement tree of one body; `place` moves on so that equal texts are found one after another."""

    def __init__(self, span: Span, source_text: str, parse_inner: ParseInner) -> None:
        self.span = span
        self.source_text = source_text
        self.parse_inner = parse_inner
        self.place = span.start
        self.found: list[Guarded] = []
        self.returned = False
        """A RETURN in a branch came before: what follows may not run."""

    def block(self, block: Mapping[str, Any], guard: _Guard) -> None:
        exceptions = block.get("exceptions", {}).get("PLpgSQL_exception_block", {}).get("exc_list", [])
        conditions = frozenset(
            condition["PLpgSQL_condition"].get("condname", "").lower()
            for item in exceptions
            for condition in item["PLpgSQL_exception"].get("conditions", [])
        )
        self.statements(block.get("body", []), replace(guard, catches=guard.catches | conditions))
        for item in exceptions:
            self.statements(item["PLpgSQL_exception"].get("action", []), replace(guard, may_run=True))

    def statements(self, items: list[Mapping[str, Any]], guard: _Guard) -> None:
        for item in items:
            for kind, fields in item.items():
                self.statement(kind, fields, guard)

    def statement(self, kind: str, fields: Mapping[str, Any], guard: _Guard) -> None:
        branch = replace(guard, may_run=True)
        match kind:
            case "PLpgSQL_stmt_block":
                self.block(fields, guard)
            case "PLpgSQL_stmt_if":
                self.statements(fields.get("then_body", []), branch)
                for item in fields.get("elsif_list", []):
                    self.statements(item.get("PLpgSQL_if_elsif", {}).get("stmts", []), branch)
                self.statements(fields.get("else_body", []), branch)
            case "PLpgSQL_stmt_case":
                for item in fields.get("case_when_list", []):
                    self.statements(item.get("PLpgSQL_case_when", {}).get("stmts", []), branch)
                self.statements(fields.get("else_stmts", []), branch)
            case "PLpgSQL_stmt_return":
                self.returned = self.returned or guard.may_run
            case "PLpgSQL_stmt_commit" | "PLpgSQL_stmt_rollback":
                verb = kind.removeprefix("PLpgSQL_stmt_")
                self.add(Transaction(span=self.line_span(fields), verb=verb), guard)
            case "PLpgSQL_stmt_dynexecute" | "PLpgSQL_stmt_dynfors":
                self.dynamic(fields, guard)
                self.statements(fields.get("body", []), replace(branch, loops=True))
            case _:
                for key in ("sqlstmt", "query", "argquery"):
                    self.embedded(fields.get(key), fields, guard)
                if kind in ("PLpgSQL_stmt_perform", "PLpgSQL_stmt_call"):
                    self.embedded(fields.get("expr"), fields, guard)
                if kind == "PLpgSQL_stmt_return_query" and "dynquery" in fields:
                    self.dynamic({**fields, "query": fields["dynquery"]}, guard)
                self.statements(fields.get("body", []), replace(branch, loops=True))

    def add(self, statement: Statement, guard: _Guard) -> None:
        self.found.append(
            Guarded(
                statement=statement,
                may_run=guard.may_run or self.returned,
                loops=guard.loops,
                catches=guard.catches,
            )
        )

    def embedded(self, node: Mapping[str, Any] | None, fields: Mapping[str, Any], guard: _Guard) -> None:
        if node is None:
            return
        text = str(node.get("PLpgSQL_expr", {}).get("query", ""))
        offset = self.find(text, fields)
        if offset is not None:
            for statement in self.parse_inner(text, offset):
                self.add(statement, guard)
            return
        # PERFORM is stored as a SELECT, and SELECT … INTO without its INTO: neither stands in the source like that.
        performed = text[len("SELECT ") :] if text.upper().startswith("SELECT ") else ""
        offset = self.find(performed, fields)
        span = self.line_span(fields) if offset is None else Span(offset, offset + len(performed))
        self.add_text(text, span, guard)

    def add_text(self, sql: str, span: Span, guard: _Guard) -> None:
        """A statement whose text does not stand in the source as it is: all of it is at `span`."""
        from migrasafe.sql.parse import read_script
        from migrasafe.sql.source import Source

        for statement in read_script(Source(path="", text=sql)).statements:
            self.add(structs.replace(statement, span=span), guard)

    def find(self, text: str, fields: Mapping[str, Any]) -> int | None:
        start = max(self.place, self.line_span(fields).start)
        offset = self.source_text.find(text, start, self.span.end) if text else -1
        if offset < 0:
            return None
        self.place = offset + len(text)
        return offset

    def line_span(self, fields: Mapping[str, Any]) -> Span:
        """The line that plpgsql gives for a statement; line 1 is the one on which the body begins."""
        start = self.span.start
        for _ in range(int(fields.get("lineno", 1)) - 1):
            next_line = self.source_text.find("\n", start, self.span.end)
            if next_line < 0:
                break
            start = next_line + 1
        end = self.source_text.find("\n", start, self.span.end)
        return Span(start, self.span.end if end < 0 else end)

    def dynamic(self, fields: Mapping[str, Any], guard: _Guard) -> None:
        """EXECUTE: of a constant it is SQL like any other, of anything else it cannot be seen."""
        expression = str(fields.get("query", {}).get("PLpgSQL_expr", {}).get("query", ""))
        offset = self.find(expression, fields)
        span = self.line_span(fields) if offset is None else Span(offset, offset + len(expression))
        constant = _constant_string(expression)
        if constant is None:
            reason = f"EXECUTE {' '.join(expression.split())} runs SQL that is made at run time"
            self.add(Unrecognized(span=span, kind="dynamic sql", reason=reason), guard)
        else:
            self.add_text(constant, span, guard)


def _constant_string(expression: str) -> str | None:
    """The value of a string constant, or of several joined with ||. None for anything else."""
    try:
        trees = parse(f"SELECT {expression}")
    except (ParserError, TooDeepError, ValueError):
        return None
    targets = trees[0]["stmt"].get("SelectStmt", {}).get("targetList", [])
    return _value(targets[0]["ResTarget"].get("val", {})) if len(targets) == 1 else None


def _value(node: Mapping[str, Any]) -> str | None:
    if "A_Const" in node and "sval" in node["A_Const"]:
        return str(node["A_Const"]["sval"].get("sval", ""))
    operation = node.get("A_Expr", {})
    if operation and operation["name"][0].get("String", {}).get("sval") == "||":
        left, right = _value(operation.get("lexpr", {})), _value(operation.get("rexpr", {}))
        return None if left is None or right is None else left + right
    return None
