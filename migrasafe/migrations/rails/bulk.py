"""`User.where(admin: true).update_all(role: "admin")`: changes of many rows that a migration makes through a model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from migrasafe.migrations.rails.ruby import Names, Value, read_call, text_of
from migrasafe.migrations.rails.words import NotReadError, literal, plural, quoted

if TYPE_CHECKING:
    from tree_sitter import Node

_CONSTANTS = ("constant", "scope_resolution")
_NOTHING = ("all", "unscoped", "reorder", "order")


def bulk_change(node: Node, names: Names) -> str | None:
    """The UPDATE or DELETE of a call that changes all rows of a model, or those of plain conditions; None for another call."""
    call = read_call(node, names)
    if call.name not in ("update_all", "delete_all"):
        return None
    conditions: list[str] = []
    try:
        model = _model(call.receiver, names, conditions)
        if model is None:
            return None
        table = quoted(_table(model))
        where = f" WHERE {' AND '.join(reversed(conditions))}" if conditions else ""
        if call.name == "delete_all":
            return f"DELETE FROM {table}{where}"
        return f"UPDATE {table} SET {_assignments(call.arguments, call.options)}{where}"
    except NotReadError:
        return None


def _assignments(arguments: list[Value], options: dict[str, Value]) -> str:
    if arguments and isinstance(arguments[0], str):
        return arguments[0]
    if not options:
        raise NotReadError("what is assigned cannot be read")
    return ", ".join(f"{quoted(name)} = {literal(value)}" for name, value in options.items())


def _model(node: Node | None, names: Names, conditions: list[str]) -> str | None:
    """The model that a chain of conditions begins with, the last condition first."""
    while node is not None and node.type not in _CONSTANTS:
        if node.type != "call":
            return None
        call = read_call(node, names)
        negated = call.name == "not"
        if call.name in ("where", "not") and not call.arguments and call.options:
            conditions.append(_condition(call.options, negated=negated))
        elif call.name == "where" and len(call.arguments) == 1 and isinstance(call.arguments[0], str):
            conditions.append(f"({call.arguments[0]})")
        elif not (call.name in _NOTHING or (call.name == "where" and not call.arguments)):
            return None
        node = call.receiver
    return text_of(node) if node is not None else None


def _condition(options: dict[str, Value], *, negated: bool) -> str:
    parts = []
    for name, value in options.items():
        if isinstance(value, list):
            parts.append(f"{quoted(name)} IN ({', '.join(map(literal, value))})")
        elif value is None:
            parts.append(f"{quoted(name)} IS NULL")
        else:
            parts.append(f"{quoted(name)} = {literal(value)}")
    joined = " AND ".join(parts)
    return f"NOT ({joined})" if negated else joined


def _table(model: str) -> str:
    """`Admin::UserRole` → user_roles, as Active Record would call it."""
    word = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", model.rpartition("::")[2]).lower()
    return plural(word)
