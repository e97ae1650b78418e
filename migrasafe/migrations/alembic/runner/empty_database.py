"""What queries answer when every table is empty: mostly nothing, but a count is 0 and EXISTS is false."""

from __future__ import annotations

import datetime
import decimal
import re
import uuid
from collections.abc import Mapping
from typing import Any

from migrasafe.migrations.alembic.runner.catalog import Catalog
from migrasafe.migrations.alembic.runner.pretend_driver import Answer

_MAY_RETURN_ROWS = re.compile(
    r"(?is)(?:\s|--[^\n]*\n|/\*.*?\*/|\()*(select|with|values|table|show|fetch|explain|execute|call)\b"
)
_RETURNING = re.compile(r"(?i)\breturning\b")
_AGGREGATES = frozenset(
    {
        "count", "sum", "min", "max", "avg", "bool_and", "bool_or", "every", "array_agg", "string_agg", "json_agg",
        "jsonb_agg", "json_object_agg", "jsonb_object_agg", "bit_and", "bit_or", "stddev", "variance",
    }
)  # fmt: skip
_SETTINGS = {
    "server_version": "15.0",
    "server_version_num": "150000",
    "standard_conforming_strings": "on",
    "search_path": '"$user", public',
    "transaction_isolation": "read committed",
    "lock_timeout": "0",
    "statement_timeout": "0",
    "timezone": "UTC",
}
_FUNCTIONS: dict[str, Any] = {
    "version": "PostgreSQL 15.0",
    "current_schema": "public",
    "current_database": "postgres",
    "pg_try_advisory_lock": True,
    "pg_try_advisory_xact_lock": True,
    "pg_advisory_unlock": True,
}
_INVENTED: dict[type, Any] = {
    bool: False,
    int: 1,
    float: 0.0,
    str: "",
    bytes: b"",
    uuid.UUID: uuid.UUID(int=0),
    decimal.Decimal: decimal.Decimal(0),
    datetime.datetime: datetime.datetime(2000, 1, 1),
    datetime.date: datetime.date(2000, 1, 1),
    dict: {},
    list: [],
}


def answer(sql: str, context: Any, catalog: Catalog) -> Answer:
    """What a statement returns; `context` is SQLAlchemy's, None for SQL that went around it."""
    returning = bool(_RETURNING.search(sql))
    if not returning and not _MAY_RETURN_ROWS.match(sql):
        return Answer()
    select = _select(sql)
    if select is not None:
        columns = _known_columns(context) or _columns(select)
        row = _only_row(select, catalog)
        return Answer(columns, () if row is None else (row,), is_read=_reads(select))
    if returning:
        return _returned(sql, context)
    if (show := re.match(r"(?is)\s*show\s+([\w.]+)", sql)) is not None:
        return Answer((show.group(1),), ((_SETTINGS.get(show.group(1).lower(), ""),),), is_read=True)
    return Answer(_known_columns(context) or ("?column?",), (), is_read=True)


def _select(sql: str) -> Mapping[str, Any] | None:
    """The parse tree of the last statement, when it is a SELECT."""
    from migrasafe.sql.libpg_query import ParserError, TooDeepError, parse

    try:
        statements = parse(sql)
    except (ParserError, TooDeepError):
        return None
    last = statements[-1].get("stmt", {}) if statements else {}
    found: Mapping[str, Any] | None = last.get("SelectStmt")
    return found


def _known_columns(context: Any) -> tuple[str, ...]:
    """The columns that SQLAlchemy expects."""
    compiled = getattr(context, "compiled", None)
    return tuple(column.keyname for column in getattr(compiled, "_result_columns", None) or ())


def _columns(select: Mapping[str, Any]) -> tuple[str, ...]:
    from migrasafe.sql.output_names import output_name

    targets = [target.get("ResTarget", {}) for target in _leftmost(select).get("targetList", [])]
    return tuple(target.get("name") or output_name(target.get("val", {})) for target in targets) or ("?column?",)


def _leftmost(select: Mapping[str, Any]) -> Mapping[str, Any]:
    while "larg" in select:
        select = select["larg"]
    return select


def _reads(select: Mapping[str, Any]) -> bool:
    """Whether the answer depends on what is in the database."""
    return "fromClause" in select or "larg" in select or _mentions(select, "SubLink") or _mentions(select, "FuncCall")


