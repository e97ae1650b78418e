"""What an expression is worth when everything in it is constant: how SQL that EXECUTE makes at run time is known before.

Variables of a plpgsql body count as constant where the reader has followed them. What is not certain has no value.
https://www.postgresql.org/docs/current/functions-string.html#FUNCTIONS-STRING-FORMAT
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from migrasafe.regex import regex
from migrasafe.sql.libpg_query import ParserError, TooDeepError, parse
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import Node

Value: TypeAlias = str | int | tuple["Value", ...]
"""A text, a whole number, or an array of them. NULL is never known: little is worth knowing that it touches."""
Known: TypeAlias = Mapping[str, Value]
"""Values of variables by name: `table_name`, `$1`, `row.column`."""

NOTHING_KNOWN: Known = {}
_MOST_ITEMS = 200


def value_of_text(expression: str, known: Known = NOTHING_KNOWN) -> Value | None:
    """The value of an expression given as SQL; None where it cannot be told."""
    try:
        trees = parse(f"SELECT {expression}")
    except (ParserError, TooDeepError, ValueError):
        return None
    select = trees[0]["stmt"].get("SelectStmt", {}) if trees else {}
    targets = select.get("targetList", [])
    if len(targets) != 1 or "fromClause" in select:
        return None
    return value_of(targets[0]["ResTarget"].get("val", {}), known)


def rows_of_query(query: str, known: Known = NOTHING_KNOWN) -> tuple[Mapping[str, Value], ...] | None:
    """The rows of a query that reads no table: VALUES, or one that unnests an array or generates a series."""
    try:
        trees = parse(query)
    except (ParserError, TooDeepError, ValueError):
        return None
    select = trees[0]["stmt"].get("SelectStmt", {}) if len(trees) == 1 else {}
    if set(select) & {"whereClause", "limitCount", "groupClause", "withClause", "larg", "sortClause"}:
        return None
    from_clause = select.get("fromClause", [])
    if "valuesLists" in select:
        return _values(select["valuesLists"], (), known)
    targets = [target["ResTarget"] for target in select.get("targetList", [])]
    if len(from_clause) == 0 and len(targets) == 1:
        items = _set_of(targets[0].get("val", {}), known)
        name = targets[0].get("name") or _function_name(targets[0].get("val", {}))
        return None if items is None else tuple({name: item, "": item} for item in items)
    if len(from_clause) == 1 and _selects_all(targets, from_clause[0]):
        return _rows_from(from_clause[0], known)
    return None


def _selects_all(targets: list[Mapping[str, Any]], source: Node) -> bool:
    """`SELECT *`, or the column names of the one source."""
    for target in targets:
        column = target.get("val", {}).get("ColumnRef")
        if column is None or "name" in target:
            return False
    return bool(targets)


def _rows_from(source: Node, known: Known) -> tuple[Mapping[str, Value], ...] | None:
    fields: Any = next(iter(source.values()))
    alias = fields.get("alias", {})
    names = tuple(item["String"].get("sval", "") for item in alias.get("colnames", []))
    if "RangeFunction" in source:
        functions = fields.get("functions", [])
        call = functions[0].get("List", {}).get("items", [{}])[0] if len(functions) == 1 else {}
        items = _set_of(call, known)
        name = names[0] if names else alias.get("aliasname") or _function_name(call)
        return None if items is None else tuple({name: item, "": item} for item in items)
    if "RangeSubselect" in source:
        inner = fields.get("subquery", {}).get("SelectStmt", {})
        return _values(inner["valuesLists"], names, known) if "valuesLists" in inner else None
    return None


def _values(lists: list[Node], names: tuple[str, ...], known: Known) -> tuple[Mapping[str, Value], ...] | None:
    rows: list[Mapping[str, Value]] = []
    for row in lists[:_MOST_ITEMS]:
        values = [value_of(item, known) for item in row["List"].get("items", [])]
        if any(value is None for value in values):
            return None
        named = {
            names[place] if place < len(names) else f"column{place + 1}": value
            for place, value in enumerate(values)
            if value is not None
        }
        if len(values) == 1 and values[0] is not None:
            named[""] = values[0]
        rows.append(named)
    return tuple(rows) if len(lists) <= _MOST_ITEMS else None


def _set_of(node: Node, known: Known) -> tuple[Value, ...] | None:
    """What unnest(…) of an array, or generate_series(…) of numbers returns."""
    call = node.get("FuncCall", {})
    arguments = [value_of(argument, known) for argument in call.get("args", [])]
    match _function_name(node), arguments:
        case "unnest", [tuple() as items]:
            return items
        case "generate_series", [int() as first, int() as last] if last - first < _MOST_ITEMS:
            return tuple(range(first, last + 1))
    return None


def _function_name(node: Node) -> str:
    names: Any = node.get("FuncCall", {}).get("funcname", [{}])
    return str(names[-1].get("String", {}).get("sval", ""))


def value_of(node: Any, known: Known = NOTHING_KNOWN) -> Value | None:
    """The value of an expression's parse tree; None where it cannot be told."""
    for kind, fields in node.items():
        match kind:
            case "A_Const":
                return _constant(fields)
            case "TypeCast":
                return _cast(fields, known)
            case "ColumnRef":
                names = [item.get("String", {}).get("sval", "") for item in fields.get("fields", [])]
                return known.get(".".join(names))
            case "ParamRef":
                return known.get(f"${fields.get('number', 0)}")
            case "A_ArrayExpr":
                items = tuple(value_of(item, known) for item in fields.get("elements", []))
                return None if None in items else tuple(item for item in items if item is not None)
            case "A_Expr":
                return _operation(fields, known)
            case "FuncCall":
                return _call(node, fields, known)
            case _:
                return None
    return None


