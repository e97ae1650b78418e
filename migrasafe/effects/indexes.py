"""CREATE INDEX, DROP INDEX, REINDEX, ALTER INDEX.

https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY
"""

from __future__ import annotations

from migrasafe.effects.keys import unique_failures
from migrasafe.effects.model import Cause, Effects, Failure, Lock, Trouble, Work, WorkKind, strong, unsupported
from migrasafe.effects.refused_indexes import refused_index
from migrasafe.effects.situation import Situation
from migrasafe.locks import LockMode
from migrasafe.schema.model import Index, Ref, RelationKind
from migrasafe.schema.same_index import same_index
from migrasafe.sql.statements import CreateIndex, Name, Reindex


def create_index(statement: CreateIndex, situation: Situation) -> Effects:
    table_ref = situation.ref(statement.table)
    table = situation.schema.table(table_ref)
    existing = Ref(table_ref.schema, statement.name) if statement.if_not_exists and statement.name else None
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if statement.concurrently else LockMode.SHARE
    partitioned = table is not None and table.kind is RelationKind.PARTITIONED_TABLE
    failures = []
    if statement.concurrently and situation.in_block:
        failures.append(_not_in_block("CREATE INDEX CONCURRENTLY"))
    if existing is not None and situation.schema.relation(existing) is not None:
        below = situation.below(table_ref) if partitioned and not statement.only else ()
        held = tuple(Lock(relation=one, mode=mode) for one in (table_ref, *below))
        return Effects(locks=held, failures=tuple(failures))
    if statement.concurrently and partitioned:
        failures.append(
            unsupported(f"cannot create index on partitioned table {table_ref.name} concurrently", str(table_ref))
        )
    failures.extend(refused_index(statement, table, situation))
    if statement.unique and table is not None:
        keys = [element.column for element in statement.elements]
        failures.extend(unique_failures(keys, table_ref.name, table.partition_by))
    if partitioned and statement.only:  # only the parent's entry: nothing is built
        return Effects(locks=(Lock(relation=table_ref, mode=mode),), failures=tuple(failures))
    parts = [table_ref]
    if table is not None:
        parts = [
            part.ref for part in situation.with_partitions(table) if part.kind is not RelationKind.PARTITIONED_TABLE
        ]
        if statement.only or table.kind is not RelationKind.PARTITIONED_TABLE:
            parts = [table_ref]  # an index on a table with inheritance children is on that table alone
    locks = [Lock(relation=ref, mode=mode) for ref in dict.fromkeys([table_ref, *parts])]
    if partitioned:
        parts = [ref for ref in parts if not _has_such(ref, statement, situation)]
    work = [
        Work(
            kind=WorkKind.INDEX_BUILD,
            relation=ref,
            cause=Cause.CREATE_INDEX,
            detail=statement.name or "",
            concurrent=statement.concurrently,
        )
        for ref in parts
    ]
    return Effects(locks=tuple(locks), work=tuple(work), failures=tuple(failures))


def _has_such(ref: Ref, statement: CreateIndex, situation: Situation) -> bool:
    """Whether a partition has a valid index of its own that PostgreSQL attaches instead of building one."""
    table = situation.schema.table(ref)
    wanted = Index(
        ref=ref,
        table=ref,
        elements=statement.elements,
        unique=statement.unique,
        method=statement.method,
        predicate=statement.predicate,
        include=statement.include,
        nulls_not_distinct=statement.nulls_not_distinct,
    )
    own = situation.schema.indexes_of(table) if table is not None else ()
    return any(one.valid and one.parent is None and same_index(wanted, one) for one in own)


def _not_in_block(command: str) -> Failure:
    return Failure(trouble=Trouble.NOT_IN_TRANSACTION, reason=f"{command} cannot run inside a transaction block")


def drop_index(name: Name, situation: Situation, *, concurrently: bool) -> Effects:
    table = situation.index_table(name)
    failures = (_not_in_block("DROP INDEX CONCURRENTLY"),) if concurrently and situation.in_block else ()
    index = situation.schema.index(situation.ref(name))
    if index is not None and concurrently and situation.is_partitioned(index.table):
        failures = (*failures, unsupported(f"cannot drop partitioned index {name.name} concurrently", str(index.ref)))
    if index is not None and index.parent is not None:
        reason = f"cannot drop index {name.name}: the index {index.parent.name} of its partitioned table needs it"
        failures = (*failures, Failure(trouble=Trouble.DEPENDENT_OBJECTS, reason=reason, objects=(str(index.ref),)))
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if concurrently else LockMode.ACCESS_EXCLUSIVE
    below = situation.below(table) if table is not None and situation.is_partitioned(table) else ()
    locks = tuple(Lock(relation=one, mode=mode) for one in (table, *below) if one is not None)
    if index is not None and index.constraint is not None:
        failures = (
            *failures,
            Failure(
                trouble=Trouble.DEPENDENT_OBJECTS,
                reason=f"cannot drop index {name.name}: the constraint {index.constraint} of {index.table.name} needs it",
                objects=(str(index.ref),),
            ),
        )
    return Effects(locks=locks, failures=failures)