def _mentions(node: Any, kind: str) -> bool:
    if isinstance(node, Mapping):
        return kind in node or any(_mentions(value, kind) for value in node.values())
    return isinstance(node, list) and any(_mentions(value, kind) for value in node)


def _only_row(select: Mapping[str, Any], catalog: Catalog) -> tuple[Any, ...] | None:
    """The row of a query that returns one from empty tables; None where there is none."""
    if "larg" in select or "groupClause" in select or "havingClause" in select or "valuesLists" in select:
        return None
    values = [target.get("ResTarget", {}).get("val", {}) for target in select.get("targetList", [])]
    if "fromClause" in select and not any(_aggregate(value) for value in values):
        return None
    return tuple(_value(value, catalog) for value in values)


def _aggregate(value: Any) -> bool:
    if isinstance(value, Mapping):
        call = value.get("FuncCall")
        if call is not None and "over" not in call and (call.get("agg_star") or _function(call) in _AGGREGATES):
            return True
        return "SubLink" not in value and any(_aggregate(inner) for inner in value.values())
    return isinstance(value, list) and any(_aggregate(inner) for inner in value)


def _function(call: Mapping[str, Any]) -> str:
    names = [name.get("String", {}).get("sval", "") for name in call.get("funcname", [])]
    return str(names[-1]) if names else ""


def _value(value: Mapping[str, Any], catalog: Catalog) -> Any:
    """The value of an output expression over empty tables, None where we cannot tell."""
    match value:
        case {"FuncCall": call}:
            name = _function(call)
            if name == "count" or call.get("agg_star"):
                return 0
            if name == "to_regclass":
                return _relation(call, catalog)
            return _FUNCTIONS.get(name)
        case {"SubLink": {"subLinkType": "EXISTS_SUBLINK"}}:
            return False
        case {"BoolExpr": {"boolop": "NOT_EXPR", "args": [inner]}}:
            known = _value(inner, catalog)
            return None if known is None else not known
        case {"TypeCast": {"arg": inner}}:
            return _value(inner, catalog)
        case {"CoalesceExpr": {"args": arguments}}:
            return next((known for one in arguments if (known := _value(one, catalog)) is not None), None)
        case {"A_Expr": {"name": [{"String": {"sval": operator}}], "lexpr": left, "rexpr": right}}:
            return _compared(operator, _value(left, catalog), _value(right, catalog))
        case {"SQLValueFunction": {"op": op}}:
            return _INVENTED[datetime.datetime] if "TIMESTAMP" in op else None
        case {"A_Const": constant}:
            return _constant(constant)
    return None


def _compared(operator: str, left: Any, right: Any) -> Any:
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        return None
    comparisons = {">": left > right, "<": left < right, "=": left == right, ">=": left >= right, "<=": left <= right}
    return comparisons.get(operator)


def _constant(constant: Mapping[str, Any]) -> Any:
    match constant:
        case {"ival": value}:
            return value.get("ival", 0)
        case {"boolval": value}:
            return value.get("boolval", False)
        case {"sval": value}:
            return value.get("sval", "")
        case {"fval": value}:
            return decimal.Decimal(value.get("fval", "0"))
    return None


def _relation(call: Mapping[str, Any], catalog: Catalog) -> str | None:
    for argument in call.get("args", []):
        inner = argument.get("TypeCast", {}).get("arg", argument)
        name = inner.get("A_Const", {}).get("sval", {}).get("sval")
        if isinstance(name, str):
            schema, _, table = name.replace('"', "").rpartition(".")
            known = catalog.schema()
            return name if known.relation(known.resolve(schema or None, table)) is not None else None
    return None


def _returned(sql: str, context: Any) -> Answer:
    """INSERT … RETURNING returns what was inserted; UPDATE and DELETE find nothing to change."""
    columns = _known_columns(context) or ("?column?",)
    if not re.match(r"(?is)\s*insert\b", sql):
        return Answer(columns, (), is_read=True)
    compiled = getattr(context, "compiled", None)
    types = [column.type for column in getattr(compiled, "_result_columns", None) or ()]
    row = tuple(_invented(one) for one in types) or (1,)
    return Answer(columns, (row,), is_read=False)


def _invented(kind: Any) -> Any:
    try:
        return _INVENTED.get(kind.python_type)
    except NotImplementedError:
        return None
