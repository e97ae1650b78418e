"""Queries and DML, and the statements that work on all rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from migrasafe.sql.convert.base import Fields, Origin, expression, fields, is_on, kind, options, relation, strings
from migrasafe.sql.convert.tables import persistence
from migrasafe.sql.statements import (
    Cluster,
    Copy,
    CreateTableAs,
    Delete,
    Dml,
    Expression,
    Insert,
    LockTable,
    Merge,
    Query,
    Select,
    Statement,
    Truncate,
    Update,
    Vacuum,
)

_LOCKING = {
    "LCS_FORUPDATE": (4, "update"),
    "LCS_FORNOKEYUPDATE": (3, "no key update"),
    "LCS_FORSHARE": (2, "share"),
    "LCS_FORKEYSHARE": (1, "key share"),
}
LOCK_MODES = (
    "",
    "ACCESS SHARE",
    "ROW SHARE",
    "ROW EXCLUSIVE",
    "SHARE UPDATE EXCLUSIVE",
    "SHARE",
    "SHARE ROW EXCLUSIVE",
    "EXCLUSIVE",
    "ACCESS EXCLUSIVE",
)


def select(node: Fields, origin: Origin) -> Statement:
    into = node.get("intoClause")
    if into:
        return CreateTableAs(
            span=origin.span,
            name=relation(into["rel"]),
            query=Query(node={"SelectStmt": node}),
            persistence=persistence(into["rel"]),
            columns=strings(into.get("colNames")),
        )
    clauses = [_LOCKING.get(fields(clause).get("strength", ""), (0, "")) for clause in node.get("lockingClause", [])]
    return Select(
        span=origin.span,
        query=Query(node={"SelectStmt": node}),
        locking=max(clauses)[1] or None if clauses else None,
        modifies=_modifies(node, origin),
    )


def _modifies(node: Fields, origin: Origin) -> tuple[Dml, ...]:
    """The DML in the WITH clauses."""
    found = []
    for item in node.get("withClause", {}).get("ctes", []):
        query = item["CommonTableExpr"].get("ctequery", {})
        convert = _DML.get(kind(query)) if query else None
        if convert is not None:
            found.append(convert(fields(query), origin))
    return tuple(found)


def insert(node: Fields, origin: Origin) -> Insert:
    source = fields(node.get("selectStmt"))
    values = source.get("valuesLists")
    return Insert(
        span=origin.span,
        table=relation(node["relation"]),
        query=Query(node={"InsertStmt": node}),
        columns=tuple(fields(column).get("name", "") for column in node.get("cols", [])),
        rows=1 if not source else len(values) if values else None,
        on_conflict="onConflictClause" in node,
        modifies=_modifies(node, origin),
    )


def update(node: Fields, origin: Origin) -> Update:
    assignments: list[tuple[str, Expression | None]] = []
    for item in node.get("targetList", []):
        target = fields(item)
        value = target.get("val", {})
        assignments.append((target.get("name", ""), None if "MultiAssignRef" in value else expression(value)))
    return Update(
        span=origin.span,
        table=relation(node["relation"]),
        query=Query(node={"UpdateStmt": node}),
        where=expression(node.get("whereClause")),
        assignments=tuple(assignments),
        joins="fromClause" in node,
        modifies=_modifies(node, origin),
    )


def delete(node: Fields, origin: Origin) -> Delete:
    return Delete(
        span=origin.span,
        table=relation(node["relation"]),
        query=Query(node={"DeleteStmt": node}),
        where=expression(node.get("whereClause")),
        joins="usingClause" in node,
        modifies=_modifies(node, origin),
    )


def merge(node: Fields, origin: Origin) -> Merge:
    actions = (fields(clause).get("commandType", "") for clause in node.get("mergeWhenClauses", []))
    return Merge(
        span=origin.span,
        table=relation(node["relation"]),
        query=Query(node={"MergeStmt": node}),
        actions=tuple(action.removeprefix("CMD_").lower() for action in actions),
        modifies=_modifies(node, origin),
    )


_DML = {"InsertStmt": insert, "UpdateStmt": update, "DeleteStmt": delete, "MergeStmt": merge}


def copy(node: Fields, origin: Origin) -> Statement:
    query = node.get("query")
    return Copy(
        span=origin.span,
        table=relation(node["relation"]) if "relation" in node else None,
        from_=bool(node.get("is_from")),
        columns=strings(node.get("attlist")),
        query=Query(node=query) if query else None,
        of_client="filename" not in node,
    )


def truncate(node: Fields, origin: Origin) -> Statement:
    return Truncate(
        span=origin.span,
        tables=_relations(node.get("relations")),
        cascade=node.get("behavior") == "DROP_CASCADE",
        restart_identity=bool(node.get("restart_seqs")),
        only=_only(node.get("relations")),
    )


def _relations(nodes: Sequence[Mapping[str, Any]] | None) -> tuple[Any, ...]:
    return tuple(relation(fields(node)) for node in nodes or ())


def _only(nodes: Sequence[Mapping[str, Any]] | None) -> frozenset[Any]:
    """The relations that are named with ONLY."""
    return frozenset(relation(fields(node)) for node in nodes or () if not fields(node).get("inh"))


def lock(node: Fields, origin: Origin) -> Statement:
    return LockTable(
        span=origin.span,
        tables=_relations(node.get("relations")),
        mode=LOCK_MODES[node.get("mode", 8)],
        nowait=bool(node.get("nowait")),
        only=_only(node.get("relations")),
    )


def vacuum(node: Fields, origin: Origin) -> Statement:
    targets = (fields(item).get("relation") for item in node.get("rels", []))
    is_vacuum = bool(node.get("is_vacuumcmd"))
    return Vacuum(
        span=origin.span,
        tables=tuple(relation(target) for target in targets if target),
        vacuum=is_vacuum,
        full=is_on(node, "full"),
        analyze=not is_vacuum or is_on(node, "analyze"),
    )


def cluster(node: Fields, origin: Origin) -> Statement:
    return Cluster(
        span=origin.span,
        table=relation(node["relation"]) if "relation" in node else None,
        index=node.get("indexname"),
    )


def explains_by_running(node: Fields) -> bool:
    """EXPLAIN ANALYZE runs the statement."""
    return any(
        key == "analyze" and value.lower() not in ("false", "off", "0") for key, value in options(node.get("options"))
    )
