"""ALTER TABLE and each of its actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from migrasafe.sql.convert.alter_column import ATTRIBUTE_ACTIONS, COLUMN_ACTIONS
from migrasafe.sql.convert.base import (
    Fields,
    Origin,
    cascades,
    definition_of,
    fields,
    name_from_list,
    options,
    relation,
    role,
)
from migrasafe.sql.convert.columns import bound, constraint
from migrasafe.sql.statements import (
    Action,
    AddConstraint,
    AlterAllInTablespace,
    AlterConstraint,
    AlterTable,
    AttachPartition,
    ClusterOn,
    DetachPartition,
    DropConstraint,
    Inherit,
    OfType,
    OwnerTo,
    ReplicaIdentity,
    SetAccessMethod,
    SetLogged,
    SetOptions,
    SetRowSecurity,
    SetTablespace,
    SetTriggers,
    Statement,
    UnknownAction,
    ValidateConstraint,
)

_OBJECTS = {
    "OBJECT_TABLE": "TABLE",
    "OBJECT_INDEX": "INDEX",
    "OBJECT_VIEW": "VIEW",
    "OBJECT_MATVIEW": "MATERIALIZED VIEW",
    "OBJECT_SEQUENCE": "SEQUENCE",
    "OBJECT_FOREIGN_TABLE": "FOREIGN TABLE",
    "OBJECT_TYPE": "TYPE",
}


def alter_table(node: Fields, origin: Origin) -> Statement:
    range_var = node["relation"]
    what = _OBJECTS.get(node.get("objtype", ""), "TABLE")
    return AlterTable(
        span=origin.span,
        name=relation(range_var),
        kind=what,
        if_exists=bool(node.get("missing_ok")),
        only=not range_var.get("inh", False) and what != "TYPE",
        actions=tuple([_action(one["AlterTableCmd"], composite=what == "TYPE") for one in node.get("cmds", ())]),
    )


def alter_all_in_tablespace(node: Fields, origin: Origin) -> Statement:
    return AlterAllInTablespace(
        span=origin.span,
        kind=_OBJECTS.get(node.get("objtype", ""), "TABLE"),
        tablespace=node.get("orig_tablespacename", ""),
        new_tablespace=node.get("new_tablespacename", ""),
    )


def _action(command: Fields, *, composite: bool) -> Action:
    subtype = command.get("subtype", "")
    convert = (ATTRIBUTE_ACTIONS if composite else _ACTIONS).get(subtype)
    if convert is None:
        return UnknownAction(subtype=subtype)
    return convert(command)


def _add_constraint(command: Fields) -> Action:
    made = constraint(definition_of(command))
    return AddConstraint(constraint=made) if made else UnknownAction(subtype="AT_AddConstraint")


def _alter_constraint(command: Fields) -> Action:
    definition = definition_of(command)
    alters = bool(definition.get("alterDeferrability"))
    return AlterConstraint(
        name=definition.get("conname", ""),
        deferrable=bool(definition.get("deferrable")) if alters else None,
        initially_deferred=bool(definition.get("initdeferred")) if alters else None,
        enforced=bool(definition.get("is_enforced")) if definition.get("alterEnforceability") else None,
        no_inherit=bool(definition.get("noinherit")) if definition.get("alterInheritability") else None,
    )


def _attach(command: Fields) -> Action:
    definition = definition_of(command)
    return AttachPartition(partition=relation(definition["name"]), bound=bound(definition.get("bound")))


def _detach(*, finalize: bool) -> Callable[[Fields], Action]:
    def convert(command: Fields) -> Action:
        definition = definition_of(command)
        return DetachPartition(
            partition=relation(definition["name"]),
            concurrently=bool(definition.get("concurrent")),
            finalize=finalize,
        )

    return convert


def _triggers(*, enabled: bool, mode: str = "", which: str = "one", rule: bool = False) -> Callable[[Fields], Action]:
    def convert(command: Fields) -> Action:
        return SetTriggers(enabled=enabled, mode=mode, name=command.get("name"), which=which, rule=rule)

    return convert


def _set_options(*, reset: bool) -> Callable[[Fields], Action]:
    def convert(command: Fields) -> Action:
        pairs = options(fields(command.get("def")).get("items"))
        return SetOptions(options=tuple((key, None if reset else value) for key, value in pairs))

    return convert


_IDENTITIES = {"d": "default", "f": "full", "n": "nothing", "i": "index"}


def _replica_identity(command: Fields) -> Action:
    definition = definition_of(command)
    return ReplicaIdentity(
        identity=_IDENTITIES.get(definition.get("identity_type", "d"), "default"), index=definition.get("name")
    )


def _of_type(command: Fields) -> Action:
    return OfType(type=name_from_list(definition_of(command).get("names")))


def _inherit(*, add: bool) -> Callable[[Fields], Action]:
    def convert(command: Fields) -> Action:
        return Inherit(parent=relation(definition_of(command)), add=add)

    return convert


def _drop_constraint(command: Fields) -> Action:
    return DropConstraint(name=command["name"], if_exists=bool(command.get("missing_ok")), cascade=cascades(command))


_ACTIONS: Mapping[str, Callable[[Fields], Action]] = {
    **COLUMN_ACTIONS,
    "AT_AddConstraint": _add_constraint,
    "AT_DropConstraint": _drop_constraint,
    "AT_ValidateConstraint": lambda command: ValidateConstraint(name=command["name"]),
    "AT_AlterConstraint": _alter_constraint,
    "AT_AttachPartition": _attach,
    "AT_DetachPartition": _detach(finalize=False),
    "AT_DetachPartitionFinalize": _detach(finalize=True),
    "AT_EnableTrig": _triggers(enabled=True),
    "AT_EnableAlwaysTrig": _triggers(enabled=True, mode="ALWAYS"),
    "AT_EnableReplicaTrig": _triggers(enabled=True, mode="REPLICA"),
    "AT_DisableTrig": _triggers(enabled=False),
    "AT_EnableTrigAll": _triggers(enabled=True, which="all"),
    "AT_DisableTrigAll": _triggers(enabled=False, which="all"),
    "AT_EnableTrigUser": _triggers(enabled=True, which="user"),
    "AT_DisableTrigUser": _triggers(enabled=False, which="user"),
    "AT_EnableRule": _triggers(enabled=True, rule=True),
    "AT_EnableAlwaysRule": _triggers(enabled=True, mode="ALWAYS", rule=True),
    "AT_EnableReplicaRule": _triggers(enabled=True, mode="REPLICA", rule=True),
    "AT_DisableRule": _triggers(enabled=False, rule=True),
    "AT_EnableRowSecurity": lambda _: SetRowSecurity(enabled=True),
    "AT_DisableRowSecurity": lambda _: SetRowSecurity(enabled=False),
    "AT_ForceRowSecurity": lambda _: SetRowSecurity(forced=True),
    "AT_NoForceRowSecurity": lambda _: SetRowSecurity(forced=False),
    "AT_SetLogged": lambda _: SetLogged(logged=True),
    "AT_SetUnLogged": lambda _: SetLogged(logged=False),
    "AT_SetTableSpace": lambda command: SetTablespace(tablespace=command["name"]),
    "AT_SetAccessMethod": lambda command: SetAccessMethod(method=command.get("name")),
    "AT_SetRelOptions": _set_options(reset=False),
    "AT_ResetRelOptions": _set_options(reset=True),
    "AT_GenericOptions": _set_options(reset=False),
    "AT_ClusterOn": lambda command: ClusterOn(index=command["name"]),
    "AT_DropCluster": lambda _: ClusterOn(index=None),
    "AT_DropOids": lambda _: SetOptions(options=(("oids", None),)),
    "AT_AddInherit": _inherit(add=True),
    "AT_DropInherit": _inherit(add=False),
    "AT_AddOf": _of_type,
    "AT_DropOf": lambda _: OfType(type=None),
    "AT_ChangeOwner": lambda command: OwnerTo(owner=role(command.get("newowner", {}))),
    "AT_ReplicaIdentity": _replica_identity,
}
