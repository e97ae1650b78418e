"""What a query reads: the relations, also through views, and of which it goes through most rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrasafe.effects.model import Lock
from migrasafe.effects.most_rows import touches_most_rows
from migrasafe.effects.situation import Situation
from migrasafe.locks import LockMode
from migrasafe.schema.model import Ref, RelationKind, Sequence, Table
from migrasafe.sql.builtin.called import calls_in
from migrasafe.sql.expressions import columns_read, relations_in, walk
from migrasafe.sql.statements import Expression, Name, Query


def locks_of_query(query: Query, situation: Situation) -> tuple[Lock, ...]:
    """The locks on what a query names, where it is only looked at."""
    named = dict.fromkeys(_named(query, situation))
    return tuple(Lock(relation=ref, mode=LockMode.ACCESS_SHARE) for ref in named)


def _named(query: Query, situation: Situation) -> Iterator[Ref]:
    """Tables and views that a query names; catalogs left out."""
    for name in relations_in(query):
        if not is_catalog(name):
            yield situation.ref(Name(name.schema, name.name))


def relations_read(query: Query, situation: Situation, target: Ref | None) -> Iterator[Ref]:
    """Tables and views that a query reads, also through views."""
    seen: set[Ref] = set()
    unread = list(_named(query, situation))
    while unread:
        ref = unread.pop(0)
        if ref in seen:
            continue
        seen.add(ref)
        if ref != target:
            yield ref
        view = situation.schema.view(ref)
        if view is not None and view.kind is RelationKind.VIEW:
            unread.extend(sorted({read.relation for read in view.reads if read.relation.schema != "pg_catalog"}))


def is_catalog(name: Name) -> bool:
    """A system catalog or information schema view: small, and never a table of the app."""
    return name.schema in ("pg_catalog", "information_schema") or (name.schema is None and name.name.startswith("pg_"))


def reads_many(query: Query, ref: Ref, situation: Situation) -> bool:
    """Whether a query goes through most of a table: not with LIMIT, EXISTS, or a key pinned in the WHERE beside it.

    A sequence has one row.
    """
    if isinstance(situation.schema.relation(ref), Sequence):
        return False
    for select in _selects(query.node):
        if "limitCount" in select and "sortClause" not in select:
            continue
        if any(ref in _through_views(name, situation) for name in _from(select)):
            where = select.get("whereClause")
            table = situation.schema.table(ref)
            if where is None and _wants_ends_of_indexes(select, table, situation):
                continue
            most, _ = touches_most_rows(Expression(node=where) if where else None, table, joins=False)
            if most:
                return True
    return False


def _wants_ends_of_indexes(select: Mapping[str, Any], table: Table | None, situation: Situation) -> bool:
    """Whether it asks for nothing but min() and max() of columns with an index, which is where PostgreSQL finds them."""
    if "groupClause" in select or len(select.get("fromClause", ())) != 1:
        return False
    targets = select.get("targetList", [])
    wanted: set[str] = set()
    ends = 0
    for call in calls_in(targets):
        if call.get("agg_star"):
            return False
        if _function_name(call) in ("min", "max") and call.get("args"):
            wanted |= columns_read(Expression(node=call["args"][0]))
            ends += 1
    if not ends or ends != sum(kind == "ColumnRef" for kind, _ in walk(targets)):
        return False
    if table is None or not table.complete:
        return True
    first = {index.elements[0].column for index in situation.schema.indexes_of(table) if index.elements}
    return all(column in first for column in wanted)


def _function_name(call: Mapping[str, Any]) -> str:
    names: list[Any] = call.get("funcname") or [{}]
    return str(names[-1].get("String", {}).get("sval", ""))


def _through_views(name: Name, situation: Situation) -> set[Ref]:
    """A relation, and what it reads if it is a view."""
    seen: set[Ref] = set()
    unread = [situation.ref(name)]
    while unread:
        ref = unread.pop()
        if ref in seen:
            continue
        seen.add(ref)
        view = situation.schema.view(ref)
        if view is not None and view.kind is RelationKind.VIEW:
            unread.extend({read.relation for read in view.reads})
    return seen


def _selects(node: Any) -> Iterator[Mapping[str, Any]]:
    """Every SELECT in a query: of WITH, of FROM, the sides of a UNION, sub-selects; EXISTS stops at the first row."""
    stack: list[Any] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
            continue
        if not isinstance(item, Mapping):
            continue
        for key, value in item.items():
            if key == "SubLink" and value.get("subLinkType") == "EXISTS_SUBLINK":
                continue
            if key == "SelectStmt" or (key in ("larg", "rarg") and "targetList" in value):
                yield value
            stack.append(value)


def _from(select: Mapping[str, Any]) -> Iterator[Name]:
    """The relations in the FROM clause itself, those that are joined included."""
    stack = list(select.get("fromClause", ()))
    while stack:
        item = stack.pop()
        if "RangeVar" in item:
            yield Name(item["RangeVar"].get("schemaname"), item["RangeVar"].get("relname", ""))
        elif "JoinExpr" in item:
            stack.extend(item["JoinExpr"][side] for side in ("larg", "rarg") if side in item["JoinExpr"])
