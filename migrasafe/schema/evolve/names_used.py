"""The names inside an expression or query: which columns, functions, types, relations and sequences it mentions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from migrasafe.sql.statements import Expression, Name, Node


@dataclass(slots=True, kw_only=True)
class NamesUsed:
    """Names as written, in no particular order."""

    columns: list[tuple[str, ...]] = field(default_factory=list)
    """Each with its qualifiers: `("orders", "id")`."""
    functions: list[Name] = field(default_factory=list)
    types: list[Name] = field(default_factory=list)
    relations: list[Name] = field(default_factory=list)
    sequences: list[Name] = field(default_factory=list)
    """Arguments of nextval and currval, where they are literals."""
    subquery: bool = False


def names_used(node: Node) -> NamesUsed:
    """Every name in the tree, subqueries included."""
    used = NamesUsed()
    stack: list[Any] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
            continue
        for key, value in item.items():
            if not isinstance(value, (dict, list)):
                continue
            visit = _VISITS.get(key)
            if visit is not None and isinstance(value, dict):
                visit(used, value)
            if key != "ColumnRef":
                stack.append(value)
    return used


def columns_used(expression: Expression | None) -> tuple[str, ...]:
    """The columns that an expression over one table reads, each once, in the order in which they appear."""
    if expression is None:
        return ()
    seen: dict[str, None] = {}
    for path in reversed(names_used(expression.node).columns):
        seen[path[-1]] = None
    return tuple(seen)


def columns_of_table_used(expression: Expression | None, table: str, columns: frozenset[str]) -> frozenset[str]:
    """The columns of `table` that an expression with subqueries (a policy) reads, as far as names alone tell."""
    if expression is None:
        return frozenset()
    used = names_used(expression.node)
    found = set()
    for path in used.columns:
        of_this_table = len(path) == 1 or not used.subquery or path[-2] == table
        if of_this_table and (path[-1] in columns or not columns):
            found.add(path[-1])
    return frozenset(found)


def split_name(text: str) -> Name | None:
    """The name inside a regclass literal, `'app."Orders_id_seq"'`; None if it is not a name."""
    parts: list[str] = []
    place = 0
    while place < len(text):
        if text[place] == '"':
            end = text.find('"', place + 1)
            while 0 <= end < len(text) - 1 and text[end + 1] == '"':
                end = text.find('"', end + 2)
            if end < 0:
                return None
            parts.append(text[place + 1 : end].replace('""', '"'))
            place = end + 1
        else:
            end = text.find(".", place)
            end = len(text) if end < 0 else end
            parts.append(text[place:end].strip().lower())
            place = end
        if place < len(text) and text[place] != ".":
            return None
        place += 1
    if not parts or not all(parts) or len(parts) > 3:
        return None
    return Name(parts[-2] if len(parts) > 1 else None, parts[-1])


# --- one kind of node each --------------------------------------------------------------------------------------------


def _strings(nodes: Any) -> tuple[str, ...]:
    return tuple(item["String"].get("sval", "") for item in nodes or () if "String" in item)


def _column(used: NamesUsed, node: Node) -> None:
    names = _strings(node.get("fields"))
    if names and len(names) == len(node["fields"]):
        used.columns.append(names)


def _function(used: NamesUsed, node: Node) -> None:
    name = _name(_strings(node.get("funcname")))
    if name is None:
        return
    if name.name in ("nextval", "currval", "setval") and name.schema in (None, "pg_catalog"):
        sequence = literal_sequence(node)
        if sequence is not None:
            used.sequences.append(sequence)
    elif name.schema != "pg_catalog":
        used.functions.append(name)


def literal_sequence(call: Node) -> Name | None:
    """The sequence of a nextval call whose argument is a literal, with or without a cast to regclass or text."""
    arguments = call.get("args") or ()
    argument: Any = arguments[0] if arguments else {}
    while "TypeCast" in argument:
        argument = argument["TypeCast"].get("arg", {})
    text = argument.get("A_Const", {}).get("sval", {}).get("sval")
    return split_name(text) if text else None


def _type(used: NamesUsed, node: Node) -> None:
    name = _name(_strings(node.get("names")))
    if name is not None and name.schema != "pg_catalog":
        used.types.append(name)


def _relation(used: NamesUsed, node: Node) -> None:
    if "relname" in node:
        used.relations.append(Name(node.get("schemaname"), node["relname"]))


def _subquery(used: NamesUsed, node: Node) -> None:
    used.subquery = True


def _name(parts: tuple[str, ...]) -> Name | None:
    if not parts:
        return None
    return Name(parts[-2] if len(parts) > 1 else None, parts[-1])


_VISITS: dict[str, Callable[[NamesUsed, Node], None]] = {
    "ColumnRef": _column,
    "FuncCall": _function,
    "TypeName": _type,
    "typeName": _type,
    "RangeVar": _relation,
    "SubLink": _subquery,
}
