"""The name PostgreSQL gives an output column that has no AS (FigureColname in its parser)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNNAMED = "?column?"

_FIXED = {
    "CoalesceExpr": "coalesce",
    "A_ArrayExpr": "array",
    "RowExpr": "row",
    "GroupingFunc": "grouping",
    "XmlSerialize": "xmlserialize",
    "JsonObjectConstructor": "json_object",
    "JsonArrayConstructor": "json_array",
    "JsonArrayQueryConstructor": "json_array",
    "JsonParseExpr": "json",
    "JsonScalarExpr": "json_scalar",
    "JsonSerializeExpr": "json_serialize",
    "MergeSupportFunc": "merge_action",
}
_SQL_VALUES = {
    "SVFOP_CURRENT_TIMESTAMP_N": "current_timestamp",
    "SVFOP_CURRENT_TIME_N": "current_time",
    "SVFOP_LOCALTIME_N": "localtime",
    "SVFOP_LOCALTIMESTAMP_N": "localtimestamp",
}


def output_name(value: Mapping[str, Any]) -> str:
    """`lower(email)` → lower, `orders.id` → id, `1` → ?column?."""
    name, _ = _figure(value)
    return name or UNNAMED


def _figure(value: Mapping[str, Any]) -> tuple[str | None, int]:
    """The name, and how much it counts: 2 a real one, 1 that of a type or CASE, 0 none."""
    if not value:
        return None, 0
    kind, fields = next(iter(value.items()))
    if kind in _FIXED:
        return _FIXED[kind], 2
    match kind:
        case "ColumnRef":
            names = [part["String"]["sval"] for part in fields.get("fields", []) if "String" in part]
            return (names[-1], 2) if names else (None, 0)
        case "A_Indirection":
            names = [part["String"]["sval"] for part in fields.get("indirection", []) if "String" in part]
            return (names[-1], 2) if names else _figure(fields.get("arg", {}))
        case "FuncCall":
            return fields["funcname"][-1]["String"]["sval"], 2
        case "A_Expr" if fields.get("kind") == "AEXPR_NULLIF":
            return "nullif", 2
        case "TypeCast":
            inner, strength = _figure(fields.get("arg", {}))
            if strength > 1:
                return inner, strength
            names = fields["typeName"].get("names", [])
            return (names[-1]["String"]["sval"], 1) if names else (inner, strength)
        case "CollateClause":
            return _figure(fields.get("arg", {}))
        case "CaseExpr":
            inner, strength = _figure(fields.get("defresult", {}))
            return (inner, strength) if strength > 1 else ("case", 1)
        case "MinMaxExpr":
            return ("greatest" if fields.get("op") == "IS_GREATEST" else "least"), 2
        case "SQLValueFunction":
            operation = str(fields.get("op", ""))
            return _SQL_VALUES.get(operation) or operation.removeprefix("SVFOP_").lower(), 2
        case "XmlExpr":
            return str(fields.get("op", "")).removeprefix("IS_").lower(), 2
        case "SubLink":
            return _sublink(fields)
    return None, 0


def _sublink(fields: Mapping[str, Any]) -> tuple[str | None, int]:
    match fields.get("subLinkType"):
        case "EXISTS_SUBLINK":
            return "exists", 2
        case "ARRAY_SUBLINK":
            return "array", 2
        case "EXPR_SUBLINK":
            targets = fields.get("subselect", {}).get("SelectStmt", {}).get("targetList", [])
            if targets:
                target = targets[0]["ResTarget"]
                return (target["name"], 2) if "name" in target else _figure(target.get("val", {}))
    return None, 0
