"""CREATE TABLE, CREATE TABLE AS, ALTER TABLE."""

from __future__ import annotations

from migrasafe.sql.convert.base import (
    Fields,
    Origin,
    fields,
    name_from_list,
    options,
    relation,
    strings,
)
from migrasafe.sql.convert.columns import bound, column_def, constraint, partition_by
from migrasafe.sql.statements import (
    ColumnDef,
    ConstraintDef,
    CreateTable,
    CreateTableAs,
    LikeClause,
    Persistence,
    Query,
    Statement,
)

_PERSISTENCE = {"t": Persistence.TEMPORARY, "u": Persistence.UNLOGGED}
_LIKE_BITS = (
    (1, "comments"),
    (2, "compression"),
    (4, "constraints"),
    (8, "defaults"),
    (16, "generated"),
    (32, "identity"),
    (64, "indexes"),
    (128, "statistics"),
    (256, "storage"),
)


def persistence(range_var: Fields) -> Persistence:
    return _PERSISTENCE.get(range_var.get("relpersistence", "p"), Persistence.PERMANENT)


def create_table(node: Fields, origin: Origin) -> Statement:
    base = node.get("base", node)  # CREATE FOREIGN TABLE wraps it
    columns: list[ColumnDef] = []
    constraints: list[ConstraintDef] = []
    likes: list[LikeClause] = []
    for element in base.get("tableElts", ()):
        if "ColumnDef" in element:
            columns.append(column_def(element["ColumnDef"]))
        elif "Constraint" in element:
            made = constraint(element["Constraint"])
            if made is not None:
                constraints.append(made)
        elif "TableLikeClause" in element:
            likes.append(_like(element["TableLikeClause"]))
    range_var = base["relation"]
    of_type = base.get("ofTypename")
    parents = tuple([relation(fields(parent)) for parent in base.get("inhRelations", ())])
    partition = "partbound" in base
    return CreateTable(
        span=origin.span,
        name=relation(range_var),
        if_not_exists="if_not_exists" in base,
        persistence=persistence(range_var),
        columns=tuple(columns),
        constraints=tuple(constraints),
        like=tuple(likes),
        inherits=() if partition else parents,
        partition_by=partition_by(base.get("partspec")),
        partition_of=parents[0] if partition and parents else None,
        bound=bound(base.get("partbound")),
        of_type=name_from_list(of_type.get("names")) if of_type else None,
        foreign_server=node.get("servername"),
        access_method=base.get("accessMethod"),
        tablespace=base.get("tablespacename"),
        options=options(base.get("options")),
    )


def _like(node: Fields) -> LikeClause:
    bits = node.get("options", 0)
    return LikeClause(
        table=relation(node["relation"]), including=frozenset(word for bit, word in _LIKE_BITS if bits & bit)
    )


def create_table_as(node: Fields, origin: Origin) -> Statement:
    into = node["into"]
    return CreateTableAs(
        span=origin.span,
        name=relation(into["rel"]),
        query=Query(node=node["query"]),
        materialized_view=node.get("objtype") == "OBJECT_MATVIEW",
        if_not_exists=bool(node.get("if_not_exists")),
        persistence=persistence(into["rel"]),
        columns=strings(into.get("colNames")),
        with_data=not into.get("skipData", False),
    )
