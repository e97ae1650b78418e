"""What a view's query reads and gives, by the names that the catalog knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from msgspec import Struct

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.type_names import resolved_type
from migrasafe.schema.model import Column, ColumnRef, Table, View
from migrasafe.sql.names_read import Resolved, resolve, resolve_condition
from migrasafe.sql.statements import Expression, Name, Node, Query, TypeName


class Outputs(Struct, frozen=True, kw_only=True):
    """What a query reads and gives."""

    reads: frozenset[ColumnRef]
    columns: tuple[Column, ...]
    """Types are known for plain columns and casts only; nothing else of them is."""
    complete: bool
    """False where a `*` over an unknown relation hides some."""


def outputs_of(draft: Draft, query: Query) -> Outputs:
    """What a query reads and gives, as far as the catalog tells."""
    resolved = resolve(query, lambda name: _column_names(draft, name))
    reads = frozenset(
        ColumnRef(draft.resolve(*read.relation), read.column)
        for read in resolved.reads
        if not _is_of_the_catalog(draft, read.relation)
    )
    columns = _columns(draft, query, resolved)
    return Outputs(reads=reads, columns=columns or (), complete=columns is not None)


def columns_read_of(draft: Draft, table: Table, *conditions: Expression | None) -> frozenset[str]:
    """The columns of a table that expressions over its rows read, in sub-queries over the same table too."""
    name = Name(*table.ref)
    return frozenset(
        read.column
        for condition in conditions
        if condition is not None
        for read in resolve_condition(condition, name, lambda of: _column_names(draft, of))
        if read.column is not None and draft.resolve(*read.relation) == table.ref
    )


def _is_of_the_catalog(draft: Draft, name: Name) -> bool:
    """Whether it is a table of pg_catalog, on which nothing depends: they are never dropped or changed."""
    if name.schema is not None:
        return name.schema == "pg_catalog"
    return name.name.startswith("pg_") and draft.resolve(*name) not in draft.relations


def _column_names(draft: Draft, name: Name) -> tuple[str, ...] | None:
    relation = draft.relations.get(draft.resolve(*name))
    if isinstance(relation, Table) and relation.complete:
        return tuple(column.name for column in relation.columns)
    if isinstance(relation, View) and relation.complete:
        return relation.columns
    return None


def _columns(draft: Draft, query: Query, resolved: Resolved) -> tuple[Column, ...] | None:
    if resolved.columns is None or "SelectStmt" not in query.node:
        return None
    types = list(_types(draft, query.node["SelectStmt"]))
    known = len(types) == len(resolved.columns)
    return tuple(
        Column(
            name=name,
            type=types[place].type if known else None,
            collation=types[place].collation if known else None,
            born=draft.moment,
        )
        for place, name in enumerate(resolved.columns)
    )


# --- types ------------------------------------------------------------------------------------------------------------


class _Typed(NamedTuple):
    """What is known of an output column; None where only PostgreSQL can tell."""

    type: TypeName | None = None
    collation: str | None = None


_UNKNOWN = _Typed()
_TEXTS = frozenset({"text", "varchar", "bpchar"})
"""Types that keep the collation of what is cast to them."""


def _types(draft: Draft, select: Node) -> Iterator[_Typed]:
    if "larg" in select:  # UNION and the like find a type that both sides become
        for types in zip(*(list(_types(draft, leaf)) for leaf in _leaves(select)), strict=False):
            yield types[0] if all(one == types[0] for one in types) else _UNKNOWN
        return
    tables = dict(_tables(draft, select.get("fromClause") or ()))
    for target in select.get("targetList") or ():
        value = target.get("ResTarget", {}).get("val", {})
        if "ColumnRef" in value and "A_Star" in value["ColumnRef"].get("fields", [{}])[-1]:
            names = _strings(value["ColumnRef"]["fields"])
            for alias, table in tables.items():
                if not names or alias == names[-1]:
                    yield from (_Typed(column.type, column.collation) for column in table.columns)
            continue
        yield _type(draft, value, tables)


def _leaves(select: Node) -> Iterator[Node]:
    stack = [select]
    while stack:
        one = stack.pop()
        if "larg" in one:
            stack += (one["rarg"], one["larg"])
        else:
            yield one


def _type(draft: Draft, value: Node, tables: dict[str, Table]) -> _Typed:
    if "TypeCast" in value:
        to = resolved_type(draft, _written_type(value["TypeCast"].get("typeName", {})))
        is_text = to is not None and to.schema is None and to.name in _TEXTS
        return _Typed(to, _type(draft, value["TypeCast"]["arg"], tables).collation if is_text else None)
    names = _strings(value.get("ColumnRef", {}).get("fields") or ())
    if not names:
        return _UNKNOWN
    candidates = [tables.get(names[-2])] if len(names) > 1 else list(tables.values())
    for table in candidates:
        column = table.column(names[-1]) if table is not None else None
        if column is not None:
            return _Typed(column.type, column.collation)
    return _UNKNOWN


def _written_type(node: Node) -> TypeName:
    names = _strings(node.get("names") or ())
    schema = names[-2] if len(names) > 1 and names[-2] != "pg_catalog" else None
    modifiers = tuple(
        str(m["A_Const"].get("ival", {}).get("ival", 0)) for m in node.get("typmods") or () if "A_Const" in m
    )
    return TypeName(schema=schema, name=names[-1] if names else "", modifiers=modifiers, array="arrayBounds" in node)


def _tables(draft: Draft, items: Any) -> Iterator[tuple[str, Table]]:
    """The tables of a FROM clause by the name that the query has for them."""
    stack = list(reversed(items))
    while stack:
        item = stack.pop()
        if "JoinExpr" in item:
            stack.extend((item["JoinExpr"].get("rarg", {}), item["JoinExpr"].get("larg", {})))
        elif "RangeVar" in item:
            name = item["RangeVar"]
            relation = draft.relations.get(draft.resolve(name.get("schemaname"), name.get("relname", "")))
            if isinstance(relation, Table):
                yield name.get("alias", {}).get("aliasname") or name.get("relname", ""), relation


def _strings(nodes: Any) -> list[str]:
    return [node["String"].get("sval", "") for node in nodes if "String" in node]
