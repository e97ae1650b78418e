"""Functions, procedures, DO blocks, triggers; and the SQL inside their bodies."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from migrasafe.regex import regex
from migrasafe.sql.convert.base import (
    Fields,
    Origin,
    arguments,
    expression,
    fields,
    name_from_list,
    options,
    relation,
    strings,
    text_of,
    type_name,
)
from migrasafe.sql.convert.objects import object_kind
from migrasafe.sql.lexer import Kind, tokens
from migrasafe.sql.statements import (
    AlterFunction,
    Argument,
    Body,
    Call,
    CreateEventTrigger,
    CreateFunction,
    CreateTrigger,
    DoBlock,
    Guarded,
    Query,
    Span,
    Statement,
    Unrecognized,
)

_MODES = {
    "FUNC_PARAM_OUT": "out",
    "FUNC_PARAM_INOUT": "inout",
    "FUNC_PARAM_VARIADIC": "variadic",
    "FUNC_PARAM_TABLE": "table",
}
_NOT_READ = frozenset({"c", "internal"})
ParseInner = Callable[[str, Span, frozenset[str]], tuple[Statement, ...]]
"""(SQL, where it stands, names of variables in it) → its statements."""


def create_function(node: Fields, origin: Origin, parse_inner: ParseInner) -> Statement:
    given = {fields(item).get("defname", ""): fields(item).get("arg") for item in node.get("options", [])}
    language = text_of(given["language"]).lower() if given.get("language") else "sql"
    body_items = fields(given["as"]).get("items", []) if given.get("as") else []
    source_text = text_of(body_items[0]) if body_items else None
    body: Body | None = None
    if "sql_body" in node:
        body = _atomic_body(origin, parse_inner)
    elif source_text is not None and language not in _NOT_READ:
        names = frozenset(str(fields(item).get("name", "")) for item in node.get("parameters", []))
        body = read_body(language, origin, source_text, parse_inner, names)
    return CreateFunction(
        span=origin.span,
        name=name_from_list(node.get("funcname")),
        arguments=tuple(_argument(fields(item)) for item in node.get("parameters", [])),
        returns=type_name(node["returnType"]) if "returnType" in node else None,
        language=language,
        volatility=text_of(given["volatility"]).lower() if given.get("volatility") else "volatile",
        strict=_is_true(given.get("strict")),
        security_definer=_is_true(given.get("security")),
        settings=_settings(node.get("options"), reset=False),
        procedure=bool(node.get("is_procedure")),
        replace=bool(node.get("replace")),
        body=body,
        source_text=source_text,
        definition=origin.text[origin.span.start : origin.span.end],
    )


def _is_true(node: Mapping[str, Any] | None) -> bool:
    return bool(node) and text_of(node or {}) == "true"


def _argument(node: Fields) -> Argument:
    return Argument(
        name=node.get("name"),
        type=type_name(node["argType"]),
        mode=_MODES.get(node.get("mode", ""), "in"),
        default=expression(node.get("defexpr")),
    )


def do_block(node: Fields, origin: Origin, parse_inner: ParseInner) -> Statement:
    given = {fields(item).get("defname", ""): fields(item).get("arg") for item in node.get("args", [])}
    language = text_of(given["language"]).lower() if given.get("language") else "plpgsql"
    source_text = text_of(given["as"]) if given.get("as") else ""
    return DoBlock(span=origin.span, language=language, body=read_body(language, origin, source_text, parse_inner))


# --- bodies -----------------------------------------------------------------------------------------------------------


# In a function in SQL a column comes before an argument of its name: these are never called like columns.
_ARGUMENT = regex(r"(?:_|p_|v_|in_|arg_).*|.*_(?:in|arg|)")


def read_body(
    language: str, origin: Origin, source_text: str, parse_inner: ParseInner, arguments: frozenset[str] = frozenset()
) -> Body:
    """The statements of a body written as a string, with spans into the source."""
    span = _text_span(origin, source_text)
    if language == "plpgsql":
        from migrasafe.sql.plpgsql.blocks import read_body as read_plpgsql  # few scripts have any: not worth its import

        statement = origin.text[origin.span.start : origin.span.end]
        return read_plpgsql(statement, span, origin.text, parse_inner)
    if language == "sql":
        variables = frozenset(name for name in arguments if _ARGUMENT.fullmatch(name))
        inner = parse_inner(source_text, span, variables)
        return Body(statements=tuple(Guarded(statement=one) for one in inner), text_span=span)
    unread = Unrecognized(
        span=origin.span,
        kind="other language",
        reason=f"the body is written in {language}, which migrasafe does not read",
    )
    return Body(statements=(Guarded(statement=unread),), text_span=span)


def _text_span(origin: Origin, source_text: str) -> Span:
    """Where the body's text stands, without its quotes. A body in '…' with doubled quotes is a little longer in the file."""
    best: Span | None = None
    for token in tokens(origin.text, origin.span.start, origin.span.end):
        if token.kind is Kind.DOLLAR:
            opening = origin.text.index("$", token.start + 1) + 1 - token.start
            inner = Span(token.start + opening, token.end - opening)
        elif token.kind is Kind.STRING:
            inner = Span(origin.text.index("'", token.start) + 1, token.end - 1)
        else:
            continue
        if origin.text[inner.start : inner.end] == source_text:
            return inner
        if best is None or inner.end - inner.start > best.end - best.start:
            best = inner
    return best or origin.span


