"""Expressions as SQL again, where nobody's text of them is at hand: the default of a column, the predicate of an index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrasafe.sql.statements import Expression

_SELECT = "SELECT "


def expression_sql(expression: Expression) -> str | None:
    """The expression as PostgreSQL's grammar would read it back; None for one that cannot be spelled."""
    import json  # here, with the rest: loading protobuf takes longer than most runs, and few need it
    from importlib import import_module

    json_format = import_module("google.protobuf.json_format")
    postgast = import_module("postgast")
    select = {
        "targetList": [{"ResTarget": {"val": expression.node}}],
        "limitOption": "LIMIT_OPTION_DEFAULT",
        "op": "SETOP_NONE",
    }
    tree = json.dumps({"stmts": [{"stmt": {"SelectStmt": select}}]})
    try:
        empty = import_module("postgast.pg_query_pb2").ParseResult()
        spelled = str(postgast.deparse(json_format.Parse(tree, empty, ignore_unknown_fields=True)))
    except (json_format.Error, postgast.PgQueryError, RecursionError):
        return None
    return spelled.removeprefix(_SELECT).strip() if spelled.startswith(_SELECT) else None


def with_column_renamed(expression: Expression, old: str, new: str) -> Expression:
    """The expression with another name for one column, wherever it stands in it unqualified or last."""
    return Expression(node=_renamed(expression.node, old, new))


def _renamed(node: Any, old: str, new: str) -> Any:
    if isinstance(node, list):
        return [_renamed(one, old, new) for one in node]
    if not isinstance(node, Mapping):
        return node
    if "ColumnRef" in node:
        fields = node["ColumnRef"].get("fields", [])
        if fields and fields[-1].get("String", {}).get("sval") == old:
            return {"ColumnRef": {"fields": [*fields[:-1], {"String": {"sval": new}}]}}
    return {key: _renamed(value, old, new) for key, value in node.items()}
