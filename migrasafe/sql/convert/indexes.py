"""CREATE INDEX and REINDEX."""

from __future__ import annotations

from migrasafe.sql.convert.base import (
    Fields,
    Origin,
    expression,
    fields,
    is_on,
    name_from_list,
    options,
    relation,
    strings,
)
from migrasafe.sql.statements import (
    CreateIndex,
    IndexElement,
    Name,
    Reindex,
    Statement,
)


def create_index(node: Fields, origin: Origin) -> Statement:
    range_var = node["relation"]
    return CreateIndex(
        span=origin.span,
        name=node.get("idxname"),
        table=relation(range_var),
        elements=tuple([index_element(item["IndexElem"]) for item in node.get("indexParams", ())]),
        unique="unique" in node,
        concurrently="concurrent" in node,
        if_not_exists="if_not_exists" in node,
        only=not range_var.get("inh", False),
        method=node.get("accessMethod", "btree"),
        predicate=expression(node.get("whereClause")),
        include=tuple([fields(item).get("name", "") for item in node.get("indexIncludingParams", ())]),
        nulls_not_distinct="nulls_not_distinct" in node,
        options=options(node.get("options")),
        tablespace=node.get("tableSpace"),
    )


_NULLS = {"SORTBY_NULLS_FIRST": True, "SORTBY_NULLS_LAST": False}


def index_element(node: Fields) -> IndexElement:
    """A key of an index or of an EXCLUDE constraint."""
    opclass, collation = strings(node.get("opclass")), node.get("collation")
    column, value = node.get("name"), node.get("expr")
    if value is not None and (named := strings(value.get("ColumnRef", {}).get("fields"))):
        column, value = named[-1], None  # a column in brackets is a column
    return IndexElement(
        column=column,
        expression=expression(value),
        opclass=opclass[-1] if opclass else None,
        opclass_options=options(node.get("opclassopts")),
        collation=name_from_list(collation) if collation else None,
        descending=node.get("ordering") == "SORTBY_DESC",
        nulls_first=_NULLS.get(node.get("nulls_ordering", "")),
    )


_REINDEX = {
    "REINDEX_OBJECT_INDEX": "INDEX",
    "REINDEX_OBJECT_TABLE": "TABLE",
    "REINDEX_OBJECT_SCHEMA": "SCHEMA",
    "REINDEX_OBJECT_SYSTEM": "SYSTEM",
    "REINDEX_OBJECT_DATABASE": "DATABASE",
}


def reindex(node: Fields, origin: Origin) -> Statement:
    name = relation(node["relation"]) if "relation" in node else Name(None, node["name"]) if "name" in node else None
    tablespace = dict(options(node.get("params"))).get("tablespace")
    return Reindex(
        span=origin.span,
        kind=_REINDEX.get(node.get("kind", ""), "TABLE"),
        name=name,
        concurrently=is_on(node, "concurrently"),
        tablespace=tablespace,
    )
