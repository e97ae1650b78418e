"""The functions that expressions and statements call, and how volatile they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from msgspec import Struct

from migrasafe.sql.expressions import names_of, walk
from migrasafe.sql.statements import Expression, Node, Query


class FunctionCall(Struct, frozen=True, kw_only=True):
    schema: str | None
    name: str
    arguments: int


def calls_in(node: Node) -> Iterator[Mapping[str, Any]]:
    """The parse trees of the calls in an expression or query, and of the call that CALL is."""
    for kind, fields in walk(node):
        if kind == "FuncCall":
            yield fields
        elif kind == "CallStmt":
            yield fields.get("funccall", {})


def function_calls(node: Node) -> tuple[FunctionCall, ...]:
    """The functions that an expression or query calls by name."""
    found = []
    for kind, fields in walk(node):
        if kind == "FuncCall":
            names = names_of(fields.get("funcname", []))
            found.append(
                FunctionCall(
                    schema=names[-2] if len(names) > 1 else None,
                    name=names[-1] if names else "",
                    arguments=len(fields.get("args", [])),
                )
            )
    return tuple(found)


def direct_calls(query: Query) -> tuple[FunctionCall, ...]:
    """The functions that a statement is there to call: by CALL, SELECT f(…) that reads no table, or SELECT … FROM f(…)."""
    select = query.node.get("SelectStmt", {})
    places: list[Any] = [query.node] if "CallStmt" in query.node else []
    sources = select.get("fromClause", [])
    if not sources:
        places = places or [target.get("ResTarget", {}).get("val", {}) for target in select.get("targetList", [])]
    elif all("RangeFunction" in source for source in sources):
        places = [
            item["List"]["items"][0] for source in sources for item in source["RangeFunction"].get("functions", [])
        ]
    calls = [place["CallStmt"]["funccall"] if "CallStmt" in place else place.get("FuncCall") for place in places]
    return tuple(_named(call) for call in calls if call is not None and call.get("funcname"))


def _named(call: Mapping[str, Any]) -> FunctionCall:
    names = names_of(call.get("funcname", []))
    return FunctionCall(
        schema=names[-2] if len(names) > 1 else None, name=names[-1], arguments=len(call.get("args", []))
    )


def is_known_function(call: FunctionCall) -> bool:
    """Whether PostgreSQL itself or an extension that comes with it has a function of that name."""
    return call.schema == "pg_catalog" or _builtin(call.name) is not None


# --- volatility -------------------------------------------------------------------------------------------------------


class FunctionFact(Struct, frozen=True, kw_only=True):
    """What the schema knows of a function that a migration made."""

    volatility: str
    language: str = "sql"
    source_text: str | None = None
    security_definer: bool = False
    strict: bool = False
    has_settings: bool = False


class Volatility(Struct, frozen=True, kw_only=True):
    volatile_functions: tuple[str, ...] = ()
    unknown_functions: tuple[str, ...] = ()


LookUp = Callable[[str | None, str, int], FunctionFact | None]


def volatility_of(expression: Expression, look_up: LookUp, *, pg_version: int) -> Volatility:
    """Which functions make an expression volatile, and which nobody knows. `look_up` knows the schema's own."""
    volatile: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for call in function_calls(expression.node):
        fact = look_up(call.schema, call.name, call.arguments) if call.schema != "pg_catalog" else None
        if fact is not None:
            if fact.volatility == "volatile" and not _inlines_to_less(fact, look_up, pg_version):
                volatile[call.name] = None
            continue
        match _builtin(call.name):
            case "volatile":
                volatile[call.name] = None
            case None:
                unknown[call.name] = None
    return Volatility(volatile_functions=tuple(volatile), unknown_functions=tuple(unknown))


@cache
def _builtinnames_of() -> tuple[frozenset[str], frozenset[str]]:
    from migrasafe.sql.builtin import volatility as known  # a few kilobytes that most migrations never need

    volatile = frozenset(known.VOLATILE.split()) | frozenset(known.EXTENSION_VOLATILE.split())
    rest = (known.STABLE, known.IMMUTABLE, known.EXTENSION_STABLE, known.EXTENSION_IMMUTABLE)
    return volatile, frozenset(word for words in rest for word in words.split())


def _builtin(name: str) -> str | None:
    volatile, calm = _builtinnames_of()
    if name in volatile:
        return "volatile"
    return "calm" if name in calm else None


def _inlines_to_less(fact: FunctionFact, look_up: LookUp, pg_version: int) -> bool:
    """A SQL function of one plain SELECT is inlined by the planner before it looks at volatility."""
    if fact.language != "sql" or not fact.source_text or fact.security_definer or fact.strict or fact.has_settings:
        return False
    from migrasafe.sql.libpg_query import ParserError, TooDeepError, parse

    try:
        trees = parse(fact.source_text)
    except (ParserError, TooDeepError, ValueError):
        return False
    if len(trees) != 1:
        return False
    select = trees[0]["stmt"].get("SelectStmt", {})
    targets = select.get("targetList", [])
    if len(targets) != 1 or set(select) - {"targetList", "limitOption", "op"}:
        return False
    inner = volatility_of(Expression(node=targets[0]), look_up, pg_version=pg_version)
    return not inner.volatile_functions and not inner.unknown_functions


# --- constants and proofs -----------------------------------------------------------------------------------------------
