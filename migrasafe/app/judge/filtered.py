"""Which columns a query's own condition keeps from being NULL in its result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrasafe.sql.expressions import names_of, walk
from migrasafe.sql.statements import Node

_STRICT = ("AEXPR_OP", "AEXPR_OP_ANY", "AEXPR_IN", "AEXPR_LIKE", "AEXPR_ILIKE", "AEXPR_BETWEEN")
_COMPARE = frozenset({"=", "<>", "<", ">", "<=", ">=", "~~", "~~*", "BETWEEN", "@>", "<@", "&&"})


def filtered_columns(statements: Sequence[Node]) -> frozenset[str]:
    """The names of columns that are not NULL in any row of the result, because the condition would not hold.

    Only of a query over one relation, in which a name can mean nothing else. What UPDATE sets is left out.
    """
    if len(statements) != 1:
        return frozenset()
    kind, fields = next(iter(statements[0].items()))
    relations = sum(one in ("RangeVar", "RangeSubselect", "RangeFunction") for one, _ in walk([statements[0]]))
    relations += "relation" in fields
    if kind not in ("SelectStmt", "UpdateStmt", "DeleteStmt") or relations != 1:
        return frozenset()
    set_ = {item["ResTarget"].get("name") for item in fields.get("targetList", ()) if kind == "UpdateStmt"}
    return frozenset(name for name in _kept(fields.get("whereClause", {})) if name not in set_)


def _kept(condition: Mapping[str, Any]) -> Iterator[str]:
    """The columns of the parts that all have to be true."""
    if not condition:
        return
    kind, fields = next(iter(condition.items()))
    if kind == "BoolExpr" and fields.get("boolop") == "AND_EXPR":
        for part in fields["args"]:
            yield from _kept(part)
    elif kind == "NullTest" and fields.get("nulltesttype") == "IS_NOT_NULL":
        yield from _column(fields["arg"])
    elif kind == "A_Expr" and fields["kind"] in _STRICT and not _COMPARE.isdisjoint(names_of(fields["name"])):
        yield from _column(fields.get("lexpr", {}))
        if fields["kind"] == "AEXPR_OP":
            yield from _column(fields["rexpr"])


def _column(node: Mapping[str, Any]) -> Iterator[str]:
    yield from names_of(node.get("ColumnRef", {}).get("fields", []))[-1:]
