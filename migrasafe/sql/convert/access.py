"""Policies, privileges, roles, publications, subscriptions, settings of database and cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from migrasafe.sql.convert.base import (
    Fields,
    Origin,
    arguments,
    expression,
    fields,
    object_name,
    options,
    relation,
    roles,
    strings,
)
from migrasafe.sql.convert.objects import object_kind
from migrasafe.sql.statements import (
    AlterPolicy,
    AlterPublication,
    ClusterWide,
    CreatePolicy,
    CreatePublication,
    DefaultPrivileges,
    Grant,
    GrantRole,
    PublishedTable,
    RoleStatement,
    Statement,
    SubscriptionStatement,
)


def create_policy(node: Fields, origin: Origin) -> Statement:
    return CreatePolicy(
        span=origin.span,
        name=node.get("policy_name", ""),
        table=relation(node["table"]),
        command=node.get("cmd_name", "all"),
        permissive=bool(node.get("permissive")),
        roles=roles(node.get("roles")),
        using=expression(node.get("qual")),
        check=expression(node.get("with_check")),
    )


def alter_policy(node: Fields, origin: Origin) -> Statement:
    return AlterPolicy(
        span=origin.span,
        name=node.get("policy_name", ""),
        table=relation(node["table"]),
        roles=roles(node.get("roles")),
        using=expression(node.get("qual")),
        check=expression(node.get("with_check")),
    )


def grant(node: Fields, origin: Origin) -> Statement:
    privileges = [fields(item) for item in node.get("privileges", [])]
    what = object_kind(node.get("objtype", ""))
    if node.get("targtype") == "ACL_TARGET_ALL_IN_SCHEMA":
        what = f"ALL {what}S"
    objects = node.get("objects", [])
    with_arguments = [arguments(item) for item in objects]
    return Grant(
        span=origin.span,
        revoke=not node.get("is_grant", False),
        kind=what,
        objects=tuple(object_name(item) for item in objects),
        privileges=tuple(item["priv_name"].lower() for item in privileges if "priv_name" in item),
        columns=tuple(column for item in privileges for column in strings(item.get("cols"))),
        on_columns=tuple(
            (item.get("priv_name", "").lower(), strings(item["cols"])) for item in privileges if "cols" in item
        ),
        grantees=roles(node.get("grantees")),
        arguments=with_arguments[0] if len(with_arguments) == 1 else None,
        cascade=node.get("behavior") == "DROP_CASCADE",
        option_only=bool(node.get("grant_option")) and not node.get("is_grant", False),
        grantable=bool(node.get("grant_option")) and bool(node.get("is_grant")),
    )


def grant_role(node: Fields, origin: Origin) -> Statement:
    granted = (fields(item).get("priv_name", "") for item in node.get("granted_roles", []))
    return GrantRole(
        span=origin.span,
        revoke=not node.get("is_grant", False),
        roles=tuple(granted),
        grantees=roles(node.get("grantee_roles")),
        option_only=bool(node.get("opt")) and not node.get("is_grant", False),
    )


def default_privileges(node: Fields, origin: Origin) -> Statement:
    schemas: tuple[str, ...] = ()
    makers: tuple[str, ...] = ()
    for item in node.get("options", []):
        element = fields(item)
        items = fields(element.get("arg")).get("items")
        if element.get("defname") == "schemas":
            schemas = strings(items)
        elif element.get("defname") == "roles":
            makers = roles(items)
    action = node.get("action", {})
    granted = grant(action, origin)
    assert isinstance(granted, Grant)
    return DefaultPrivileges(
        span=origin.span,
        schemas=schemas,
        roles=makers,
        revoke=granted.revoke,
        kind=f"{granted.kind}S",
        privileges=granted.privileges,
        grantees=granted.grantees,
    )


def create_role(node: Fields, origin: Origin) -> Statement:
    return RoleStatement(
        span=origin.span,
        verb="create",
        roles=(node.get("role", ""),),
        options=_turned(node, on=True),
        turned_off=_turned(node, on=False),
    )


def alter_role(node: Fields, origin: Origin) -> Statement:
    return RoleStatement(
        span=origin.span,
        verb="alter",
        roles=roles([{"RoleSpec": node.get("role", {})}]),
        options=_turned(node, on=True),
        turned_off=_turned(node, on=False),
    )


def _turned(node: Fields, *, on: bool) -> tuple[str, ...]:
    return tuple(key for key, value in options(node.get("options")) if (value.lower() not in ("false", "0", "f")) is on)


def alter_role_setting(node: Fields, origin: Origin) -> Statement:
    setting = node.get("setstmt", {}).get("name", "")
    named = node.get("role")
    return RoleStatement(
        span=origin.span,
        verb="alter",
        roles=roles([{"RoleSpec": named}]) if named else ("all",),
        options=(f"set {setting}",),
    )


def drop_role(node: Fields, origin: Origin) -> Statement:
    return RoleStatement(
        span=origin.span, verb="drop", roles=roles(node.get("roles")), if_exists=bool(node.get("missing_ok"))
    )


def drop_owned(node: Fields, origin: Origin) -> Statement:
    return RoleStatement(span=origin.span, verb="drop owned", roles=roles(node.get("roles")))


def reassign_owned(node: Fields, origin: Origin) -> Statement:
    return RoleStatement(span=origin.span, verb="reassign owned", roles=roles(node.get("roles")))


def _published(nodes: list[Mapping[str, Any]]) -> tuple[tuple[PublishedTable, ...], tuple[str, ...]]:
    tables, schemas = [], []
    for node in nodes:
        spec = fields(node)
        table = spec.get("pubtable")
        if table is not None:
            tables.append(
                PublishedTable(
                    table=relation(table["relation"]),
                    columns=strings(table.get("columns")),
                    where=expression(table.get("whereClause")),
                )
            )
        else:
            schemas.append(spec.get("name", "current_schema"))
    return tuple(tables), tuple(schemas)


def create_publication(node: Fields, origin: Origin) -> Statement:
    tables, schemas = _published(node.get("pubobjects", []))
    return CreatePublication(
        span=origin.span,
        name=node.get("pubname", ""),
        all_tables=bool(node.get("for_all_tables")),
        tables=tables,
        schemas=schemas,
        options=options(node.get("options")),
    )


_PUBLICATION_VERBS = {"AP_AddObjects": "add", "AP_DropObjects": "drop", "AP_SetObjects": "set"}


def alter_publication(node: Fields, origin: Origin) -> Statement:
    tables, schemas = _published(node.get("pubobjects", []))
    changed = options(node.get("options"))
    return AlterPublication(
        span=origin.span,
        name=node.get("pubname", ""),
        verb="options" if changed else _PUBLICATION_VERBS.get(node.get("action", ""), "set"),
        tables=tables,
        schemas=schemas,
        options=changed,
    )


def subscription(verb: str) -> Callable[[Fields, Origin], Statement]:
    def convert(node: Fields, origin: Origin) -> Statement:
        return SubscriptionStatement(
            span=origin.span, verb=verb, name=node.get("subname", ""), options=options(node.get("options"))
        )

    return convert


def cluster_wide(verb: str, what: str, key: str) -> Callable[[Fields, Origin], Statement]:
    def convert(node: Fields, origin: Origin) -> Statement:
        setting = node.get("setstmt", {}).get("name")
        return ClusterWide(span=origin.span, verb=verb, kind=what, name=node.get(key, ""), setting=setting)

    return convert
