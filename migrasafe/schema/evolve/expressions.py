"""Expressions as values: made, compared and followed through renames."""

from __future__ import annotations

from typing import Any

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.names_used import literal_sequence
from migrasafe.schema.model import Ref
from migrasafe.sql.expressions import is_null_constant
from migrasafe.sql.statements import Expression, Name, Node


def nextval_of(sequence: Ref) -> Expression:
    """`nextval('sequence'::regclass)`, the default of a serial column."""
    quoted = ".".join('"' + part.replace('"', '""') + '"' for part in sequence)
    literal = {"A_Const": {"sval": {"sval": quoted}}}
    regclass = {"TypeCast": {"arg": literal, "typeName": {"names": [{"String": {"sval": "regclass"}}], "typemod": -1}}}
    call = {"funcname": [{"String": {"sval": "nextval"}}], "args": [regclass], "funcformat": "COERCE_EXPLICIT_CALL"}
    return Expression(node={"FuncCall": call})


def with_full_sequence_name(draft: Draft, default: Expression | None) -> Expression | None:
    """A nextval default with the sequence under its full name: PostgreSQL keeps the sequence, whatever it is called."""
    name = sequence_of_default(default)
    return default if name is None else nextval_of(draft.resolve(*name))


def sequence_of_default(expression: Expression | None) -> Name | None:
    """The sequence of a default that is a plain nextval call."""
    call = expression.node.get("FuncCall") if expression is not None else None
    if call is None or call["funcname"][-1]["String"]["sval"] != "nextval":
        return None
    return literal_sequence(call)


def is_null(expression: Expression | None) -> bool:
    """Whether a default is the constant NULL: the same as none."""
    return expression is not None and is_null_constant(expression)


def with_renamed_column(expression: Expression | None, old: str, new: str) -> Expression | None:
    """The expression with references to one column under its new name; the same value if it mentions none."""
    if expression is None:
        return None
    node = _renamed(expression.node, old, new)
    return expression if node is expression.node else Expression(node=node)


def _renamed(node: Any, old: str, new: str) -> Any:
    if isinstance(node, dict):
        changed: dict[str, Any] | None = None
        for key, value in node.items():
            if not isinstance(value, (dict, list)):
                continue
            if key == "ColumnRef" and isinstance(value, dict):
                replaced = _renamed_reference(value, old, new)
            else:
                replaced = _renamed(value, old, new)
            if replaced is not value:
                changed = dict(node) if changed is None else changed
                changed[key] = replaced
        return node if changed is None else changed
    items = [_renamed(item, old, new) if isinstance(item, (dict, list)) else item for item in node]
    return node if all(one is other for one, other in zip(items, node, strict=True)) else items


def _renamed_reference(reference: Node, old: str, new: str) -> Node:
    fields = reference.get("fields") or []
    if not fields or fields[-1].get("String", {}).get("sval") != old:
        return reference
    return {**reference, "fields": [*fields[:-1], {"String": {"sval": new}}]}
