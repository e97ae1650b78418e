"""Queries and DML: which rows they touch, and the row work that a migration should not do in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrasafe.effects.model import Cause, Effects, Lock, Work, WorkKind
from migrasafe.effects.situation import Situation
from migrasafe.locks import LockMode
from migrasafe.schema.model import Ref, RelationKind, Table
from migrasafe.sql.expressions import equality_columns, matches_all_rows, relations_in
from migrasafe.sql.statements import Copy, Delete, Dml, Expression, Insert, Merge, Name, Query, Select, Truncate, Update

# Columns that name one row, or a few, in any schema people write: used only where the schema is not known.
_KEY_NAMES = frozenset(
    {
        "id",
        "uuid",
        "guid",
        "key",
        "name",
        "slug",
        "code",
        "email",
        "username",
        "login",
        "token",
        "version",
        "pk",
        "rowid",
    }
)
_KEY_ENDINGS = ("_id", "_uuid", "_key", "_name", "_code", "_slug", "_token", "id", "_hash")


def predict_dml(statement: Dml, situation: Situation) -> Effects:
    """INSERT, UPDATE, DELETE, MERGE with the DML in their WITH clauses."""
    target = situation.ref(statement.table)
    locks = [Lock(relation=target, mode=LockMode.ROW_EXCLUSIVE)]
    work: list[Work] = []
    reads = tuple(_reads(statement.query, situation, target))
    locks.extend(Lock(relation=ref, mode=LockMode.ACCESS_SHARE) for ref in reads)
    match statement:
        case Update():
            work.extend(_bulk(Cause.UPDATE, target, statement.where, situation, joins=statement.joins))
        case Delete():
            work.extend(_bulk(Cause.DELETE, target, statement.where, situation, joins=statement.joins))
        case Merge():
            if set(statement.actions) & {"update", "delete"}:
                work.append(Work(kind=WorkKind.BULK_WRITE, relation=target, cause=Cause.MERGE))
        case Insert() if statement.rows is None:
            work.extend(
                Work(kind=WorkKind.BULK_READ, relation=ref, cause=Cause.INSERT)
                for ref in reads
                if _reads_many(statement.query, ref, situation)
            )
    effects = Effects(locks=tuple(locks), work=tuple(work))
    for inner in statement.modifies:
        effects = effects.and_(predict_dml(inner, situation))
    return effects


def _bulk(cause: Cause, target: Ref, where: Expression | None, situation: Situation, *, joins: bool) -> Iterator[Work]:
    table = situation.schema.table(target)
    verdict, assumed = touches_most_rows(where, table, joins=joins)
    if verdict:
        yield Work(
            kind=WorkKind.BULK_WRITE,
            relation=target,
            cause=cause,
            detail="every row" if matches_all_rows(where) and not joins else "",
            assumed=assumed,
        )


def touches_most_rows(where: Expression | None, table: Table | None, *, joins: bool) -> tuple[bool, tuple[str, ...]]:
    """Whether a WHERE leaves most rows in: true unless it pins a key. And what was assumed to say so."""
    if joins:
        return True, ("the join is assumed to match most rows",)
    if where is None or matches_all_rows(where):
        return True, ()
    pinned = equality_columns(where)
    if not pinned:
        return True, ("the WHERE clause is assumed to match most rows",)
    if table is not None and table.complete:
        if table.rows is None and not table.columns:
            return True, ()
        return not _pins_few_rows(pinned, table), ("the columns compared are not a key",)
    if _sounds_like_a_key(pinned):
        return False, ()
    return True, (f"{', '.join(sorted(pinned))} is assumed not to be a key",)


def _pins_few_rows(pinned: frozenset[str], table: Table) -> bool:
    keys = [constraint.columns for constraint in table.constraints if constraint.index is not None]
    if any(set(columns) <= pinned for columns in keys if columns):
        return True
    types = {column.name: column.type.name for column in table.columns if column.type is not None}
    wide = frozenset(name for name in pinned if types.get(name) not in ("bool", None))
    return _sounds_like_a_key(wide)


def _sounds_like_a_key(columns: frozenset[str]) -> bool:
    """Whether these columns together name a few rows: one that is called like a key, or several."""
    return len(columns) > 1 or any(
        column.lower() in _KEY_NAMES or column.lower().endswith(_KEY_ENDINGS) for column in columns
    )


def predict_select(statement: Select, situation: Situation) -> Effects:
    reads = tuple(_reads(statement.query, situation, None))
    locks = tuple(
        Lock(relation=ref, mode=LockMode.ROW_SHARE if statement.locking else LockMode.ACCESS_SHARE) for ref in reads
    )
    work: list[Work] = []
    for ref in reads:
        if statement.locking in ("update", "no key update", "share") and _reads_many(statement.query, ref, situation):
            work.append(Work(kind=WorkKind.BULK_WRITE, relation=ref, cause=Cause.ROW_LOCKS))
        elif _reads_many(statement.query, ref, situation):
            work.append(Work(kind=WorkKind.BULK_READ, relation=ref, cause=Cause.QUERY))
    effects = Effects(locks=locks, work=tuple(work))
    for inner in statement.modifies:
        effects = effects.and_(predict_dml(inner, situation))
    return effects


def predict_query(query: Query, situation: Situation, cause: Cause = Cause.QUERY) -> Effects:
    """A query inside another statement: CREATE TABLE AS, REFRESH, COPY (query)."""
    reads = tuple(_reads(query, situation, None))
    return Effects(
        locks=tuple(Lock(relation=ref, mode=LockMode.ACCESS_SHARE) for ref in reads),
        work=tuple(
            Work(kind=WorkKind.BULK_READ, relation=ref, cause=cause)
            for ref in reads
            if _reads_many(query, ref, situation)
        ),
    )


def locks_of_query(query: Query, situation: Situation) -> tuple[Lock, ...]:
    """The locks on what a query names, where it is only looked at."""
    named = dict.fromkeys(_named(query, situation))
    return tuple(Lock(relation=ref, mode=LockMode.ACCESS_SHARE) for ref in named)


def _named(query: Query, situation: Situation) -> Iterator[Ref]:
    """Tables and views that a query names; catalogs left out."""
    for name in relations_in(query.node):
        if not is_catalog(name):
            yield situation.ref(Name(name.schema, name.name))


def _reads(query: Query, situation: Situation, target: Ref | None) -> Iterator[Ref]:
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


def _reads_many(query: Query, ref: Ref, situation: Situation) -> bool:
    """Whether a query goes through most of a table: not with LIMIT, EXISTS, or a key pinned in its WHERE."""
    select: Mapping[str, Any] = query.node.get("SelectStmt", {})
    if not select:
        insert = query.node.get("InsertStmt", {})
        select = insert.get("selectStmt", {}).get("SelectStmt", {})
    return _select_reads_many(select, ref, situation)


def _select_reads_many(select: Mapping[str, Any], ref: Ref, situation: Situation) -> bool:
    if "larg" in select:  # UNION, EXCEPT, INTERSECT
        return any(_select_reads_many(select.get(side, {}), ref, situation) for side in ("larg", "rarg"))
    if not select.get("fromClause"):
        return False
    if "limitCount" in select and "sortClause" not in select:
        return False
    where = select.get("whereClause")
    most, _ = touches_most_rows(Expression(node=where) if where else None, situation.schema.table(ref), joins=False)
    return most


def predict_copy(statement: Copy, situation: Situation) -> Effects:
    if statement.query is not None:
        return predict_query(statement.query, situation, Cause.COPY)
    if statement.table is None:
        return Effects()
    ref = situation.ref(statement.table)
    mode = LockMode.ROW_EXCLUSIVE if statement.from_ else LockMode.ACCESS_SHARE
    work = () if statement.from_ else (Work(kind=WorkKind.BULK_READ, relation=ref, cause=Cause.COPY),)
    return Effects(locks=(Lock(relation=ref, mode=mode),), work=work)


def predict_truncate(statement: Truncate, situation: Situation) -> Effects:
    refs = [situation.ref(table) for table in statement.tables]
    locks = [Lock(relation=ref, mode=LockMode.ACCESS_EXCLUSIVE) for ref in refs]
    if statement.cascade:
        locks.extend(
            Lock(relation=dependent, mode=LockMode.ACCESS_EXCLUSIVE)
            for ref in refs
            for dependent in sorted(situation.schema.dependents_of(ref))
            if situation.schema.table(dependent) is not None
        )
    return Effects(locks=tuple(locks))
