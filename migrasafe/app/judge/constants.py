"""Constants that a query writes: whether they fit into a type, and whether they meet a CHECK. Nothing is guessed: what
needs the server's help, as the order of texts does, is not known."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from migrasafe.sql.expressions import names_of
from migrasafe.sql.statements import Expression, Node, TypeName

Constant = str | Decimal | bool | None


class Unknown(Exception):  # noqa: N818 – no error: it ends an evaluation that cannot be finished
    """The value is only known to the server."""


_TEXTS = frozenset({"text", "varchar", "bpchar", "citext", "name"})
_RANGES = {"int2": 2**15, "int4": 2**31, "int8": 2**63}
_LENGTHS = frozenset({"length", "char_length", "character_length"})


def fits(value: Node, wanted: TypeName) -> bool | None:
    """Whether a constant is a value of the type; None where that is not known."""
    try:
        given = _value(value, {})
    except Unknown:
        return None
    if given is None:
        return True
    if wanted.array or (wanted.schema or "pg_catalog") != "pg_catalog":
        return None
    if wanted.name in ("varchar", "bpchar") and isinstance(given, str):
        return not wanted.modifiers or len(given.rstrip(" ")) <= int(wanted.modifiers[0])
    if isinstance(given, bool) or (isinstance(given, str) and wanted.name in _TEXTS):
        return None
    number = _number(given)
    if number is None:
        return None
    if wanted.name in _RANGES:
        return -_RANGES[wanted.name] <= round(number) < _RANGES[wanted.name]
    if wanted.name == "numeric" and wanted.modifiers:
        scale = int(wanted.modifiers[1]) if len(wanted.modifiers) > 1 else 0
        return abs(round(number, scale)) < Decimal(10) ** (int(wanted.modifiers[0]) - scale)
    return True if wanted.name == "numeric" else None


def meets(check: Expression, column: str, value: Node) -> bool | None:
    """Whether a row with this constant passes a CHECK of one column; None where that is not known."""
    try:
        found = _value(check.node, {column: _value(value, {})})
    except Unknown:
        return None
    return found is not False


def _number(value: Constant) -> Decimal | None:
    try:
        return value if isinstance(value, Decimal) else Decimal(str(value).strip())
    except InvalidOperation:
        return None


def _value(node: Node, columns: Mapping[str, Constant]) -> Constant:
    """Raises Unknown. NULL is None."""
    if not node:
        raise Unknown
    kind, fields = next(iter(node.items()))
    match kind:
        case "A_Const":
            return _constant(fields)
        case "TypeCast":
            return _cast(fields, columns)
        case "ColumnRef":
            names = names_of(fields["fields"])
            if names and names[-1] in columns:
                return columns[names[-1]]
        case "BoolExpr":
            return _logic(fields, columns)
        case "NullTest":
            is_null = _value(fields["arg"], columns) is None
            return is_null is (fields["nulltesttype"] == "IS_NULL")
        case "A_Expr":
            return _operation(fields, columns)
        case "FuncCall" if len(fields.get("args", ())) == 1:
            text = _value(fields["args"][0], columns)
            if names_of(fields["funcname"])[-1] in _LENGTHS and (text is None or isinstance(text, str)):
                return None if text is None else Decimal(len(text))
    raise Unknown


def _constant(fields: Mapping[str, Any]) -> Constant:
    if fields.get("isnull"):
        return None
    if "ival" in fields:
        return Decimal(fields["ival"].get("ival", 0))
    if "fval" in fields:
        return Decimal(str(fields["fval"].get("fval", "0")).replace("_", ""))
    if "boolval" in fields:
        return bool(fields["boolval"].get("boolval", False))
    if "sval" in fields:
        return str(fields["sval"].get("sval", ""))
    raise Unknown


def _cast(fields: Mapping[str, Any], columns: Mapping[str, Constant]) -> Constant:
    """A cast to text without a length keeps the value."""
    value = _value(fields["arg"], columns)
    name = names_of(fields["typeName"]["names"])[-1:]
    if value is None or (isinstance(value, str) and name[0] in _TEXTS and name != ("bpchar",)):
        if "typmods" not in fields["typeName"]:
            return value
    elif isinstance(value, Decimal) and name == ("numeric",) and "typmods" not in fields["typeName"]:
        return value
    raise Unknown


def _logic(fields: Mapping[str, Any], columns: Mapping[str, Constant]) -> Constant:
    operator, parts = fields["boolop"], fields["args"]
    decided: bool = operator == "OR_EXPR"
    results: list[Constant] = []
    unknown = False
    for part in parts:
        try:
            results.append(_value(part, columns))
        except Unknown:
            unknown = True
    if operator != "NOT_EXPR" and decided in results:
        return decided
    if unknown or any(one is not None and not isinstance(one, bool) for one in results):
        raise Unknown
    if operator == "NOT_EXPR":
        return None if results[0] is None else not results[0]
    return None if None in results else not decided


def _operation(fields: Mapping[str, Any], columns: Mapping[str, Constant]) -> Constant:
    kind, operator = fields["kind"], names_of(fields["name"])[-1:]
    left, right = fields.get("lexpr"), fields["rexpr"]
    if kind == "AEXPR_OP" and operator == ("-",) and left is None:
        value = _value(right, columns)
        if isinstance(value, Decimal):
            return -value
        raise Unknown
    if left is None:
        raise Unknown
    one = _value(left, columns)
    if kind == "AEXPR_OP":
        return _compare(operator, one, _value(right, columns))
    if kind in ("AEXPR_IN", "AEXPR_OP_ANY"):
        found = [_compare(("=",), one, _value(item, columns)) for item in _items(right)]
        if kind == "AEXPR_OP_ANY" and operator != ("=",):
            raise Unknown
        is_in = True if True in found else None if None in found else False
        return is_in if operator != ("<>",) or is_in is None else not is_in
    if kind == "AEXPR_BETWEEN":
        low, high = (_value(item, columns) for item in _items(right))
        both = (_compare((">=",), one, low), _compare(("<=",), one, high))
        return False if False in both else None if None in both else True
    raise Unknown


def _items(node: Node) -> list[Any]:
    """The items of a list, or of an ARRAY, which may be cast as a whole."""
    while "TypeCast" in node:
        node = node["TypeCast"]["arg"]
    if "List" in node:
        return list(node["List"]["items"])
    if "A_ArrayExpr" in node:
        return list(node["A_ArrayExpr"].get("elements", []))
    raise Unknown


def _compare(operator: tuple[str, ...], left: Constant, right: Constant) -> bool | None:
    if left is None or right is None:
        return None
    if isinstance(left, Decimal) != isinstance(right, Decimal):  # '5' is a number where the other side is one
        numbers = _number(left), _number(right)
        if numbers[0] is None or numbers[1] is None:
            raise Unknown
        left, right = numbers
    match operator:
        case ("=",):
            return left == right
        case ("<>",):
            return left != right
    if not isinstance(left, Decimal) or not isinstance(right, Decimal):
        raise Unknown
    match operator:
        case ("<",):
            return left < right
        case ("<=",):
            return left <= right
        case (">",):
            return left > right
        case (">=",):
            return left >= right
    raise Unknown