_ATOMIC = regex(r"\s*ATOMIC\b", re.IGNORECASE)


def _atomic_body(origin: Origin, parse_inner: ParseInner) -> Body | None:
    """BEGIN ATOMIC … END, or RETURN expression (which holds no statement)."""
    for token in tokens(origin.text, origin.span.start, origin.span.end):
        if token.kind is Kind.WORD and origin.text[token.start : token.end].lower() == "begin":
            atomic = _ATOMIC.match(origin.text, token.end)
            if atomic:
                end = origin.text.lower().rindex("end", atomic.end(), origin.span.end)
                span = Span(atomic.end(), end)
                inner = parse_inner(origin.text[span.start : span.end], span, frozenset())
                return Body(statements=tuple(Guarded(statement=one) for one in inner), text_span=span)
    return None


# --- the rest ---------------------------------------------------------------------------------------------------------


def alter_function(node: Fields, origin: Origin) -> Statement:
    subject = {"ObjectWithArgs": node.get("func", {})}
    given = dict(options(node.get("actions")))
    security = given.get("security")
    return AlterFunction(
        span=origin.span,
        name=name_from_list(node.get("func", {}).get("objname")),
        kind=object_kind(node.get("objtype", "")),
        arguments=arguments(subject),
        volatility=given.get("volatility"),
        security_definer=None if security is None else security == "true",
        sets=_settings(node.get("actions"), reset=False),
        resets=_settings(node.get("actions"), reset=True),
    )


_RESETS = frozenset({"VAR_RESET", "VAR_RESET_ALL", "VAR_SET_DEFAULT"})


def _settings(items: list[Fields] | None, *, reset: bool) -> tuple[str, ...]:
    """The names in SET and RESET clauses of a function."""
    clauses = [fields(item)["arg"]["VariableSetStmt"] for item in items or () if fields(item).get("defname") == "set"]
    return tuple(clause.get("name", "all") for clause in clauses if (clause.get("kind") in _RESETS) is reset)


def call(node: Fields, origin: Origin) -> Statement:
    return Call(
        span=origin.span,
        name=name_from_list(node.get("funccall", {}).get("funcname")),
        query=Query(node={"CallStmt": node}),
    )


_EVENTS = ((4, "insert"), (8, "delete"), (16, "update"), (32, "truncate"))


def create_trigger(node: Fields, origin: Origin) -> Statement:
    timing, events = node.get("timing", 0), node.get("events", 0)
    return CreateTrigger(
        span=origin.span,
        name=node.get("trigname", ""),
        table=relation(node["relation"]),
        function=name_from_list(node.get("funcname")),
        timing="before" if timing & 2 else "instead of" if timing & 64 else "after",
        events=tuple(word for bit, word in _EVENTS if events & bit),
        columns=strings(node.get("columns")),
        row=bool(node.get("row")),
        constraint=bool(node.get("isconstraint")),
        deferrable=bool(node.get("deferrable")),
        initially_deferred=bool(node.get("initdeferred")),
        replace=bool(node.get("replace")),
        when=expression(node.get("whenClause")),
    )


def create_event_trigger(node: Fields, origin: Origin) -> Statement:
    return CreateEventTrigger(
        span=origin.span,
        name=node.get("trigname", ""),
        event=node.get("eventname", ""),
        function=name_from_list(node.get("funcname")),
    )
