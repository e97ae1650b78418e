"""The names PostgreSQL makes up for constraints, indexes and sequences that were given none.

Follows makeObjectName, ChooseRelationName, ChooseConstraintName and FigureColname of PostgreSQL itself, to the byte:
later migrations drop `orders_customer_id_fkey` by that very name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from migrasafe.sql.statements import IndexElement, Node

MOST_BYTES = 63
"""NAMEDATALEN - 1."""


def clipped(name: str, most: int = MOST_BYTES) -> str:
    """`name` cut to `most` bytes of UTF-8 without splitting a character, as PostgreSQL truncates identifiers."""
    raw = name.encode("utf-8")
    return name if len(raw) <= most else raw[: max(most, 0)].decode("utf-8", "ignore")


def object_name(first: str, second: str | None, label: str) -> str:
    """`first_second_label`, the longer of the first two shortened until it fits: makeObjectName."""
    if len(first) + len(second or "") + len(label) + 2 <= MOST_BYTES // 4:
        return f"{first}_{second}_{label}" if second else f"{first}_{label}"
    overhead = (1 if second else 0) + 1 + len(label.encode("utf-8"))
    room = MOST_BYTES - overhead
    first_bytes = len(first.encode("utf-8"))
    second_bytes = len(second.encode("utf-8")) if second else 0
    while first_bytes + second_bytes > room:
        if first_bytes > second_bytes:
            first_bytes -= 1
        else:
            second_bytes -= 1
    first = clipped(first, first_bytes)
    return f"{first}_{clipped(second, second_bytes)}_{label}" if second else f"{first}_{label}"


def first_free(first: str, second: str | None, label: str, is_taken: Callable[[str], bool]) -> str:
    """The generated name, with the label numbered from 1 while it is taken."""
    name = object_name(first, second, label)
    number = 0
    while is_taken(name):
        number += 1
        name = object_name(first, second, f"{label}{number}")
    return name


def joined_columns(columns: Iterable[str]) -> str:
    """Column names joined by `_`, stopping once a name is full: ChooseIndexNameAddition."""
    text = ""
    for column in columns:
        text = f"{text}_{column}" if text else column
        if len(text) * 4 >= MOST_BYTES and len(text.encode("utf-8")) > MOST_BYTES:
            break
    return text


def index_column_names(elements: Iterable[IndexElement], include: Iterable[str] = ()) -> tuple[str, ...]:
    """What the columns of an index are called: expressions by their label, repeated names numbered."""
    names: list[str] = []
    for wanted in (*(_element_name(element) for element in elements), *include):
        name, number = wanted, 0
        while name in names:
            number += 1
            name = f"{clipped(wanted, MOST_BYTES - len(str(number)))}{number}"
        names.append(name)
    return tuple(names)


def _element_name(element: IndexElement) -> str:
    if element.column is not None:
        return element.column
    return (label_of(element.expression.node) if element.expression is not None else None) or "expr"


def label_of(node: Node) -> str | None:
    """What an expression's result is called where nobody says; None for `?column?`: FigureColname."""
    return _label(node)[0]


def _label(node: Node) -> tuple[str | None, int]:
    """The label, and how strongly it is meant: 2 a name, 1 a type or CASE, 0 nothing."""
    for key, value in node.items():
        special = _SPECIAL.get(key)
        if special is not None:
            return special(value)
        if key in _FIXED:
            return _FIXED[key], 2
    return None, 0


def _last_string(items: Any) -> str | None:
    for item in reversed(items or ()):
        if "String" in item:
            return str(item["String"].get("sval", ""))
    return None


def _column_ref(value: Node) -> tuple[str | None, int]:
    name = _last_string(value.get("fields"))
    return name, 2 if name is not None else 0


def _indirection(value: Node) -> tuple[str | None, int]:
    name = _last_string(value.get("indirection"))
    return (name, 2) if name is not None else _label(value.get("arg", {}))


def _call(value: Node) -> tuple[str | None, int]:
    return _last_string(value.get("funcname")), 2


def _operator(value: Node) -> tuple[str | None, int]:
    return ("nullif", 2) if value.get("kind") == "AEXPR_NULLIF" else (None, 0)


def _cast(value: Node) -> tuple[str | None, int]:
    name, strength = _label(value.get("arg", {}))
    if strength <= 1:
        type_name = _last_string(value.get("typeName", {}).get("names"))
        if type_name is not None:
            return type_name, 1
    return name, strength


def _collate(value: Node) -> tuple[str | None, int]:
    return _label(value.get("arg", {}))


def _case(value: Node) -> tuple[str | None, int]:
    name, strength = _label(value.get("defresult", {}))
    return (name, strength) if strength > 1 else ("case", 1)


def _sublink(value: Node) -> tuple[str | None, int]:
    kind = value.get("subLinkType")
    if kind == "EXISTS_SUBLINK":
        return "exists", 2
    if kind == "ARRAY_SUBLINK":
        return "array", 2
    if kind == "EXPR_SUBLINK":
        targets: Any = value.get("subselect", {}).get("SelectStmt", {}).get("targetList") or ({},)
        target = targets[0].get("ResTarget", {})
        return (target["name"], 2) if "name" in target else _label(target.get("val", {}))
    return None, 0


def _value_function(value: Node) -> tuple[str | None, int]:
    name = str(value.get("op", "")).removeprefix("SVFOP_").lower().removesuffix("_n")
    return name, 2


def _min_max(value: Node) -> tuple[str | None, int]:
    return ("least" if value.get("op") == "IS_LEAST" else "greatest"), 2


def _xml(value: Node) -> tuple[str | None, int]:
    name = {
        "IS_XMLCONCAT": "xmlconcat",
        "IS_XMLELEMENT": "xmlelement",
        "IS_XMLFOREST": "xmlforest",
        "IS_XMLPARSE": "xmlparse",
        "IS_XMLPI": "xmlpi",
        "IS_XMLROOT": "xmlroot",
    }.get(str(value.get("op")))
    return name, 2 if name else 0


_SPECIAL: dict[str, Callable[[Any], tuple[str | None, int]]] = {
    "ColumnRef": _column_ref,
    "A_Indirection": _indirection,
    "FuncCall": _call,
    "A_Expr": _operator,
    "TypeCast": _cast,
    "CollateClause": _collate,
    "CaseExpr": _case,
    "SubLink": _sublink,
    "SQLValueFunction": _value_function,
    "MinMaxExpr": _min_max,
    "XmlExpr": _xml,
}

_FIXED = {
    "GroupingFunc": "grouping",
    "A_ArrayExpr": "array",
    "RowExpr": "row",
    "CoalesceExpr": "coalesce",
    "XmlSerialize": "xmlserialize",
    "JsonParseExpr": "json",
    "JsonScalarExpr": "json_scalar",
    "JsonSerializeExpr": "json_serialize",
    "JsonObjectConstructor": "json_object",
    "JsonArrayConstructor": "json_array",
    "JsonArrayQueryConstructor": "json_array",
    "JsonObjectAgg": "json_objectagg",
    "JsonArrayAgg": "json_arrayagg",
    "MergeSupportFunc": "merge_action",
}
