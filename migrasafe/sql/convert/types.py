"""CREATE TYPE, ALTER TYPE, CREATE DOMAIN, ALTER DOMAIN."""

from __future__ import annotations

import re
from collections.abc import Callable

from migrasafe.regex import regex
from migrasafe.sql.convert.base import Fields, Origin, expression, fields, name_from_list, relation, strings, type_name
from migrasafe.sql.convert.columns import column_def, constraint
from migrasafe.sql.convert.objects import object_kind
from migrasafe.sql.statements import (
    AddEnumValue,
    AlterDomain,
    ConstraintKind,
    CreateComposite,
    CreateDomain,
    CreateEnum,
    CreateOther,
    CreateRange,
    Name,
    RenameEnumValue,
    Statement,
    TypeName,
)

_BESIDE_EMPTY = regex(r"\b(?:BEFORE|AFTER)\s*''$", re.IGNORECASE)


def create_enum(node: Fields, origin: Origin) -> Statement:
    return CreateEnum(span=origin.span, name=name_from_list(node.get("typeName")), labels=strings(node.get("vals")))


def alter_enum(node: Fields, origin: Origin) -> Statement:
    name = name_from_list(node.get("typeName"))
    is_after = bool(node.get("newValIsAfter"))
    neighbor = node.get("newValNeighbor")
    if neighbor is None and _BESIDE_EMPTY.search(origin.text[origin.span.start : origin.span.end]):
        neighbor = ""  # the parser leaves an empty label out
    if "oldVal" in node or (neighbor is None and not is_after):
        return RenameEnumValue(
            span=origin.span, type=name, label=node.get("oldVal", ""), new_label=node.get("newVal", "")
        )
    return AddEnumValue(
        span=origin.span,
        type=name,
        label=node.get("newVal", ""),
        if_not_exists=bool(node.get("skipIfNewValExists")),
        before=None if is_after else neighbor,
        after=neighbor if is_after else None,
    )


def create_composite(node: Fields, origin: Origin) -> Statement:
    return CreateComposite(
        span=origin.span,
        name=relation(node["typevar"]),
        attributes=tuple(column_def(fields(item)) for item in node.get("coldeflist", [])),
    )


def create_range(node: Fields, origin: Origin) -> Statement:
    subtype: TypeName | None = None
    for item in node.get("params", []):
        element = fields(item)
        if element.get("defname") == "subtype":
            subtype = type_name(fields(element["arg"]))
    return CreateRange(span=origin.span, name=name_from_list(node.get("typeName")), subtype=subtype)


def create_other(node: Fields, origin: Origin) -> Statement:
    return CreateOther(
        span=origin.span, kind=object_kind(node.get("kind", "")), name=name_from_list(node.get("defnames"))
    )


def create_cast(node: Fields, origin: Origin) -> Statement:
    return CreateOther(span=origin.span, kind="CAST", name=Name(None, type_name(node["sourcetype"]).name))


def create_named(what: str, key: str) -> Callable[[Fields, Origin], Statement]:
    """A converter for a CREATE whose name is in `key`, as a list or as a string."""

    def convert(node: Fields, origin: Origin) -> Statement:
        raw = node.get(key)
        name = Name(None, raw) if isinstance(raw, str) else name_from_list(raw)
        return CreateOther(span=origin.span, kind=what, name=name)

    return convert


def create_domain(node: Fields, origin: Origin) -> Statement:
    not_null, default, constraints = False, None, []
    for item in node.get("constraints", []):
        part = fields(item)
        if part.get("contype") == "CONSTR_DEFAULT":
            default = expression(part.get("raw_expr"))
        made = constraint(part)
        if made is not None and made.kind is ConstraintKind.NOT_NULL:
            not_null = True
        elif made is not None:
            constraints.append(made)
    collation = node.get("collClause")
    return CreateDomain(
        span=origin.span,
        name=name_from_list(node.get("domainname")),
        type=type_name(node["typeName"]),
        not_null=not_null,
        default=default,
        constraints=tuple(constraints),
        collation=name_from_list(collation.get("collname")) if collation else None,
    )


_DOMAIN_VERBS = {
    "N": "drop not null",
    "O": "set not null",
    "C": "add constraint",
    "X": "drop constraint",
    "V": "validate constraint",
    "AD_DropNotNull": "drop not null",
    "AD_SetNotNull": "set not null",
    "AD_AddConstraint": "add constraint",
    "AD_DropConstraint": "drop constraint",
    "AD_ValidateConstraint": "validate constraint",
}


def alter_domain(node: Fields, origin: Origin) -> Statement:
    subtype, definition = node.get("subtype", ""), node.get("def")
    made = constraint(fields(definition)) if definition and "Constraint" in definition else None
    default = None
    verb = _DOMAIN_VERBS.get(subtype)
    if verb is None:  # T, AD_AlterDefault
        default = expression(definition)
        verb = "set default" if default is not None else "drop default"
    return AlterDomain(
        span=origin.span,
        name=name_from_list(node.get("typeName")),
        verb=verb,
        constraint=made,
        constraint_name=node.get("name"),
        default=default,
        if_exists=bool(node.get("missing_ok")),
        cascade=node.get("behavior") == "DROP_CASCADE",
    )