def _constant(fields: Mapping[str, Any]) -> Value | None:
    if "sval" in fields:
        return str(fields["sval"].get("sval", ""))
    if "ival" in fields:
        return int(fields["ival"].get("ival", 0))
    return None


_TEXT_TYPES = frozenset({"text", "varchar", "regclass", "regtype", "name"})
_ARRAY = regex(r"\{([^{}\"\\]*)\}\Z")


def _cast(fields: Mapping[str, Any], known: Known) -> Value | None:
    value = value_of(fields.get("arg", {}), known)
    type_name = fields.get("typeName", {})
    name = type_name.get("names", [{}])[-1].get("String", {}).get("sval", "")
    if value is None:
        return None
    if type_name.get("arrayBounds"):
        if isinstance(value, tuple):
            return value
        match = _ARRAY.match(value) if isinstance(value, str) else None
        return None if match is None else tuple(item.strip() for item in match[1].split(",") if item.strip())
    if name in ("int4", "int8", "int2"):
        return int(value) if not isinstance(value, tuple) and re.fullmatch(r"-?\d+", str(value)) else None
    return str(value) if name in _TEXT_TYPES and not isinstance(value, tuple) else None


def _operation(fields: Mapping[str, Any], known: Known) -> Value | None:
    operator = fields.get("name", [{}])[0].get("String", {}).get("sval")
    left, right = (value_of(fields.get(side, {}), known) for side in ("lexpr", "rexpr"))
    match operator, left, right:
        case "||", (str() | int()), (str() | int()):
            return f"{left}{right}"
        case "+", int(), int():
            return left + right
        case "-", int(), int():
            return left - right
        case "-", None, int() if "lexpr" not in fields:
            return -right
    return None


def _call(node: Node, fields: Mapping[str, Any], known: Known) -> Value | None:
    values = [value_of(argument, known) for argument in fields.get("args", [])]
    if fields.get("func_variadic") or any(value is None for value in values):
        return None
    match _function_name(node), values:
        case "format", [str() as template, *arguments]:
            return format_text(template, [a for a in arguments if a is not None])
        case "quote_ident", [str() as text]:
            return quote_ident(text)
        case "quote_literal", [(str() | int()) as text]:
            return quote_literal(str(text))
        case "concat", _ if not any(isinstance(value, tuple) for value in values):
            return "".join(str(value) for value in values)
        case "lower", [str() as text]:
            return text.lower()
        case "upper", [str() as text]:
            return text.upper()
        case "replace", [str() as text, str() as old, str() as new]:
            return text.replace(old, new) if old else text
        case "lpad", [(str() | int()) as text, int() as length, str() as fill] if len(fill) == 1:
            return str(text).rjust(length, fill)[:length]
        case "array_to_string", [tuple() as items, str() as separator]:
            return separator.join(str(item) for item in items)
    return None


_PLACEHOLDER = regex(r"%(?:(\d+)\$)?(-)?(\d*)(.)", re.DOTALL)


def format_text(template: str, arguments: list[Value]) -> str | None:
    """What PostgreSQL's format() makes; None where it would fail, or where an argument is an array."""
    out: list[str] = []
    place = 0
    end = 0
    while (start := template.find("%", end)) >= 0:
        match = _PLACEHOLDER.match(template, start)
        if match is None:
            return None
        out.append(template[end:start])
        end = match.end()
        number, _, width, what = match.groups()
        if what == "%":
            out.append("%")
            continue
        place = int(number) if number else place + 1
        if width or what not in "sIL" or not 1 <= place <= len(arguments):
            return None
        argument = arguments[place - 1]
        if isinstance(argument, tuple):
            return None
        text = str(argument)
        out.append(quote_ident(text) if what == "I" else quote_literal(text) if what == "L" else text)
    out.append(template[end:])
    return "".join(out)
