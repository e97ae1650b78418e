"""Parse trees back to SQL, by the deparser of libpg_query."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from migrasafe.sql.statements import Expression, Node

Path: TypeAlias = tuple[str, ...]
"""The parts of a column's name: `("users", "name")`."""


def deparse(node: Node) -> str:
    """The SQL of a statement's tree, `{"SelectStmt": {...}}`, on one line. Raises ValueError for what it cannot write."""
    from migrasafe.sql.libpg_query import GRAMMAR_VERSION, ParserError, written
    from migrasafe.sql.tree_bytes import tree_bytes

    tree = {"version": GRAMMAR_VERSION * 10_000, "stmts": [{"stmt": node}]}
    try:
        return written(tree_bytes("ParseResult", tree))
    except ParserError as error:
        raise ValueError(f"cannot be written back as SQL: {error}") from error
    except RecursionError as error:
        raise ValueError("cannot be written back as SQL: it is nested too deeply") from error


def deparse_expression(expression: Expression) -> str:
    """The SQL of a value expression. Raises ValueError as deparse."""
    select: dict[str, Any] = {
        "targetList": [{"ResTarget": {"val": expression.node}}],
        "limitOption": "LIMIT_OPTION_DEFAULT",
        "op": "SETOP_NONE",
    }
    return deparse({"SelectStmt": select}).removeprefix("SELECT ")


def map_columns(tree: Any, change: Callable[[Path], Path]) -> Any:
    """A copy of a tree in which every column is named by what `change` makes of its path."""
    if isinstance(tree, list):
        return [map_columns(item, change) for item in tree]
    if not isinstance(tree, Mapping):
        return tree
    column = tree.get("ColumnRef")
    if column is not None:
        parts = [field["String"]["sval"] for field in column["fields"] if "String" in field]
        if len(parts) == len(column["fields"]):
            fields = [{"String": {"sval": part}} for part in change(tuple(parts))]
            return {"ColumnRef": {**column, "fields": fields}}
    return {key: map_columns(value, change) for key, value in tree.items()}


def renamed(tree: Any, columns: Mapping[str, str], qualifiers: frozenset[str] = frozenset()) -> Any:
    """A copy of a tree in which columns have other names: those without a qualifier, and those with one of these."""

    def change(path: Path) -> Path:
        if path[-1] in columns and (len(path) == 1 or path[-2] in qualifiers):
            return (*path[:-1], columns[path[-1]])
        return path

    return map_columns(tree, change)


def parse_expression(sql: str) -> Expression:
    """A value expression that a person wrote. Raises ValueError with what is wrong with it."""
    from migrasafe.sql.libpg_query import ParserError, TooDeepError, parse

    try:
        statements = parse(f"SELECT {sql}")
    except (ParserError, TooDeepError) as error:
        raise ValueError(str(error) or "nested too deeply") from error
    select = statements[0]["stmt"].get("SelectStmt", {}) if len(statements) == 1 else {}
    targets = select.get("targetList", [])
    if len(targets) != 1 or set(select) - {"targetList", "limitOption", "op"} or "name" in targets[0]["ResTarget"]:
        raise ValueError("this is not one value expression")
    return Expression(node=targets[0]["ResTarget"]["val"])


def substituted(tree: Any, column: str, value: Any) -> Any:
    """A copy of a tree with a value in the place of a column."""
    if isinstance(tree, list):
        return [substituted(item, column, value) for item in tree]
    if not isinstance(tree, Mapping):
        return tree
    reference = tree.get("ColumnRef")
    if reference is not None and reference["fields"][-1].get("String", {}).get("sval") == column:
        return value
    return {key: substituted(item, column, value) for key, item in tree.items()}


def expression_sql(expression: Expression) -> str | None:
    """The SQL of a value expression; None for one that cannot be spelled."""
    try:
        return deparse_expression(expression)
    except ValueError:
        return None


def with_column_renamed(expression: Expression, old: str, new: str) -> Expression:
    """The expression with another name for one column, wherever it stands in it unqualified or last."""

    def change(path: Path) -> Path:
        return (*path[:-1], new) if path[-1] == old else path

    return Expression(node=map_columns(expression.node, change))
