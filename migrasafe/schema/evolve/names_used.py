"""The names inside an expression or query: which columns, functions, types, relations and sequences it mentions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from migrasafe.sql.statements import Expression, Name, Node, Query

_NAMING = frozenset({"ColumnRef", "FuncCall", "TypeName", "typeName", "RangeVar", "SubLink"})
_LEAVES = frozenset({"ColumnRef", "A_Const", "TypeName", "typeName", "String", "RangeVar"})
_LISTS_OF_STRINGS = frozenset({"name", "funcname", "names", "fields", "opname"})


@lru_cache(maxsize=64)
def naming_nodes(of: Expression | Query) -> tuple[tuple[str, Node], ...]:
    """The nodes of a tree that name something, subqueries included. A constraint is asked whenever it changes."""
    return tuple(_naming_nodes(of.node))


def _naming_nodes(node: Node) -> Iterator[tuple[str, Node]]:
    """Without recursion, however deep it is."""
    stack: list[Any] = [node]
    while stack:
        item = stack.pop()
        if type(item) is list:
            stack.extend(item)
            continue
        for key, value in item.items():
            kind = type(value)
            if kind is dict:
                if key in _NAMING:
                    yield key, value
                if key not in _LEAVES:
                    stack.append(value)
            elif kind is list and key not in _LISTS_OF_STRINGS:
                stack.append(value)


def columns_used(expression: Expression | None) -> tuple[str, ...]:
    """The columns that an expression over one table reads, each once, in the order in which they appear."""
    if expression is None:
        return ()
    paths = [strings(node["fields"]) for kind, node in naming_nodes(expression) if kind == "ColumnRef"]
    return tuple(dict.fromkeys(path[-1] for path in reversed(paths) if path))


def name_of(parts: tuple[str, ...]) -> Name | None:
    """The name that a list of strings spells; a catalog in front is dropped."""
    if not parts:
        return None
    return Name(parts[-2] if len(parts) > 1 else None, parts[-1])


def strings(nodes: Any) -> tuple[str, ...]:
    """The texts of a list of String nodes; a `*` among them is left out."""
    return tuple([item["String"].get("sval", "") for item in nodes or () if "String" in item])


# --- sequences --------------------------------------------------------------------------------------------------------

_OF_SEQUENCES = frozenset({"nextval", "currval", "setval"})


def names_sequence(call: Node) -> bool:
    """Whether a function call is one of those whose first argument is a sequence."""
    return call["funcname"][-1]["String"]["sval"] in _OF_SEQUENCES


def literal_sequence(call: Node) -> Name | None:
    """The sequence of a nextval call whose argument is a literal, with or without a cast to regclass or text."""
    arguments = call.get("args") or ()
    argument: Any = arguments[0] if arguments else {}
    while "TypeCast" in argument:
        argument = argument["TypeCast"]["arg"]
    text = argument.get("A_Const", {}).get("sval", {}).get("sval")
    return split_name(text) if text else None


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
    return name_of(tuple(parts))
