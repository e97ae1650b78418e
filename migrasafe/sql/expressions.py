"""Questions about value expressions: what they call and read, what they prove, which rows they leave in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from migrasafe.sql.statements import Expression, Name, Node, Query

_PLACES = frozenset({"location", "list_start", "list_end", "rexpr_list_start", "rexpr_list_end", "name_location"})


_LEAVES = frozenset({"String", "A_Const"})
"""Nodes with no other node in them."""


def walk(node: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every node of a tree with its type, in no particular order; without recursion, however deep it is."""
    stack = [node]
    while stack:
        item = stack.pop()
        if type(item) is list:
            stack.extend(item)
            continue
        for key, value in item.items():
            kind = type(value)
            if kind is dict:
                if key < "a":  # types are written in upper camel case, fields in lower case
                    yield key, value
                    if key in _LEAVES:
                        continue
                stack.append(value)
            elif kind is list:
                stack.append(value)


def parts_of(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every part of a tree, also those that have no type of their own; likewise."""
    stack = [tree]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            yield item
            stack.extend(item.values())
        elif isinstance(item, list):
            stack.extend(item)


@lru_cache(maxsize=1024)
def nodes_of(query: Query) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """Every node of a query, as `walk`: what it does is predicted from them, and rules ask again a few hundred statements
    later."""
    return tuple(walk(query.node))


def names_of(nodes: list[Mapping[str, Any]]) -> tuple[str, ...]:
    """The parts of a dotted name."""
    return tuple([node["String"].get("sval", "") for node in nodes if "String" in node])


# --- names ------------------------------------------------------------------------------------------------------------


def columns_read(expression: Expression) -> frozenset[str]:
    """The columns an expression mentions, without their qualifiers."""
    found = set()
    for kind, fields in walk(expression.node):
        if kind == "ColumnRef":
            names = names_of(fields.get("fields", []))
            if names:
                found.add(names[-1])
    return frozenset(found)


def relations_in(query: Query) -> tuple[Name, ...]:
    """The relations a query names in its FROM clauses, in all of its parts, without those that its WITH clauses make."""
    made: set[str] = set()
    found: dict[Name, None] = {}
    for kind, fields in nodes_of(query):
        if kind == "CommonTableExpr":
            made.add(str(fields.get("ctename")))
        elif kind == "RangeVar":
            found[Name(fields.get("schemaname"), fields.get("relname", ""))] = None
    return tuple(name for name in reversed(found) if name.schema is not None or name.name not in made)


def is_null_constant(expression: Expression) -> bool:
    """NULL, cast or not."""
    node: Any = expression.node
    while "TypeCast" in node:
        node = node["TypeCast"].get("arg", {})
    return bool(node.get("A_Const", {}).get("isnull"))


def is_constant(node: Node) -> bool:
    """No column, no function, no subquery in it; parameters count as constants."""
    return not any(kind in ("ColumnRef", "FuncCall", "SubLink", "SQLValueFunction") for kind, _ in walk(node))


def proves_not_null(check: Expression, column: str) -> bool:
    """Whether `column IS NOT NULL` follows from the CHECK the way PostgreSQL proves it (12 and later).

    A CHECK also passes where it is NULL, so that `x >= 0` proves nothing.
    """
    return _proves(check.node, column, negated=False, depth=0)


_DEEPEST = 200  # AND and OR are flat lists: nobody nests conditions as deep as this by hand


def _proves(node: Any, column: str, *, negated: bool, depth: int) -> bool:
    if not isinstance(node, Mapping) or depth > _DEEPEST:
        return False
    if "NullTest" in node:
        test = node["NullTest"]
        says_not_null = (test.get("nulltesttype") == "IS_NOT_NULL") is not negated
        return says_not_null and _is_column(test.get("arg", {}), column)
    if "BoolExpr" in node:
        operator, parts = node["BoolExpr"].get("boolop"), node["BoolExpr"].get("args", [])
        if operator == "NOT_EXPR":
            return _proves(parts[0], column, negated=not negated, depth=depth + 1)
        each = (_proves(part, column, negated=negated, depth=depth + 1) for part in parts)
        return any(each) if (operator == "AND_EXPR") is not negated else all(each)
    if "A_Expr" in node:  # PostgreSQL reads `x IS DISTINCT FROM NULL` as `x IS NOT NULL`
        comparison = node["A_Expr"]
        sides = (comparison.get("lexpr", {}), comparison.get("rexpr", {}))
        wanted = "AEXPR_NOT_DISTINCT" if negated else "AEXPR_DISTINCT"
        return comparison.get("kind") == wanted and any(
            _is_column(one, column) and bool(other.get("A_Const", {}).get("isnull"))
            for one, other in (sides, sides[::-1])
        )
    return False


def _is_column(node: Node, column: str) -> bool:
    names = names_of(node.get("ColumnRef", {}).get("fields", []))
    return bool(names) and names[-1] == column


def without_places(node: Any) -> Any:
    """A tree that is equal to another wherever both were written."""
    if isinstance(node, dict):
        return {key: without_places(value) for key, value in node.items() if key not in _PLACES}
    if isinstance(node, list):
        return [without_places(item) for item in node]
    return node


def same_expression(one: Expression, other: Expression) -> bool:
    """Whether two expressions say the same, wherever they were written. Never recurses."""
    return said(one) == said(other) and _same(one.node, other.node)


def same_or_none(one: Expression | None, other: Expression | None) -> bool:
    """Whether both say the same, or neither is there."""
    if one is None or other is None:
        return one is other
    return one is other or same_expression(one, other)


@lru_cache(maxsize=4096)
def said(expression: Expression) -> int:
    """A number that is the same for expressions that say the same, and hardly ever for others: a table may have a thousand
    indexes, each with a condition of its own."""
    total = 0
    waiting: list[Any] = [expression.node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            waiting.extend([value for key, value in node.items() if key not in _PLACES])
        else:
            total += hash(node)
    return total


def _same(one: Any, other: Any) -> bool:
    pairs = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        if isinstance(left, dict) and isinstance(right, dict):
            if left.keys() != right.keys() and left.keys() - _PLACES != right.keys() - _PLACES:
                return False
            for key, value in left.items():
                if key in _PLACES:
                    continue
                if isinstance(value, dict | list):
                    pairs.append((value, right[key]))
                elif value != right[key]:  # a name or a constant: what differs is found before the rest is looked at
                    return False
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            pairs.extend(zip(left, right, strict=True))
        elif left != right:
            return False
    return True


# --- WHERE ------------------------------------------------------------------------------------------------------------


def matches_all_rows(where: Expression | None) -> bool:
    """No WHERE, WHERE true, WHERE 1 = 1."""
    if where is None:
        return True
    node = where.node
    constant = node.get("A_Const", {})
    if "boolval" in constant:
        return bool(constant["boolval"].get("boolval"))
    if "A_Expr" in node and is_constant(node):
        comparison = node["A_Expr"]
        same = _same(comparison.get("lexpr"), comparison.get("rexpr"))
        return names_of(comparison.get("name", [])) == ("=",) and same
    return False


def equality_columns(where: Expression) -> frozenset[str]:
    """The columns that an AND of the WHERE compares for equality with a constant, a list of constants, or a single value
    from a subquery."""
    found: set[str] = set()
    stack: list[Node] = [where.node]
    while stack:
        node = stack.pop()
        if "BoolExpr" in node and node["BoolExpr"].get("boolop") == "AND_EXPR":
            stack.extend(node["BoolExpr"].get("args", []))
        elif "A_Expr" in node:
            comparison = node["A_Expr"]
            if comparison.get("kind") not in ("AEXPR_OP", "AEXPR_IN", "AEXPR_OP_ANY"):
                continue
            if names_of(comparison.get("name", [])) != ("=",):
                continue
            for side, other in (("lexpr", "rexpr"), ("rexpr", "lexpr")):
                names = (
                    names_of(comparison.get(side, {}).get("ColumnRef", {}).get("fields", []))
                    if isinstance(comparison.get(side), dict)
                    else ()
                )
                if names and _is_pinned(comparison.get(other)):
                    found.add(names[-1])
    return frozenset(found)


def bounded_columns(where: Expression) -> Iterator[tuple[str, int, int]]:
    """The columns that an AND of the WHERE keeps between two whole numbers, with these."""
    lowest: dict[str, int] = {}
    highest: dict[str, int] = {}
    stack: list[Node] = [where.node]
    while stack:
        node = stack.pop()
        if "BoolExpr" in node and node["BoolExpr"].get("boolop") == "AND_EXPR":
            stack.extend(node["BoolExpr"].get("args", []))
            continue
        comparison = node.get("A_Expr", {})
        left, right = comparison.get("lexpr"), comparison.get("rexpr")
        if not isinstance(left, dict) or not isinstance(right, dict) or "ColumnRef" not in left:
            continue
        names = names_of(left["ColumnRef"].get("fields", []))
        if not names:
            continue
        if comparison.get("kind") == "AEXPR_BETWEEN":
            ends = [_whole(one) for one in right.get("List", {}).get("items", [])]
            if len(ends) == 2 and ends[0] is not None and ends[1] is not None:
                lowest[names[-1]], highest[names[-1]] = ends[0], ends[1]
        elif comparison.get("kind") == "AEXPR_OP":
            end = _whole(right)
            operator = names_of(comparison.get("name", []))
            if end is not None and operator in ((">",), (">=",)):
                lowest[names[-1]] = end
            elif end is not None and operator in (("<",), ("<=",)):
                highest[names[-1]] = end
    yield from ((column, start, highest[column]) for column, start in lowest.items() if column in highest)


def _whole(node: Node) -> int | None:
    constant = node.get("A_Const", {})
    return constant["ival"].get("ival", 0) if "ival" in constant else None


def _is_pinned(node: Any) -> bool:
    if isinstance(node, dict) and "SubLink" in node:
        return bool(node["SubLink"].get("subLinkType") == "EXPR_SUBLINK")
    return not any(kind in ("ColumnRef", "SubLink") for kind, _ in walk(node if node is not None else {}))
