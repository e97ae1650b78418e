"""ALTER TABLE and each of its actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from migrasafe.sql.convert.base import (
    Fields,
    Origin,
    expression,
    fields,
    kind,
    name_from_list,
    options,
    relation,
    role,
    text_of,
    type_name,
)
from migrasafe.sql.convert.columns import bound, column_def, constraint, identity
from migrasafe.sql.statements import (
    Action,
    AddColumn,
    AddConstraint,
    AddIdentity,
    AlterAllInTablespace,
    AlterAttribute,
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
    OfType,
    OwnerTo,
    ReplicaIdentity,
    SetAccessMethod,
    SetColumnProperty,
    SetDefault,
    SetExpression,
    SetIdentity,
    SetLogged,
    SetNotNull,
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
        actions=tuple(_action(fields(command), composite=what == "TYPE") for command in node.get("cmds", [])),
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
    convert = (_ATTRIBUTE_ACTIONS if composite else _ACTIONS).get(subtype)
    if convert is None:
        return UnknownAction(subtype=subtype)
    return convert(command)


def _definition(command: Fields) -> Fields:
    return fields(command.get("def"))


def _column_type(command: Fields) -> Action:
    definition = _definition(command)
    collation = definition.get("collClause")
    return AlterColumnType(
        column=command["name"],
        type=type_name(definition["typeName"]),
        using=expression(definition.get("raw_default")),
        collation=name_from_list(collation.get("collname")) if collation else None,
    )


def _column_default(command: Fields) -> Action:
    default = expression(command.get("def"))
    if default is None:
        return DropDefault(column=command["name"])
    return SetDefault(column=command["name"], default=default)


def _set_expression(command: Fields) -> Action:
    made = expression(command.get("def"))
    assert made is not None  # the grammar demands it
    return SetExpression(column=command["name"], expression=made)


def _add_constraint(command: Fields) -> Action:
    made = constraint(_definition(command))
    return AddConstraint(constraint=made) if made else UnknownAction(subtype="AT_AddConstraint")


def _alter_constraint(command: Fields) -> Action:
    definition = _definition(command)
    alters = bool(definition.get("alterDeferrability"))
    return AlterConstraint(
        name=definition.get("conname", ""),
        deferrable=bool(definition.get("deferrable")) if alters else None,
        initially_deferred=bool(definition.get("initdeferred")) if alters else None,
        enforced=bool(definition.get("is_enforced")) if definition.get("alterEnforceability") else None,
        no_inherit=bool(definition.get("noinherit")) if definition.get("alterInheritability") else None,
    )


def _attach(command: Fields) -> Action:
    definition = _definition(command)
    return AttachPartition(partition=relation(definition["name"]), bound=bound(definition.get("bound")))


def _detach(*, finalize: bool) -> Callable[[Fields], Action]:
    def convert(command: Fields) -> Action:
        definition = _definition(command)
        return DetachPartition(
            partition=relation(definition["name"]),
            concurrently=bool(definition.get("concurrent")),
            finalize=finalize,
        )

    return convert


def _property(which: ColumnProperty) -> Callable[[Fields], Action]:
    def convert(command: Fields) -> Action:
        definition = command.get("def")
        value = None
        if definition:
            value = (
                ", ".join(f"{key}={shown}" for key, shown in options(definition["List"].get("items")))
                if kind(definition) == "List"
                else text_of(definition)
            )
        return SetColumnProperty(column=command.get("name", str(command.get("num", ""))), property=which, value=value)

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


def _set_identity(command: Fields) -> Action:
    given = dict(options(_definition(command).get("items")))
    when = given.get("generated")
    # The grammar keeps ALWAYS and BY DEFAULT as the code of a character.
    always = None if when is None else when == str(ord("a"))
    return SetIdentity(column=command["name"], options=tuple(given), always=always)


_IDENTITIES = {"d": "default", "f": "full", "n": "nothing", "i": "index"}


def _replica_identity(command: Fields) -> Action:
    definition = _definition(command)
    return ReplicaIdentity(
        identity=_IDENTITIES.get(definition.get("identity_type", "d"), "default"), index=definition.get("name")
    )


def _of_type(command: Fields) -> Action:
    return OfType(type=name_from_list(_definition(command).get("names")))


def _attribute(verb: str) -> Callable[[Fields], Action]:
    def convert(command: Fields) -> Action:
        definition = _definition(command)
        type_node = definition.get("typeName")
        return AlterAttribute(
            verb=verb,
            attribute=definition.get("colname") or command.get("name", ""),
            type=type_name(type_node) if type_node else None,
            cascade=_cascades(command),
        )

    return convert


def _cascades(command: Mapping[str, Any]) -> bool:
    return command.get("behavior") == "DROP_CASCADE"


def _inherit(*, add: bool) -> Callable[[Fields], Action]:
    def convert(command: Fields) -> Action:
        return Inherit(parent=relation(_definition(command)), add=add)

    return convert


def _drop_column(command: Fields) -> Action:
    return DropColumn(column=command["name"], if_exists=bool(command.get("missing_ok")), cascade=_cascades(command))


def _drop_constraint(command: Fields) -> Action:
    return DropConstraint(name=command["name"], if_exists=bool(command.get("missing_ok")), cascade=_cascades(command))


def _add_column(command: Fields) -> Action:
    return AddColumn(column=column_def(_definition(command)), if_not_exists=bool(command.get("missing_ok")))


_ACTIONS: Mapping[str, Callable[[Fields], Action]] = {
    "AT_AddColumn": _add_column,
    "AT_AddColumnToView": _add_column,
    "AT_DropColumn": _drop_column,
    "AT_ColumnDefault": _column_default,
    "AT_SetNotNull": lambda command: SetNotNull(column=command["name"]),
    "AT_DropNotNull": lambda command: DropNotNull(column=command["name"]),
    "AT_SetExpression": _set_expression,
    "AT_DropExpression": lambda command: DropExpression(
        column=command["name"], if_exists=bool(command.get("missing_ok"))
    ),
    "AT_AddIdentity": lambda command: AddIdentity(column=command["name"], identity=identity(_definition(command))),
    "AT_SetIdentity": _set_identity,
    "AT_DropIdentity": lambda command: DropIdentity(column=command["name"], if_exists=bool(command.get("missing_ok"))),
    "AT_SetStatistics": _property(ColumnProperty.STATISTICS),
    "AT_SetStorage": _property(ColumnProperty.STORAGE),
    "AT_SetCompression": _property(ColumnProperty.COMPRESSION),
    "AT_SetOptions": _property(ColumnProperty.OPTIONS),
    "AT_ResetOptions": _property(ColumnProperty.OPTIONS),
    "AT_AlterColumnGenericOptions": _property(ColumnProperty.OPTIONS),
    "AT_AlterColumnType": _column_type,
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

_ATTRIBUTE_ACTIONS: Mapping[str, Callable[[Fields], Action]] = {
    "AT_AddColumn": _attribute("add"),
    "AT_DropColumn": _attribute("drop"),
    "AT_AlterColumnType": _attribute("alter"),
}
