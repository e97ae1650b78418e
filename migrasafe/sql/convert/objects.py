"""DROP, RENAME, SET SCHEMA, OWNER; indexes, views, sequences, schemas, extensions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from migrasafe.sql.convert.base import (
    Fields,
    Origin,
    arguments,
    fields,
    kind,
    object_name,
    options,
    relation,
    role,
    strings,
    type_name,
)
from migrasafe.sql.convert.tables import persistence
from migrasafe.sql.statements import (
    AlterExtension,
    AlterSequence,
    Comment,
    CreateExtension,
    CreateRule,
    CreateSequence,
    CreateStatistics,
    CreateView,
    Drop,
    DroppedObject,
    Name,
    Query,
    RefreshMaterializedView,
    Rename,
    SetOwner,
    SetSchema,
    Statement,
    Unrecognized,
)

_WORDS = {
    "OBJECT_MATVIEW": "MATERIALIZED VIEW",
    "OBJECT_TABCONSTRAINT": "CONSTRAINT",
    "OBJECT_DOMCONSTRAINT": "CONSTRAINT",
    "OBJECT_STATISTIC_EXT": "STATISTICS",
    "OBJECT_OPCLASS": "OPERATOR CLASS",
    "OBJECT_OPFAMILY": "OPERATOR FAMILY",
    "OBJECT_LARGEOBJECT": "LARGE OBJECT",
    "OBJECT_FDW": "FOREIGN DATA WRAPPER",
    "OBJECT_FOREIGN_SERVER": "SERVER",
    "OBJECT_TSCONFIGURATION": "TEXT SEARCH CONFIGURATION",
    "OBJECT_TSDICTIONARY": "TEXT SEARCH DICTIONARY",
    "OBJECT_TSPARSER": "TEXT SEARCH PARSER",
    "OBJECT_TSTEMPLATE": "TEXT SEARCH TEMPLATE",
}
"""Where the parser says it otherwise than a statement does."""


def object_kind(code: str) -> str:
    """`OBJECT_MATVIEW` → `MATERIALIZED VIEW`."""
    return _WORDS.get(code) or code.removeprefix("OBJECT_").replace("_", " ")


_ON_TABLE = frozenset({"OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"})


def comment(node: Fields, origin: Origin) -> Statement:
    named = node.get("object", {})
    kind = object_kind(node.get("objtype", ""))
    if kind == "COLUMN":
        *relation, _ = strings(named.get("List", {}).get("items"))
        name = Name(relation[-2] if len(relation) > 1 else None, relation[-1]) if relation else Name(None, "")
    else:
        name = object_name(named)
    return Comment(span=origin.span, kind=kind, name=name)


def drop(node: Fields, origin: Origin) -> Statement:
    code = node.get("removeType", "")
    return Drop(
        span=origin.span,
        kind=object_kind(code),
        objects=tuple(_dropped(item, code) for item in node.get("objects", [])),
        if_exists=bool(node.get("missing_ok")),
        cascade=node.get("behavior") == "DROP_CASCADE",
        concurrently=bool(node.get("concurrent")),
    )


def _dropped(item: Mapping[str, Any], code: str) -> DroppedObject:
    if code in _ON_TABLE:
        parts = strings(item["List"].get("items"))
        table = Name(parts[-3] if len(parts) > 2 else None, parts[-2])
        return DroppedObject(name=Name(None, parts[-1]), table=table)
    return DroppedObject(name=object_name(item), arguments=arguments(item))


def rename(node: Fields, origin: Origin) -> Statement:
    code = node.get("renameType", "")
    what = object_kind(code)
    name = _subject(node)
    part = node.get("subname")
    return Rename(
        span=origin.span,
        kind=what,
        name=name,
        new_name=node.get("newname", ""),
        part=part,
        of=object_kind(node.get("relationType", "")) if code in ("OBJECT_COLUMN", "OBJECT_ATTRIBUTE") else "TABLE",
        if_exists=bool(node.get("missing_ok")),
        arguments=arguments(node["object"]) if "object" in node else None,
    )


def _subject(node: Fields) -> Name:
    if "relation" in node:
        return relation(node["relation"])
    if "object" in node:
        return object_name(node["object"])
    return Name(None, node.get("subname", ""))


def set_schema(node: Fields, origin: Origin) -> Statement:
    return SetSchema(
        span=origin.span,
        kind=object_kind(node.get("objectType", "")),
        name=_subject(node),
        new_schema=node.get("newschema", ""),
        if_exists=bool(node.get("missing_ok")),
        arguments=arguments(node["object"]) if "object" in node else None,
    )


def set_owner(node: Fields, origin: Origin) -> Statement:
    return SetOwner(
        span=origin.span,
        kind=object_kind(node.get("objectType", "")),
        name=_subject(node),
        owner=role(node.get("newowner", {})),
    )


# --- views, sequences, schemas, extensions ------------------------------------------------------------------------------


def create_view(node: Fields, origin: Origin) -> Statement:
    check = str(node.get("withCheckOption", "NO_CHECK_OPTION")).removesuffix("_CHECK_OPTION").lower()
    return CreateView(
        span=origin.span,
        name=relation(node["view"]),
        query=Query(node=node["query"]),
        columns=strings(node.get("aliases")),
        replace=bool(node.get("replace")),
        persistence=persistence(node["view"]),
        check_option=None if check == "no" else check,
        options=options(node.get("options")),
    )


def refresh(node: Fields, origin: Origin) -> Statement:
    return RefreshMaterializedView(
        span=origin.span,
        name=relation(node["relation"]),
        concurrently=bool(node.get("concurrent")),
        with_data=not node.get("skipData", False),
    )


def _owned_by(items: list[Mapping[str, Any]]) -> tuple[Name, str] | None:
    for item in items:
        element = fields(item)
        if element.get("defname") == "owned_by":
            parts = strings(element["arg"]["List"].get("items"))
            if len(parts) < 2:
                return None
            return Name(parts[-3] if len(parts) > 2 else None, parts[-2]), parts[-1]
    return None


def _sequence_type(items: list[Mapping[str, Any]]) -> Any:
    for item in items:
        element = fields(item)
        if element.get("defname") == "as":
            return type_name(fields(element["arg"]))
    return None


def create_sequence(node: Fields, origin: Origin) -> Statement:
    items = node.get("options", [])
    return CreateSequence(
        span=origin.span,
        name=relation(node["sequence"]),
        if_not_exists=bool(node.get("if_not_exists")),
        persistence=persistence(node["sequence"]),
        type=_sequence_type(items),
        owned_by=_owned_by(items),
    )


def alter_sequence(node: Fields, origin: Origin) -> Statement:
    items = node.get("options", [])
    return AlterSequence(
        span=origin.span,
        name=relation(node["sequence"]),
        if_exists=bool(node.get("missing_ok")),
        options=tuple(fields(item).get("defname", "") for item in items),
        values=options([item for item in items if fields(item).get("defname") not in ("as", "owned_by")]),
        type=_sequence_type(items),
        owned_by=_owned_by(items),
    )


def create_extension(node: Fields, origin: Origin) -> Statement:
    given = dict(options(node.get("options")))
    return CreateExtension(
        span=origin.span,
        name=node.get("extname", ""),
        if_not_exists=bool(node.get("if_not_exists")),
        schema=given.get("schema"),
        version=given.get("new_version"),
        cascade="cascade" in given,
    )


def alter_extension(node: Fields, origin: Origin) -> Statement:
    version = dict(options(node.get("options"))).get("new_version")
    return AlterExtension(span=origin.span, name=node.get("extname", ""), verb="update", version=version)


def alter_extension_contents(node: Fields, origin: Origin) -> Statement:
    return AlterExtension(span=origin.span, name=node.get("extname", ""), verb="contents")


def create_statistics(node: Fields, origin: Origin) -> Statement:
    names = strings(node.get("defnames"))
    relations = [item for item in node.get("relations", []) if kind(item) == "RangeVar"]
    if not relations:
        return Unrecognized(
            span=origin.span, reason="CREATE STATISTICS over something other than a table", kind="unknown statement"
        )
    return CreateStatistics(
        span=origin.span,
        name=Name(names[-2] if len(names) > 1 else None, names[-1]) if names else None,
        table=relation(fields(relations[0])),
        if_not_exists=bool(node.get("if_not_exists")),
        columns=tuple(fields(item)["name"] for item in node.get("exprs", []) if "name" in fields(item)),
    )


def create_rule(node: Fields, origin: Origin) -> Statement:
    return CreateRule(
        span=origin.span,
        name=node.get("rulename", ""),
        table=relation(node["relation"]),
        event=str(node.get("event", "")).removeprefix("CMD_").lower(),
        instead=bool(node.get("instead")),
        conditional="whereClause" in node,
        nothing=not node.get("actions"),
        replace=bool(node.get("replace")),
    )