def reindex(statement: Reindex, situation: Situation) -> Effects:
    failures = (_not_in_block("REINDEX CONCURRENTLY"),) if statement.concurrently and situation.in_block else ()
    if statement.kind in ("SCHEMA", "DATABASE", "SYSTEM"):
        if situation.in_block and not failures:
            failures = (_not_in_block(f"REINDEX {statement.kind}"),)
        if statement.kind == "SYSTEM" and statement.concurrently:
            failures = (
                *failures,
                unsupported("cannot reindex system catalogs concurrently", "pg_catalog.pg_class"),
            )
        return _reindex_all(statement).and_(Effects(failures=failures))
    if statement.name is None:
        return Effects(failures=failures)
    ref = situation.ref(statement.name)
    if statement.kind == "INDEX":
        ref = situation.index_table(statement.name) or ref
    if situation.is_partitioned(ref):
        return _reindex_partitions(statement, ref, situation)
    table = situation.schema.table(ref)
    if table is not None and table.complete and not table.indexes:
        mode = LockMode.SHARE_UPDATE_EXCLUSIVE if statement.concurrently else LockMode.SHARE
        return Effects(locks=(Lock(relation=ref, mode=mode),), failures=failures)
    # Plain REINDEX holds only SHARE on the table but ACCESS EXCLUSIVE on the index, for which every reader's planner waits.
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if statement.concurrently else LockMode.ACCESS_EXCLUSIVE
    if statement.kind == "INDEX" and not statement.concurrently and _is_new(statement.name, situation):
        mode = LockMode.SHARE
    work = Work(
        kind=WorkKind.INDEX_BUILD,
        relation=ref,
        cause=Cause.REINDEX,
        detail=statement.name.name,
        concurrent=statement.concurrently,
    )
    return Effects(locks=(Lock(relation=ref, mode=mode),), work=(work,), failures=failures)


def _reindex_all(statement: Reindex) -> Effects:
    """Of a whole schema or database, each table in a transaction of its own."""
    what = {"SCHEMA": f"every table of the schema {statement.name}", "SYSTEM": "every system catalog"}
    ref = Ref("public", what.get(statement.kind, "every table of the database"))
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if statement.concurrently else LockMode.ACCESS_EXCLUSIVE
    work = Work(
        kind=WorkKind.INDEX_BUILD,
        relation=ref,
        cause=Cause.REINDEX,
        detail="each of its indexes",
        concurrent=statement.concurrently,
    )
    return strong(ref, mode).and_(Effects(work=(work,)))


def _is_new(name: Name, situation: Situation) -> bool:
    """Whether the index was made in this transaction: nobody else waits for it."""
    index = situation.schema.index(situation.ref(name))
    moment = situation.moment
    return index is not None and (index.born.migration, index.born.transaction) == (
        moment.migration,
        moment.transaction,
    )


def _reindex_partitions(statement: Reindex, ref: Ref, situation: Situation) -> Effects:
    """Since 14 each partition in a transaction of its own; before, a partitioned index is refused and a table left out."""
    own = LockMode.SHARE_UPDATE_EXCLUSIVE if statement.concurrently else LockMode.SHARE
    if not situation.target.at_least(14):
        reason = "REINDEX is not yet implemented for partitioned indexes"
        failure = Failure(trouble=Trouble.FEATURE_NOT_SUPPORTED, reason=reason)
        return Effects(failures=(failure,)) if statement.kind == "INDEX" else strong(ref, own)
    if situation.in_block:
        return Effects(failures=(_not_in_block(f"REINDEX of the partitioned {ref.name}"),))
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if statement.concurrently else LockMode.ACCESS_EXCLUSIVE
    parts = [one for one in situation.below(ref) if not situation.is_partitioned(one)]
    return Effects(
        locks=(Lock(relation=ref, mode=own), *(Lock(relation=one, mode=mode) for one in parts)),
        work=tuple(
            Work(kind=WorkKind.INDEX_BUILD, relation=one, cause=Cause.REINDEX, concurrent=statement.concurrently)
            for one in parts
            if (table := situation.schema.table(one)) is None or table.indexes or not table.complete
        ),
    )
