"""Whether the value that a query writes into a column can be NULL, as far as its text and the schema tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from migrasafe.sql.expressions import names_of
from migrasafe.sql.statements import Node

_NEVER = frozenset({"SetToDefault", "NullTest", "BooleanTest", "SQLValueFunction", "RowExpr", "A_ArrayExpr"})
_ANY_OF_THEM = ("TypeCast", "CollateClause", "A_Expr", "BoolExpr", "FuncCall", "List")
"""NULL where a part of it is, as nearly all functions and operators have it."""
_ONLY_ALL = ("CoalesceExpr", "MinMaxExpr")
_NEVER_CALLS = frozenset(
    {"concat", "count", "json_build_array", "json_build_object", "jsonb_build_array", "jsonb_build_object"}
)
_MISSING = frozenset({"->", "->>", "#>", "#>>"})
"""Operators that give NULL for what is not there."""


def can_be_null(value: Node, never_null: Collection[int], never_null_columns: Collection[str]) -> bool:
    """`never_null` are the numbers of parameters, `never_null_columns` the names of columns that never are. Anything that
    this does not know can be."""
    pending: list[Any] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            pending.extend(item)
            continue
        for kind, fields in item.items():
            if kind in _NEVER:
                continue
            if kind == "A_Const":
                if fields.get("isnull"):
                    return True
            elif kind == "ParamRef":
                if int(fields.get("number", 0)) not in never_null:
                    return True
            elif kind == "ColumnRef":
                names = names_of(fields["fields"])
                if not names or names[-1] not in never_null_columns:
                    return True
            elif kind in _ONLY_ALL:
                if all(can_be_null(one, never_null, never_null_columns) for one in fields["args"]):
                    return True
            elif kind == "SubLink":
                if fields.get("subLinkType") not in ("EXISTS_SUBLINK", "ARRAY_SUBLINK"):
                    return True
            elif kind == "CaseExpr":
                if "defresult" not in fields:
                    return True
                pending.append(fields["defresult"])
                pending.extend(when["CaseWhen"]["result"] for when in fields["args"])
            elif kind in _ANY_OF_THEM and not _gives_null(kind, fields):
                pending.extend(_parts(fields))
            else:
                return True
    return False


def _gives_null(kind: str, fields: Mapping[str, Any]) -> bool:
    """Even where no part of it is NULL."""
    return kind == "A_Expr" and (
        fields.get("kind") == "AEXPR_NULLIF" or not _MISSING.isdisjoint(names_of(fields["name"]))
    )


def _parts(fields: Mapping[str, Any]) -> Iterator[Any]:
    called = names_of(fields.get("funcname", []))[-1:]
    if fields.get("kind") in ("AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT") or not _NEVER_CALLS.isdisjoint(called):
        return
    for key in ("arg", "args", "items", "lexpr", "rexpr"):
        if key in fields:
            yield fields[key]
