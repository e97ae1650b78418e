"""The settings that a statement changes: by SET, RESET, or a call of set_config().

https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-ADMIN-SET
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from migrasafe.regex import regex
from migrasafe.sql.builtin.called import calls_in
from migrasafe.sql.statements import Node, Select, SetVariable, Statement

MAY_SET: frozenset[type[Statement]] = frozenset({SetVariable, Select})
"""The statements that may change a setting."""


def settings_of(statement: Statement) -> tuple[SetVariable, ...]:
    """What the statement sets. A value of set_config() that is not a constant is the text `unknown`."""
    if type(statement) is SetVariable:
        return (statement,)
    return tuple(_set_by_calls(statement)) if type(statement) is Select else ()


def _set_by_calls(statement: Select) -> Iterator[SetVariable]:
    for call in calls_in(statement.query.node):
        names = call.get("funcname") or [{}]
        arguments = call.get("args") or []
        if names[-1].get("String", {}).get("sval") == "set_config" and len(arguments) == 3:
            name = _text(arguments[0])
            if name is not None:
                value = _text(arguments[1])
                yield SetVariable(
                    span=statement.span,
                    name=name.lower(),
                    values=("unknown" if value is None else value,),
                    local=_is_true(arguments[2]),
                )


_UNITS_MS = {"us": 0.001, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = regex(r"\s*'?\s*([+-]?\d*\.?\d+)\s*(us|ms|s|min|h|d)?\s*'?\s*\Z")


@lru_cache(maxsize=32)
def milliseconds(value: str) -> float | None:
    """How long a timeout is; a number alone is in milliseconds. None where it cannot be told.

    https://www.postgresql.org/docs/current/config-setting.html#CONFIG-SETTING-NAMES-VALUES
    """
    match = _DURATION.match(value)
    return None if match is None else float(match[1]) * _UNITS_MS[match[2] or "ms"]


def _text(node: Any) -> str | None:
    node = _uncast(node)
    constant = node.get("A_Const", {})
    if "ival" in constant:
        return str(constant["ival"].get("ival", 0))
    return str(constant["sval"].get("sval", "")) if "sval" in constant else None


def _is_true(node: Any) -> bool:
    constant = _uncast(node).get("A_Const", {})
    if "sval" in constant:
        return str(constant["sval"].get("sval", "")).lower() in ("t", "true", "on", "1")
    return bool(constant.get("boolval", {}).get("boolval"))


def _uncast(node: Node) -> Node:
    while "TypeCast" in node:
        node = node["TypeCast"].get("arg", {})
    return node
