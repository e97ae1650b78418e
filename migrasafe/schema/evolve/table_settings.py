"""ALTER TABLE actions that set properties of the table: options, row security, triggers, owner, identity."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.family import family
from migrasafe.schema.model import RelationKind, Table
from migrasafe.sql.statements import (
    OfType,
    OwnerTo,
    Persistence,
    ReplicaIdentity,
    SetAccessMethod,
    SetLogged,
    SetOptions,
    SetRowSecurity,
    SetTablespace,
    SetTriggers,
)


def set_options(draft: Draft, table: Table, action: SetOptions) -> None:
    draft.put(replace(table, options=changed_options(table.options, action)))


def changed_options(options: tuple[tuple[str, str], ...], action: SetOptions) -> tuple[tuple[str, str], ...]:
    """The options after SET (…) and RESET (…)."""
    values = dict(options)
    for name, value in action.options:
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value
    return tuple(values.items())


def set_row_security(draft: Draft, table: Table, action: SetRowSecurity) -> None:
    enabled = table.row_security if action.enabled is None else action.enabled
    forced = table.row_security_forced if action.forced is None else action.forced
    draft.put(replace(table, row_security=enabled, row_security_forced=forced))


def set_triggers(draft: Draft, table: Table, action: SetTriggers, *, only: bool) -> None:
    """ENABLE | DISABLE TRIGGER, which reaches the copies on partitions."""
    if action.rule:
        return
    for one in family(draft, table, only=only or not table.partitions):
        triggers = tuple(
            replace(t, enabled=action.enabled) if action.which != "one" or t.name == action.name else t
            for t in one.triggers
        )
        draft.put(replace(one, triggers=triggers))


def set_owner(draft: Draft, table: Table, action: OwnerTo) -> None:
    draft.put(replace(table, owner=action.owner))


def set_logged(draft: Draft, table: Table, action: SetLogged) -> None:
    """SET LOGGED | UNLOGGED; before 18 a partitioned table takes it without a change, since then it refuses."""
    if table.kind is RelationKind.PARTITIONED_TABLE:
        return
    persistence = Persistence.PERMANENT if action.logged else Persistence.UNLOGGED
    draft.put(replace(table, persistence=persistence))


def set_tablespace(draft: Draft, table: Table, action: SetTablespace) -> None:
    draft.put(replace(table, tablespace=action.tablespace))


def set_access_method(draft: Draft, table: Table, action: SetAccessMethod) -> None:
    draft.put(replace(table, access_method=action.method))


def set_replica_identity(draft: Draft, table: Table, action: ReplicaIdentity) -> None:
    draft.put(replace(table, replica_identity=action.identity))
    for index in map(draft.index, table.indexes):
        named = index is not None and action.identity == "index" and index.ref.name == action.index
        if index is not None and index.replica_identity is not named:
            draft.put(replace(index, replica_identity=named))


def set_of_type(draft: Draft, table: Table, action: OfType) -> None:
    draft.put(replace(table, of_type=draft.find_type(action.type) if action.type is not None else None))
