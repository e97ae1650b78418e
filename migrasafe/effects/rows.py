"""Queries and DML: which rows they touch, and the row work that a migration should not do in one transaction."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause, Effects, Failure, Lock, Trouble, Work, WorkKind
from migrasafe.effects.most_rows import touches_most_rows
from migrasafe.effects.reads import reads_many, relations_read
from migrasafe.effects.situation import Situation
from migrasafe.locks import LockMode
from migrasafe.schema.model import Ref
from migrasafe.sql.expressions import matches_all_rows
from migrasafe.sql.statements import (
    Copy,
    Delete,
    Dml,
    Expression,
    Insert,
    Merge,
    Query,
    Select,
    Statement,
    Truncate,
    Update,
)


def predict_dml(statement: Dml, situation: Situation) -> Effects:
    """INSERT, UPDATE, DELETE, MERGE with the DML in their WITH clauses."""
    target = situation.ref(statement.table)
    locks = [Lock(relation=target, mode=LockMode.ROW_EXCLUSIVE)]
    work: list[Work] = []
    reads = tuple(relations_read(statement.query, situation, target))
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
                if reads_many(statement.query, ref, situation)
            )
    failures = tuple(_assigned_twice(statement)) if isinstance(statement, Update) else ()
    effects = Effects(locks=tuple(locks), work=tuple(work), failures=failures)
    for inner in statement.modifies:
        effects = effects.and_(predict_dml(inner, situation))
    return effects


def _assigned_twice(statement: Update) -> Iterator[Failure]:
    """SET a = 1, a = 2: refused, unless it is elements or fields of the column that are set."""
    seen: set[str] = set()
    for target in statement.query.node.get("UpdateStmt", {}).get("targetList", []):
        fields = target.get("ResTarget", {})
        name = fields.get("name", "")
        if "indirection" in fields:
            continue
        if name in seen:
            yield Failure(
                trouble=Trouble.SYNTAX, reason=f"multiple assignments to the same column {name}", objects=(name,)
            )
            return
        seen.add(name)


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


def row_by_row(statement: Statement, effects: Effects, query: Query, situation: Situation) -> Effects:
    """The effects of an UPDATE or DELETE that a loop runs for each row of a query: many, if the query reads many."""
    if not isinstance(statement, (Update, Delete)) or effects.work:
        return effects
    if not any(situation.exists_already(work.relation) for work in predict_query(query, situation).work):
        return effects
    cause = Cause.UPDATE if isinstance(statement, Update) else Cause.DELETE
    target = situation.ref(statement.table)
    assumed = ("the loop around it runs for most rows",)
    work = Work(kind=WorkKind.BULK_WRITE, relation=target, cause=cause, assumed=assumed)
    return effects.and_(Effects(work=(work,)))


def predict_select(statement: Select, situation: Situation) -> Effects:
    reads = tuple(relations_read(statement.query, situation, None))
    locks = tuple(
        Lock(relation=ref, mode=LockMode.ROW_SHARE if statement.locking else LockMode.ACCESS_SHARE) for ref in reads
    )
    work: list[Work] = []
    for ref in reads:
        if statement.locking in ("update", "no key update", "share") and reads_many(statement.query, ref, situation):
            work.append(Work(kind=WorkKind.BULK_WRITE, relation=ref, cause=Cause.ROW_LOCKS))
        elif reads_many(statement.query, ref, situation):
            work.append(Work(kind=WorkKind.BULK_READ, relation=ref, cause=Cause.QUERY))
    effects = Effects(locks=locks, work=tuple(work))
    for inner in statement.modifies:
        effects = effects.and_(predict_dml(inner, situation))
    return effects


def predict_query(query: Query, situation: Situation, cause: Cause = Cause.QUERY) -> Effects:
    """A query inside another statement: CREATE TABLE AS, REFRESH, COPY (query)."""
    reads = tuple(relations_read(query, situation, None))
    return Effects(
        locks=tuple(Lock(relation=ref, mode=LockMode.ACCESS_SHARE) for ref in reads),
        work=tuple(
            Work(kind=WorkKind.BULK_READ, relation=ref, cause=cause)
            for ref in reads
            if reads_many(query, ref, situation)
        ),
    )


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
    refs.extend(
        below
        for table in statement.tables
        if table not in statement.only
        for below in situation.below(situation.ref(table))
    )
    locks = [Lock(relation=ref, mode=LockMode.ACCESS_EXCLUSIVE) for ref in refs]
    if statement.cascade:
        locks.extend(
            Lock(relation=dependent, mode=LockMode.ACCESS_EXCLUSIVE)
            for ref in refs
            for dependent in sorted(situation.schema.dependents_of(ref))
            if situation.schema.table(dependent) is not None
        )
    return Effects(locks=tuple(locks))
