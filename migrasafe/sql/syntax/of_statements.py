"""Newer syntax of statements that are not about tables: queries, MERGE, COPY, privileges, publications, maintenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrasafe.sql.expressions import walk

Fields = Mapping[str, Any]
Found = Iterator[tuple[str, int]]


def merge(fields: Fields) -> Found:
    yield "MERGE", 15
    yield from returning(fields)
    if "returningClause" in fields or "returningList" in fields:
        yield "MERGE … RETURNING", 17
    clauses = (clause["MergeWhenClause"].get("matchKind") for clause in fields.get("mergeWhenClauses", []))
    if "MERGE_WHEN_NOT_MATCHED_BY_SOURCE" in clauses:
        yield "WHEN NOT MATCHED BY SOURCE", 17


def returning(fields: Fields) -> Found:
    """`RETURNING old.…` and `new.…`, unless the table itself has that name."""
    relation = fields.get("relation", {})
    own = {relation.get("relname"), relation.get("alias", {}).get("aliasname")}
    for kind, inner in walk(fields.get("returningClause", {}).get("exprs", [])):
        if kind == "ColumnRef" and len(inner.get("fields", [])) > 1:
            name = inner["fields"][0].get("String", {}).get("sval")
            if name in ("old", "new") and name not in own:
                yield "old and new in RETURNING", 18


def cte(fields: Fields) -> Found:
    if "search_clause" in fields or "cycle_clause" in fields:
        yield "SEARCH and CYCLE clauses", 14


def select(fields: Fields) -> Found:
    if fields.get("groupDistinct"):
        yield "GROUP BY DISTINCT", 14
    if fields.get("limitOption") == "LIMIT_OPTION_WITH_TIES":
        yield "FETCH FIRST … WITH TIES", 13


def subselect(fields: Fields) -> Found:
    if "alias" not in fields:
        yield "a subquery in FROM without an alias", 16


def published(fields: Fields) -> Found:
    table = fields.get("pubtable")
    if table is None:
        yield "publications of TABLES IN SCHEMA", 15
    elif "whereClause" in table or "columns" in table:
        yield "publications with columns or rows chosen", 15


def reindex(fields: Fields) -> Found:
    if any(item["DefElem"].get("defname") == "tablespace" for item in fields.get("params", [])):
        yield "REINDEX (TABLESPACE …)", 14


def copy(fields: Fields) -> Found:
    for item in fields.get("options", []):
        match item["DefElem"]:
            case {"defname": "header", "arg": {"String": {"sval": value}}} if value.lower() == "match":
                yield "COPY with HEADER MATCH", 15
            case {"defname": "force_null" | "force_not_null" as name, "arg": {"A_Star": _}}:
                yield f"COPY with {name.upper()} *", 17


def vacuum(fields: Fields) -> Found:
    for item in fields.get("options", []):
        match item["DefElem"]:
            case {"defname": "index_cleanup", "arg": {"String": {"sval": "auto"}}}:
                yield "VACUUM (INDEX_CLEANUP AUTO)", 14
    for item in fields.get("rels", []):
        relation = item.get("VacuumRelation", {}).get("relation", {})
        if relation and not relation.get("inh"):
            yield "VACUUM and ANALYZE ONLY", 18


def function(fields: Fields) -> Found:
    if "sql_body" in fields:
        yield "functions with a body in SQL syntax", 14
    modes = {item["FunctionParameter"].get("mode") for item in fields.get("parameters", [])}
    if fields.get("is_procedure") and "FUNC_PARAM_OUT" in modes:
        yield "procedures with OUT arguments", 14


def grant(fields: Fields) -> Found:
    if "grantor" in fields:
        yield "GRANTED BY", 14
    if fields.get("objtype") == "OBJECT_PARAMETER_ACL":
        yield "privileges ON PARAMETER", 15
    if any(item.get("AccessPriv", {}).get("priv_name") == "maintain" for item in fields.get("privileges", [])):
        yield "the privilege MAINTAIN", 17
    if fields.get("objtype") == "OBJECT_LARGEOBJECT" and fields.get("targtype") == "ACL_TARGET_DEFAULTS":
        yield "default privileges ON LARGE OBJECTS", 18


def default_privileges(fields: Fields) -> Found:
    yield from grant(fields.get("action", {}))


def grant_role(fields: Fields) -> Found:
    if any(item["DefElem"].get("defname") in ("inherit", "set") for item in fields.get("opt", [])):
        yield "GRANT of a role WITH INHERIT and SET", 16


def role(fields: Fields) -> Found:
    if fields.get("roletype") == "ROLESPEC_CURRENT_ROLE":
        yield "CURRENT_ROLE in the place of a role's name", 14


def owner(fields: Fields) -> Found:
    for name in ("newowner", "authrole"):
        yield from role(fields.get(name, {}))


def rename(fields: Fields) -> Found:
    if fields.get("renameType") == "OBJECT_COLUMN" and fields.get("relationType") == "OBJECT_VIEW":
        yield "ALTER VIEW … RENAME COLUMN", 13


def call(fields: Fields) -> Found:
    if fields.get("funcformat") != "COERCE_SQL_SYNTAX":
        return
    match str(fields["funcname"][-1].get("String", {}).get("sval", "")), len(fields.get("args", [])):
        case "is_normalized" | "normalize", _:
            yield "NORMALIZE and IS NORMALIZED", 13
        case "system_user", _:
            yield "SYSTEM_USER", 16
        case "timezone", 1:
            yield "AT LOCAL", 17


def reindex_all(fields: Fields) -> Found:
    yield from reindex(fields)
    if fields.get("kind") in ("REINDEX_OBJECT_DATABASE", "REINDEX_OBJECT_SYSTEM") and "name" not in fields:
        yield "REINDEX DATABASE and SYSTEM without a name", 16


_SUBSCRIPTION = {
    "ALTER_SUBSCRIPTION_ADD_PUBLICATION": ("ALTER SUBSCRIPTION … ADD and DROP PUBLICATION", 14),
    "ALTER_SUBSCRIPTION_DROP_PUBLICATION": ("ALTER SUBSCRIPTION … ADD and DROP PUBLICATION", 14),
    "ALTER_SUBSCRIPTION_SKIP": ("ALTER SUBSCRIPTION … SKIP", 15),
}


def subscription(fields: Fields) -> Found:
    known = _SUBSCRIPTION.get(fields.get("kind", ""))
    if known is not None:
        yield known


def unlogged(fields: Fields) -> Found:
    if fields.get("sequence", {}).get("relpersistence") == "u":
        yield "unlogged sequences", 15


def event(fields: Fields) -> Found:
    if fields.get("eventname") == "login":
        yield "event triggers ON login", 17


def json_parse(fields: Fields) -> Found:
    if fields.get("unique_keys"):  # else it is the cast that json('{}') always was
        yield "JSON(… WITH UNIQUE KEYS)", 17
