"""ALTER TABLE: each action's lock and work; the strongest lock of the statement is taken before any of them.

https://www.postgresql.org/docs/current/sql-altertable.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from migrasafe.effects.model import NOTHING, Cause, Effects, Failure, Lock, Trouble, Work, WorkKind
from migrasafe.effects.situation import Situation
from migrasafe.locks import LockMode
from migrasafe.on_call import on_call
from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Ref, RelationKind
from migrasafe.sql.statements import (
    Action,
    AddColumn,
    AddConstraint,
    AlterColumnType,
    AlterConstraint,
    AlterTable,
    AttachPartition,
    ClusterOn,
    ColumnProperty,
    DetachPartition,
    DropColumn,
    DropConstraint,
    DropDefault,
    DropExpression,
    DropIdentity,
    DropNotNull,
    Inherit,
    Persistence,
    ReplicaIdentity,
    SetAccessMethod,
    SetColumnProperty,
    SetExpression,
    SetLogged,
    SetNotNull,
    SetOptions,
    SetTablespace,
    SetTriggers,
    ValidateConstraint,
)

if TYPE_CHECKING:
    from migrasafe.effects import (
        alter_column_type,
        below,
        columns,
        composites,
        constraints,
        drops,
        partitions,
        refused_columns,
        refused_constraints,
        replication,
    )
else:
    alter_column_type, below, columns = on_call("migrasafe.effects", "alter_column_type", "below", "columns")
    composites, constraints = on_call("migrasafe.effects", "composites", "constraints")
    drops, partitions = on_call("migrasafe.effects", "drops", "partitions")
    refused_columns, refused_constraints = on_call("migrasafe.effects", "refused_columns", "refused_constraints")
    (replication,) = on_call("migrasafe.effects", "replication")

Predict = Callable[[Any, int, Ref, Situation], Effects]


def predict_alter(statement: AlterTable, situation: Situation) -> Effects:
    ref = situation.ref(statement.name)
    if statement.if_exists and situation.schema.complete and situation.schema.relation(ref) is None:
        return NOTHING
    match statement.kind:
        case "INDEX":
            return _alter_index(statement, situation)
        case "TABLE" if (table := situation.index_table(statement.name)) is not None:
            return Effects(locks=(Lock(relation=table, mode=LockMode.ACCESS_EXCLUSIVE),))
        case "TYPE":
            return composites.alter_composite(statement, situation)
        case "SEQUENCE":
            return NOTHING
        case "VIEW":
            return Effects(locks=(Lock(relation=ref, mode=LockMode.ACCESS_EXCLUSIVE),))
    effects = NOTHING
    then = _after_its_drops(statement, ref, situation)
    for index, action in enumerate(statement.actions):
        predict = _ACTIONS.get(type(action))
        seen = situation if isinstance(action, _DROPS) else then
        effects = effects.and_(predict(action, index, ref, seen) if predict else _locked(index, ref))
    known = situation.schema.table(ref)
    if known is not None:
        refused = (
            *refused_columns.refused_changes(statement, known),
            *refused_constraints.refused_constraints(statement, then.schema.table(ref) or known, then.schema),
        )
        effects = effects.and_(Effects(failures=refused))
    if effects.failures:
        effects = replace(effects, failures=tuple(_not_averted(effects.failures, statement, ref)))
    if any(isinstance(action, (DropColumn, DropConstraint)) and action.cascade for action in statement.actions):
        effects = effects.and_(drops.locks_of_cascade(statement, situation))
    if statement.only:
        effects = _on_it_alone(effects, ref, situation)
        effects = effects.and_(Effects(failures=tuple(_not_for_children(statement, ref, situation))))
        effects = effects.and_(below.locks_next_below(statement, ref, situation))
    else:
        effects = effects.and_(below.locks_below(statement, effects, ref, situation))
    return effects


_DROPS = (DropColumn, DropConstraint, DropDefault, DropNotNull, DropExpression, DropIdentity)
"""What PostgreSQL does first of a statement, wherever it stands (AT_PASS_DROP)."""


def _after_its_drops(statement: AlterTable, ref: Ref, situation: Situation) -> Situation:
    """What the other actions meet: a CHECK that the same statement drops proves nothing, and is not looked at again."""
    first = tuple(action for action in statement.actions if isinstance(action, _DROPS))
    if not first or len(first) == len(statement.actions) or situation.schema.table(ref) is None:
        return situation
    return replace(situation, schema=evolve(situation.schema, replace(statement, actions=first), situation.moment))


def _on_it_alone(effects: Effects, ref: Ref, situation: Situation) -> Effects:
    """ONLY: nothing is done to the tables below. A partitioned one holds no row itself: its own entry of an index is made."""
    table = situation.schema.table(ref)
    below_it = frozenset(situation.below(ref))
    effects = replace(effects, work=tuple(one for one in effects.work if one.relation not in below_it))
    if table is None or table.kind is not RelationKind.PARTITIONED_TABLE:
        return effects
    return replace(effects, work=tuple(one for one in effects.work if one.kind is not WorkKind.INDEX_BUILD))


def _not_averted(failures: tuple[Failure, ...], statement: AlterTable, ref: Ref) -> Iterator[Failure]:
    """PostgreSQL runs all DROP COLUMNs of a statement first: a column of that name can be added by the same statement. And
    types are changed before keys are added."""
    dropped = {f"{ref}.{action.column}" for action in statement.actions if isinstance(action, DropColumn)}
    retyped = {f"{ref}.{action.column}" for action in statement.actions if isinstance(action, AlterColumnType)}
    gone_before = {Trouble.DUPLICATE_COLUMN: dropped, Trouble.DATATYPE_MISMATCH: dropped | retyped}
    for failure in failures:
        if gone_before.get(failure.trouble, set()).isdisjoint(failure.objects):
            yield failure


def _not_for_children(statement: AlterTable, ref: Ref, situation: Situation) -> Iterator[Failure]:
    """A column that the parent has, its children must have."""
    table = situation.schema.table(ref)
    if table is None or not (table.children or table.partitions):
        return
    for place, action in enumerate(statement.actions):
        if isinstance(action, AddColumn):
            reason = f"column {action.column.name} must be added to the child tables of {ref.name} too: leave ONLY out"
            yield Failure(trouble=Trouble.INVALID_TABLE_DEFINITION, reason=reason, action=place, objects=(str(ref),))


def _locked(index: int, ref: Ref, mode: LockMode = LockMode.ACCESS_EXCLUSIVE) -> Effects:
    return Effects(locks=(Lock(relation=ref, mode=mode, action=index),))


def _triggers(_: SetTriggers, index: int, ref: Ref, situation: Situation) -> Effects:
    return _locked(index, ref, LockMode.ACCESS_EXCLUSIVE if _.rule else LockMode.SHARE_ROW_EXCLUSIVE)


def _column_property(action: SetColumnProperty, index: int, ref: Ref, situation: Situation) -> Effects:
    weak = action.property in (ColumnProperty.STATISTICS, ColumnProperty.OPTIONS)
    return _locked(index, ref, LockMode.SHARE_UPDATE_EXCLUSIVE if weak else LockMode.ACCESS_EXCLUSIVE)


def _options(action: SetOptions, index: int, ref: Ref, situation: Situation) -> Effects:
    strong = any(key in ("user_catalog_table", "oids") for key, _ in action.options)
    return _locked(index, ref, LockMode.ACCESS_EXCLUSIVE if strong else LockMode.SHARE_UPDATE_EXCLUSIVE)


def _cluster_on(_: ClusterOn, index: int, ref: Ref, situation: Situation) -> Effects:
    return _locked(index, ref, LockMode.SHARE_UPDATE_EXCLUSIVE)


def _inherit(action: Inherit, index: int, ref: Ref, situation: Situation) -> Effects:
    mode = LockMode.SHARE_UPDATE_EXCLUSIVE if action.add else LockMode.ACCESS_SHARE
    parent = Lock(relation=situation.ref(action.parent), mode=mode, action=index)
    return _locked(index, ref).and_(Effects(locks=(parent,)))


def _set_logged(action: SetLogged, index: int, ref: Ref, situation: Situation) -> Effects:
    table = situation.schema.table(ref)
    wanted = Persistence.PERMANENT if action.logged else Persistence.UNLOGGED
    if table is not None and table.complete and table.persistence is wanted:
        return _locked(index, ref)
    return _rewrites(Cause.PERSISTENCE)(action, index, ref, situation)


def _set_access_method(action: SetAccessMethod, index: int, ref: Ref, situation: Situation) -> Effects:
    table = situation.schema.table(ref)
    if table is not None and table.complete and (table.access_method or _HEAP) == (action.method or _HEAP):
        return _locked(index, ref)
    return _rewrites(Cause.ACCESS_METHOD)(action, index, ref, situation)


_HEAP = "heap"


def _rewrites(cause: Cause, kind: WorkKind = WorkKind.REWRITE) -> Predict:
    def predict(action: Action, index: int, ref: Ref, situation: Situation) -> Effects:
        work = Work(kind=kind, relation=ref, cause=cause, action=index)
        return _locked(index, ref).and_(Effects(work=(work,)))

    return predict


def _tablespace(action: SetTablespace, index: int, ref: Ref, situation: Situation) -> Effects:
    table = situation.schema.table(ref)
    if table is not None and (table.tablespace or (_OF_THE_DATABASE if table.complete else None)) == action.tablespace:
        return _locked(index, ref)
    work = Work(kind=WorkKind.FILE_COPY, relation=ref, cause=Cause.TABLESPACE, action=index, detail=action.tablespace)
    return _locked(index, ref).and_(Effects(work=(work,)))


_OF_THE_DATABASE = "pg_default"
"""Unless the database was made in another tablespace, which hardly one is."""


def _alter_index(statement: AlterTable, situation: Situation) -> Effects:
    ref = situation.index_table(statement.name) or situation.ref(statement.name)
    effects = NOTHING
    for index, action in enumerate(statement.actions):
        match action:
            case SetTablespace():
                work = Work(
                    kind=WorkKind.FILE_COPY,
                    relation=ref,
                    cause=Cause.TABLESPACE,
                    action=index,
                    detail=action.tablespace,
                )
                effects = effects.and_(_locked(index, ref)).and_(Effects(work=(work,)))
            case AttachPartition() if (partition := situation.index_table(action.partition)) is not None:
                # The lock is one of the partition's index, which every query of the partition looks at.
                effects = effects.and_(_locked(index, ref, LockMode.SHARE_UPDATE_EXCLUSIVE)).and_(
                    _locked(index, partition)
                )
            case _:
                effects = effects.and_(_locked(index, ref, LockMode.SHARE_UPDATE_EXCLUSIVE))
    return effects


_ACTIONS: Mapping[type[Action], Predict] = {
    AddColumn: columns.add_column,
    DropColumn: columns.drop_column,
    AlterColumnType: alter_column_type.alter_type,
    SetExpression: columns.set_expression,
    SetNotNull: constraints.set_not_null,
    AddConstraint: constraints.add_constraint,
    ValidateConstraint: constraints.validate,
    AlterConstraint: constraints.alter,
    DropConstraint: constraints.drop,
    AttachPartition: partitions.attach,
    DetachPartition: partitions.detach,
    SetTriggers: _triggers,
    SetColumnProperty: _column_property,
    SetOptions: _options,
    ClusterOn: _cluster_on,
    Inherit: _inherit,
    SetLogged: _set_logged,
    SetAccessMethod: _set_access_method,
    SetTablespace: _tablespace,
    ReplicaIdentity: replication.replica_identity,
    DropNotNull: replication.drop_not_null,
}
