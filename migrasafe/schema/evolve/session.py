"""SET search_path, set_config, and the blocks that hold statements of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.names_used import split_name
from migrasafe.sql.statements import Node, Select, SetVariable

DEFAULT_PATH = ("public",)


def set_variable(draft: Draft, statement: SetVariable) -> None:
    """SET, SET LOCAL and RESET of search_path; other settings do not change the catalog.

    SET LOCAL changes it too: whoever follows transactions puts the old one back with `with_search_path`.
    """
    name = statement.name.lower()
    if name == "search_path" or (name == "all" and statement.values is None):
        draft.search_path = path_from_values(statement.values)


def path_from_values(values: tuple[str, ...] | None) -> tuple[str, ...]:
    """The schemas of a search path; None is the default. `"$user"` is taken to be a schema that does not exist."""
    if values is None:
        return DEFAULT_PATH
    return tuple(value for value in values if value and value not in ("$user", "pg_catalog"))


def select(draft: Draft, statement: Select) -> None:
    """SELECT set_config('search_path', …), which is what pg_dump writes."""
    for call in _calls(statement.query.node):
        arguments = [_literal(argument) for argument in call.get("args") or ()]
        if call["funcname"][-1]["String"]["sval"] == "set_config" and arguments[:1] == ["search_path"]:
            path = arguments[1] if len(arguments) > 1 else None
            if path is not None:
                draft.search_path = path_from_text(path)


def path_from_text(text: str) -> tuple[str, ...]:
    """A search path as one text: `app, "Old Data", public`."""
    names = [split_name(part.strip()) for part in text.split(",") if part.strip()]
    return path_from_values(tuple(name.name for name in names if name is not None))


def _calls(query: Node) -> Iterator[Node]:
    for target in query.get("SelectStmt", {}).get("targetList") or ():
        call = target["ResTarget"]["val"].get("FuncCall")
        if call is not None:
            yield call


def _literal(node: Any) -> str | None:
    while "TypeCast" in node:
        node = node["TypeCast"]["arg"]
    constant = node.get("A_Const", {})
    if "sval" not in constant:
        return None
    return str(constant["sval"].get("sval", ""))
