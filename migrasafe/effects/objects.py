"""Creating and renaming objects; comments, domains; VACUUM, CLUSTER, LOCK."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects import partitions
from migrasafe.effects.constraints import locks_on_target
from migrasafe.effects.foreign_key_types import incompatible_types
from migrasafe.effects.keys import key_failures
from migrasafe.effects.model import NOTHING, Cause, Effects, Failure, Lock, Trouble, Work, WorkKind, strong
from migrasafe.effects.reads import locks_of_query
from migrasafe.effects.refused_names import refused_rename
from migrasafe.effects.rows import predict_query
from migrasafe.effects.situation import Situation
from migrasafe.locks import LockMode
from migrasafe.schema.model import Domain, Ref, Table, View
from migrasafe.sql.statements import (
    AlterDomain,
    Cluster,
    Comment,
    ConstraintDef,
    ConstraintKind,
    CreateTable,
    CreateTableAs,
    CreateView,
    LockTable,
    RefreshMaterializedView,
    Rename,
    SetSchema,
    Vacuum,
)


def create_table(statement: CreateTable, situation: Situation) -> Effects:
    """A new table locks the tables its foreign keys point at, and its parent."""
    effects = NOTHING
    ref = situation.ref(statement.name)
    if statement.if_not_exists and situation.schema.relation(ref) is not None:
        return effects
    types = {column.name: column.type for column in statement.columns}
    inline: list[ConstraintDef] = [one for column in statement.columns for one in column.constraints]
    for constraint in (*inline, *statement.constraints):
        if constraint.references is not None:
            target = situation.ref(constraint.references.table)
            if target != ref:
                locks = tuple(locks_on_target(target, LockMode.SHARE_ROW_EXCLUSIVE, situation))
                effects = effects.and_(Effects(locks=locks))
            refused = tuple(incompatible_types(ref, types, constraint, situation))
            effects = effects.and_(Effects(failures=refused))
    name = statement.name.name
    own = [key_failures(one, name, statement.partition_by, situation.target) for one in statement.constraints]
    own += [
        key_failures(one, name, statement.partition_by, situation.target, column=column.name)
        for column in statement.columns
        for one in column.constraints
    ]
    refused_keys = tuple(failure for failures in own for failure in failures)
    if refused_keys:
        effects = effects.and_(Effects(failures=refused_keys))
    if statement.partition_of is not None:
        parent = situation.ref(statement.partition_of)
        effects = effects.and_(partitions.create_partition(ref, parent, situation, statement.bound))
    for parent_name in statement.inherits:
        effects = effects.and_(strong(situation.ref(parent_name), LockMode.SHARE_UPDATE_EXCLUSIVE))
    return effects


def create_table_as(statement: CreateTableAs, situation: Situation) -> Effects:
    if statement.if_not_exists and situation.schema.relation(situation.ref(statement.name)) is not None:
        return NOTHING
    effects = predict_query(statement.query, situation)
    return effects if statement.with_data else Effects(locks=effects.locks)


def create_view(statement: CreateView, situation: Situation) -> Effects:
    # A view is made without a look at what the views in its query read.
    locks = locks_of_query(statement.query, situation)
    ref = situation.ref(statement.name)
    if statement.replace and situation.schema.view(ref) is not None:
        locks = (*locks, Lock(relation=ref, mode=LockMode.ACCESS_EXCLUSIVE))
    return Effects(locks=locks)


def refresh(statement: RefreshMaterializedView, situation: Situation) -> Effects:
    ref = situation.ref(statement.name)
    mode = LockMode.EXCLUSIVE if statement.concurrently else LockMode.ACCESS_EXCLUSIVE
    work = Work(kind=WorkKind.REWRITE, relation=ref, cause=Cause.REFRESH, concurrent=statement.concurrently)
    failures = tuple(_not_concurrently(statement, situation.schema.view(ref), situation))
    return strong(ref, mode).and_(Effects(work=(work,) if statement.with_data else (), failures=failures))


def _not_concurrently(statement: RefreshMaterializedView, view: View | None, situation: Situation) -> Iterator[Failure]:
    """It compares the old rows with the new ones by a unique index over plain columns of all rows."""
    if not statement.concurrently or view is None:
        return
    unique = [one for one in situation.schema.indexes_of(view) if one.unique and one.valid and one.predicate is None]
    if not any(all(key.column is not None for key in one.elements) for one in unique):
        reason = (
            f"{view.ref.name} has no unique index over plain columns, without WHERE, by which rows can be told apart"
        )
        yield Failure(trouble=Trouble.NOT_IN_PREREQUISITE_STATE, reason=reason, objects=(str(view.ref),))


# --- rename -----------------------------------------------------------------------------------------------------------


_RENAMED_RELATIONS = frozenset(
    {"TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "COLUMN", "CONSTRAINT", "TRIGGER", "POLICY", "RULE"}
)


def rename(statement: Rename, situation: Situation) -> Effects:
    table = situation.index_table(statement.name)
    if table is not None and statement.kind in ("INDEX", "TABLE"):
        return strong(
            table, LockMode.SHARE_UPDATE_EXCLUSIVE if statement.kind == "INDEX" else LockMode.ACCESS_EXCLUSIVE
        )
    if statement.kind == "INDEX":  # which PostgreSQL takes for a table and for a view as well
        found = situation.schema.relation(situation.ref(statement.name))
        return strong(found.ref) if isinstance(found, Table | View) else NOTHING
    if statement.kind not in _RENAMED_RELATIONS or statement.of == "TYPE":
        return NOTHING
    ref = situation.ref(statement.name)
    below = situation.below(ref) if _is_renamed_below(statement, ref, situation) else ()
    return Effects(
        locks=tuple(Lock(relation=one, mode=LockMode.ACCESS_EXCLUSIVE) for one in (ref, *below)),
        failures=tuple(refused_rename(statement, situation)),
    )


def _is_renamed_below(statement: Rename, ref: Ref, situation: Situation) -> bool:
    """Columns have one name in all tables below; of constraints, those that are inherited."""
    if statement.kind != "CONSTRAINT":
        return statement.kind == "COLUMN"
    table = situation.schema.table(ref)
    constraint = table.constraint(statement.part or "") if table is not None else None
    inherited = (ConstraintKind.CHECK, ConstraintKind.NOT_NULL)
    return constraint is None or (constraint.kind in inherited and not constraint.no_inherit)


_COMMENTED_RELATIONS = frozenset({"TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "COLUMN", "INDEX"})


def comment(statement: Comment, situation: Situation) -> Effects:
    """A comment on a relation or its column keeps away other DDL; one on a constraint or trigger does not."""
    if statement.kind not in _COMMENTED_RELATIONS:
        return NOTHING
    ref = situation.index_table(statement.name) if statement.kind == "INDEX" else situation.ref(statement.name)
    return strong(ref, LockMode.SHARE_UPDATE_EXCLUSIVE) if ref is not None else NOTHING


def set_schema(statement: SetSchema, situation: Situation) -> Effects:
    if statement.kind in ("TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE"):
        return strong(situation.ref(statement.name))
    return NOTHING


# --- domains ------------------------------------------------------------------------------------------------------------


def alter_domain(statement: AlterDomain, situation: Situation) -> Effects:
    """A new or validated domain constraint is checked in every table with a column of the domain, writes waiting."""
    scans = statement.verb in ("set not null", "validate constraint") or (
        statement.verb == "add constraint" and statement.constraint is not None and not statement.constraint.not_valid
    )
    if not scans:
        return NOTHING
    ref = situation.schema.resolve_type(statement.name.schema, statement.name.name)
    domain = situation.schema.types.get(ref)
    if isinstance(domain, Domain) and domain.born.migration == situation.moment.migration:
        return NOTHING
    users = _tables_with(ref, situation)
    known = isinstance(domain, Domain)
    if known and not users:
        return NOTHING
    assumed = () if known else (f"a table has a column of the domain {statement.name.name}",)
    tables = users or [Ref(ref.schema, f"every table with a column of {ref.name}")]
    return Effects(
        locks=tuple(Lock(relation=one, mode=LockMode.SHARE) for one in tables),
        work=tuple(
            Work(
                kind=WorkKind.SCAN,
                relation=one,
                cause=Cause.DOMAIN_CONSTRAINT,
                detail=statement.name.name,
                assumed=assumed,
            )
            for one in tables
        ),
    )


def _tables_with(ref: Ref, situation: Situation) -> list[Ref]:
    """Those with a column of the type, or of a type that stands on it."""
    met, waiting = {ref}, [ref]
    while waiting:
        found = [one for one in situation.schema.dependents_of(waiting.pop()) if one not in met]
        met.update(found)
        waiting.extend(one for one in found if one in situation.schema.types)
    return sorted(one for one in met if situation.schema.table(one) is not None)


# --- maintenance --------------------------------------------------------------------------------------------------------


def vacuum(statement: Vacuum, situation: Situation) -> Effects:
    command = "VACUUM" if statement.vacuum else "ANALYZE"
    failures: tuple[Failure, ...] = ()
    if statement.vacuum and situation.in_block:
        failures = (
            Failure(trouble=Trouble.NOT_IN_TRANSACTION, reason=f"{command} cannot run inside a transaction block"),
        )
    mode = LockMode.ACCESS_EXCLUSIVE if statement.full else LockMode.SHARE_UPDATE_EXCLUSIVE
    refs = [situation.ref(table) for table in statement.tables]
    for ref in tuple(refs):
        if situation.is_partitioned(ref) or situation.target.at_least(18):  # children are read only, before 18
            refs.extend(situation.below(ref))
    if statement.full and not refs:
        refs = [Ref("public", "every table")]
    work = tuple(Work(kind=WorkKind.REWRITE, relation=ref, cause=Cause.VACUUM_FULL) for ref in refs if statement.full)
    return Effects(locks=tuple(Lock(relation=ref, mode=mode) for ref in refs), work=work, failures=failures)


def cluster(statement: Cluster, situation: Situation) -> Effects:
    ref = situation.ref(statement.table) if statement.table is not None else Ref("public", "every clustered table")
    if situation.is_partitioned(ref):
        return _cluster_partitions(ref, situation)
    work = Work(kind=WorkKind.REWRITE, relation=ref, cause=Cause.CLUSTER, detail=statement.index or "")
    return strong(ref).and_(Effects(work=(work,)))


def _cluster_partitions(ref: Ref, situation: Situation) -> Effects:
    """Since 15 each partition in a transaction of its own."""
    if not situation.target.at_least(15):
        failure = Failure(
            trouble=Trouble.FEATURE_NOT_SUPPORTED, reason=f"cannot cluster the partitioned table {ref.name}"
        )
        return Effects(failures=(failure,))
    if situation.in_block:
        reason = "CLUSTER of a partitioned table cannot run inside a transaction block"
        return Effects(failures=(Failure(trouble=Trouble.NOT_IN_TRANSACTION, reason=reason),))
    parts = [one for one in situation.below(ref) if not situation.is_partitioned(one)]
    return Effects(
        locks=tuple(Lock(relation=one, mode=LockMode.ACCESS_EXCLUSIVE) for one in parts),
        work=tuple(Work(kind=WorkKind.REWRITE, relation=one, cause=Cause.CLUSTER) for one in parts),
    )


def lock_table(statement: LockTable, situation: Situation) -> Effects:
    mode = LockMode(statement.mode)
    refs: list[Ref] = []
    for table in statement.tables:
        ref = situation.ref(table)
        refs.extend((ref, *(() if table in statement.only else situation.below(ref))))
    locks = Effects(locks=tuple(Lock(relation=ref, mode=mode) for ref in refs))
    return locks if situation.in_block else outside_block("LOCK TABLE")


def outside_block(command: str) -> Effects:
    """What is refused where no transaction is open."""
    reason = f"{command} can only be used in transaction blocks"
    return Effects(failures=(Failure(trouble=Trouble.NO_TRANSACTION, reason=reason),))
