"""Which constants of a statement are plain text, whatever they say: they go into columns of text, or are compared with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from migrasafe.schema.model import Schema, Table
from migrasafe.sql.expressions import names_of, relations_in, walk
from migrasafe.sql.statements import (
    AddColumn,
    AddConstraint,
    AlterTable,
    ColumnDef,
    CreateIndex,
    CreateTable,
    Delete,
    Expression,
    Insert,
    Name,
    Node,
    Query,
    Select,
    SetDefault,
    Statement,
    TypeName,
    Update,
)

_TEXTS = frozenset({"text", "varchar", "bpchar", "name"})
_CASTS = frozenset((one,) for one in _TEXTS)
_COMPARISONS = frozenset((sign,) for sign in ("=", "<>", "<", "<=", ">", ">="))
_ELSEWHERE = frozenset({"CommonTableExpr", "RangeSubselect", "RangeFunction", "RangeTableFunc", "JsonTable"})
"""What has columns of types that are not looked up."""


def text_constants(statement: Statement, schemas: Sequence[Schema]) -> frozenset[int]:
    """The ids of the constants' nodes. `schemas`: before and after; a column is text where it is in all that have it."""
    return frozenset(id(one) for one in _found(statement, _Tables(schemas)))


class _Tables:
    """What is known of the tables that a statement names."""

    def __init__(self, schemas: Sequence[Schema]) -> None:
        self._schemas = schemas

    def called(self, name: Name) -> list[Table]:
        """The table of this name in each of the schemas that have one."""
        found = (schema.table(schema.resolve(*name)) for schema in self._schemas)
        return [table for table in found if table is not None]

    def takes_text(self, name: Name, column: str) -> bool:
        """Whether what is written there is text and nothing else: a trigger, also one below, may make a label of it."""
        tables = self.called(name)
        lonely = (one.complete and not (one.triggers or one.partitions or one.children) for one in tables)
        return _is_text(tables, column) and all(lonely)

    def are_text(self, names: Sequence[Name], column: str) -> bool:
        """Whether a column of this name, of whichever of these tables, is text."""
        known = [self.called(name) for name in names]
        if not all(known):
            return False
        have = [tables for tables in known if any(table.column(column) for table in tables)]
        lack = [table for tables in known if tables not in have for table in tables]
        return bool(have) and all(_is_text(tables, column) for tables in have) and all(one.complete for one in lack)


def _is_text(tables: Sequence[Table], column: str) -> bool:
    found = [one for table in tables if (one := table.column(column)) is not None]
    return bool(found) and all(_is_text_type(one.type) for one in found)


def _is_text_type(type: TypeName | None) -> bool:
    return type is not None and type.schema in (None, "pg_catalog") and type.name in _TEXTS and not type.array


def _found(statement: Statement, tables: _Tables) -> Iterator[Node]:
    match statement:
        case Insert() | Update() | Delete() | Select():
            yield from _of_query(statement, tables)
        case CreateTable():
            for column in statement.columns:
                yield from _of_column(column, statement.name, tables)
            for constraint in statement.constraints:
                yield from _compared(constraint.expression, (statement.name,), tables)
        case AlterTable():
            for action in statement.actions:
                if isinstance(action, AddColumn):
                    yield from _of_column(action.column, statement.name, tables)
                elif isinstance(action, AddConstraint):
                    yield from _compared(action.constraint.expression, (statement.name,), tables)
                elif isinstance(action, SetDefault) and tables.takes_text(statement.name, action.column):
                    yield from _constant(action.default.node)
        case CreateIndex():
            yield from _compared(statement.predicate, (statement.table,), tables)


def _of_column(column: ColumnDef, table: Name, tables: _Tables) -> Iterator[Node]:
    if column.default is not None and _is_text_type(column.type):
        yield from _constant(column.default.node)
    for constraint in column.constraints:
        yield from _compared(constraint.expression, (table,), tables)


def _of_query(statement: Insert | Update | Delete | Select, tables: _Tables) -> Iterator[Node]:
    tree = statement.query.node
    named = relations_in(statement.query)
    yield from _compared(statement.query, named if isinstance(statement, Select) else (statement.table, *named), tables)
    if isinstance(statement, Update):
        yield from _assigned(tree["UpdateStmt"].get("targetList", ()), statement.table, tables)
    elif isinstance(statement, Insert):
        fields = tree["InsertStmt"]
        yield from _assigned(fields.get("onConflictClause", {}).get("targetList", ()), statement.table, tables)
        yield from _inserted(fields.get("selectStmt", {}).get("SelectStmt", {}), statement, tables)


def _assigned(targets: Sequence[Any], table: Name, tables: _Tables) -> Iterator[Node]:
    for target in targets:
        fields = target.get("ResTarget", {})
        if "indirection" not in fields and tables.takes_text(table, fields.get("name", "")):
            yield from _constant(fields.get("val", {}))


def _inserted(select: Mapping[str, Any], statement: Insert, tables: _Tables) -> Iterator[Node]:
    rows = [row.get("List", {}).get("items", ()) for row in select.get("valuesLists", ())]
    rows.append([target.get("ResTarget", {}).get("val", {}) for target in select.get("targetList", ())])
    columns = statement.columns or _all_columns(tables.called(statement.table))
    taken = [tables.takes_text(statement.table, column) for column in columns]
    for row in rows:
        for value, is_text in zip(row, taken, strict=False):
            if is_text:
                yield from _constant(value)


def _all_columns(known: Sequence[Table]) -> tuple[str, ...]:
    """In the order in which they are given; none where that changes meanwhile, or is not known."""
    orders = {tuple(column.name for column in table.columns) for table in known}
    return orders.pop() if len(orders) == 1 and all(table.complete for table in known) else ()


def _compared(where: Expression | Query | None, names: Sequence[Name], tables: _Tables) -> Iterator[Node]:
    """Constants that are compared with a column of text, or with what a cast makes text."""
    if where is None:
        return
    nodes = list(walk(where.node))
    looked_up = not any(kind in _ELSEWHERE or "colnames" in fields.get("alias", ()) for kind, fields in nodes)
    for kind, fields in nodes:
        if kind != "A_Expr" or names_of(fields.get("name", [])) not in _COMPARISONS:
            continue
        left, right = fields.get("lexpr", {}), fields.get("rexpr", {})
        for one, other in ((left, right), (right, left)):
            if _reads_text(one, names if looked_up else (), tables):
                yield from _constants(other)


def _reads_text(node: Node, names: Sequence[Name], tables: _Tables) -> bool:
    if _without_cast(node) is not node:
        return "arrayBounds" not in node["TypeCast"]["typeName"]
    column = names_of(node.get("ColumnRef", {}).get("fields", []))
    return bool(column) and bool(names) and tables.are_text(names, column[-1])


def _constants(node: Node) -> Iterator[Node]:
    """One, or those of a list or an array."""
    one = _without_cast(node)
    for each in one.get("List", {}).get("items") or one.get("A_ArrayExpr", {}).get("elements") or (one,):
        yield from _constant(each)


def _constant(node: Node) -> Iterator[Node]:
    bare = _without_cast(node)
    if "A_Const" in bare:
        yield bare["A_Const"]


def _without_cast(node: Node) -> Node:
    """What a cast to text, or to an array of texts, is made of; else the same."""
    cast = node.get("TypeCast", {})
    if names_of(cast.get("typeName", {}).get("names", []))[-1:] not in _CASTS:
        return node
    return _without_cast(cast["arg"])
