"""Syntax that PostgreSQL 12 does not know: the parser speaks 18, the server may not.

From the release notes of 13 to 18, https://www.postgresql.org/docs/release/; tests run each on the version before it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from migrasafe.sql.expressions import walk

Fields = Mapping[str, Any]


class NewSyntax(NamedTuple):
    feature: str
    since: int
    """The first major version that reads it."""


# A statement without any of these words cannot hold newer syntax: it is not walked at all.
_HINTS = (
    *(
        "MERGE",
        "NULLS",
        "CONCURRENTLY",
        "FINALIZE",
        "GENERATED",
        "ENFORCED",
        "OVERLAPS",
        "PERIOD",
        "EXPRESSION",
        "ACCESS",
    ),
    *("COMPRESSION", "STORAGE", "REPLACE", "ATOMIC", "SEARCH", "CYCLE", "DISTINCT", "TIES", "JSON", "RETURNING"),
    *("SECURITY_INVOKER", "PUBLICATION", "TABLESPACE", "FORCE", "ON_ERROR", "INHERIT"),
)
"""Words of which newer syntax has one: most statements have none, and finding that out is much quicker than a walk."""


def may_be_newer(text: str) -> bool:
    """Whether a text may hold newer syntax: no statement of it does where this is False."""
    shouted = text.upper()
    for word in _HINTS:
        if word in shouted:
            return True
    return ("NULL" in shouted and ("ADD" in shouted or "CONSTRAINT" in shouted)) or "(" in shouted.partition("FROM")[2]


def newer_syntax(text: str, tree: Fields) -> tuple[NewSyntax, ...]:
    """What in a statement needs a newer PostgreSQL than 12."""
    if not may_be_newer(text):
        return ()
    found: dict[NewSyntax, None] = {}
    for kind, fields in walk(tree):
        check = _CHECKS.get(kind)
        for feature, since in check(fields) if check is not None else ():
            found[NewSyntax(feature, since)] = None
    return tuple(found)


_Found = Iterator[tuple[str, int]]


def _always(feature: str, since: int) -> Callable[[Fields], _Found]:
    def check(_: Fields) -> _Found:
        yield feature, since

    return check


def _merge(fields: Fields) -> _Found:
    yield "MERGE", 15
    if "returningClause" in fields or "returningList" in fields:
        yield "MERGE … RETURNING", 17
    clauses = (clause["MergeWhenClause"].get("matchKind") for clause in fields.get("mergeWhenClauses", []))
    if "MERGE_WHEN_NOT_MATCHED_BY_SOURCE" in clauses:
        yield "WHEN NOT MATCHED BY SOURCE", 17


def _constraint(fields: Fields) -> _Found:
    kind = fields.get("contype")
    if fields.get("nulls_not_distinct"):
        yield "UNIQUE NULLS NOT DISTINCT", 15
    if kind == "CONSTR_GENERATED" and fields.get("generated_kind") == "v":
        yield "virtual generated columns", 18
    if kind in ("CONSTR_ATTR_ENFORCED", "CONSTR_ATTR_NOT_ENFORCED"):
        yield "NOT ENFORCED constraints", 18
    if kind in ("CONSTR_CHECK", "CONSTR_FOREIGN") and not fields.get("is_enforced"):
        yield "NOT ENFORCED constraints", 18
    if fields.get("without_overlaps") or fields.get("fk_with_period"):
        yield "WITHOUT OVERLAPS and PERIOD", 18
    if kind == "CONSTR_NOTNULL" and fields.get("keys"):
        yield "NOT NULL as a constraint of the table", 18


def _command(fields: Fields) -> _Found:
    known = _SUBTYPES.get(fields.get("subtype", ""))
    if known is not None:
        yield known


_SUBTYPES = {
    "AT_DropExpression": ("DROP EXPRESSION", 13),
    "AT_DetachPartitionFinalize": ("DETACH PARTITION … FINALIZE", 14),
    "AT_SetCompression": ("SET COMPRESSION", 14),
    "AT_SetAccessMethod": ("SET ACCESS METHOD", 15),
    "AT_SetExpression": ("SET EXPRESSION", 17),
}


def _alter_constraint(fields: Fields) -> _Found:
    if fields.get("alterEnforceability") or fields.get("alterInheritability"):
        yield "ALTER CONSTRAINT … ENFORCED and INHERIT", 18


def _detach(fields: Fields) -> _Found:
    if fields.get("concurrent"):
        yield "DETACH PARTITION … CONCURRENTLY", 14


def _column(fields: Fields) -> _Found:
    if "compression" in fields:
        yield "COMPRESSION of a column", 14
    if "storage_name" in fields:
        yield "STORAGE in CREATE TABLE", 16


def _if(field: str, feature: str, since: int) -> Callable[[Fields], _Found]:
    def check(fields: Fields) -> _Found:
        if fields.get(field):
            yield feature, since

    return check


def _cte(fields: Fields) -> _Found:
    if "search_clause" in fields or "cycle_clause" in fields:
        yield "SEARCH and CYCLE clauses", 14


def _select(fields: Fields) -> _Found:
    if fields.get("groupDistinct"):
        yield "GROUP BY DISTINCT", 14
    if fields.get("limitOption") == "LIMIT_OPTION_WITH_TIES":
        yield "FETCH FIRST … WITH TIES", 13


def _subselect(fields: Fields) -> _Found:
    if "alias" not in fields:
        yield "a subquery in FROM without an alias", 16


def _view(fields: Fields) -> _Found:
    if any(item["DefElem"].get("defname") == "security_invoker" for item in fields.get("options", [])):
        yield "views with security_invoker", 15


def _published(fields: Fields) -> _Found:
    table = fields.get("pubtable")
    if table is None:
        yield "publications of TABLES IN SCHEMA", 15
    elif "whereClause" in table or "columns" in table:
        yield "publications with columns or rows chosen", 15


def _reindex(fields: Fields) -> _Found:
    if any(item["DefElem"].get("defname") == "tablespace" for item in fields.get("params", [])):
        yield "REINDEX (TABLESPACE …)", 14


def _copy(fields: Fields) -> _Found:
    given = {item["DefElem"].get("defname") for item in fields.get("options", [])}
    if "on_error" in given:
        yield "COPY (ON_ERROR …)", 17
    if "default" in given:
        yield "COPY (DEFAULT …)", 16


_CHECKS: Mapping[str, Callable[[Fields], _Found]] = {
    "ATAlterConstraint": _alter_constraint,
    "AlterTableCmd": _command,
    "AlterTypeStmt": _always("ALTER TYPE … SET (…)", 13),
    "ColumnDef": _column,
    "CommonTableExpr": _cte,
    "Constraint": _constraint,
    "CopyStmt": _copy,
    "CreateFunctionStmt": _if("sql_body", "functions with a body in SQL syntax", 14),
    "CreateTrigStmt": _if("replace", "CREATE OR REPLACE TRIGGER", 14),
    "DropdbStmt": _if("options", "DROP DATABASE … WITH (FORCE)", 13),
    "IndexStmt": _if("nulls_not_distinct", "UNIQUE NULLS NOT DISTINCT", 15),
    "JsonArrayAgg": _always("JSON_ARRAYAGG", 16),
    "JsonArrayConstructor": _always("JSON_ARRAY", 16),
    "JsonFuncExpr": _always("JSON_EXISTS, JSON_QUERY and JSON_VALUE", 17),
    "JsonIsPredicate": _always("IS JSON", 16),
    "JsonObjectAgg": _always("JSON_OBJECTAGG", 16),
    "JsonObjectConstructor": _always("JSON_OBJECT", 16),
    "JsonParseExpr": _always("JSON()", 17),
    "JsonScalarExpr": _always("JSON_SCALAR", 17),
    "JsonSerializeExpr": _always("JSON_SERIALIZE", 17),
    "JsonTable": _always("JSON_TABLE", 17),
    "MergeStmt": _merge,
    "PartitionCmd": _detach,
    "PublicationObjSpec": _published,
    "RangeSubselect": _subselect,
    "ReindexStmt": _reindex,
    "ReturningOption": _always("RETURNING WITH (OLD AS …, NEW AS …)", 18),
    "SelectStmt": _select,
    "ViewStmt": _view,
}
