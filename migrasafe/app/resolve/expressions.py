"""What an expression reads, and the type of its value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from migrasafe.app.resolve import functions
from migrasafe.app.resolve.comparisons import COMPARING, compare, read_relation_name
from migrasafe.app.resolve.context import Context, Fields
from migrasafe.app.resolve.namespace import Col, Item, Names, inner
from migrasafe.app.resolve.references import (
    NOTHING,
    UNKNOWN,
    Value,
    column_reference,
    column_value,
    strings,
    whole_row,
)
from migrasafe.app.resolve.types import BOOL, INT4, NUMERIC, arithmetic, array_of, builtin_types, element, written_type
from migrasafe.sql.statements import TypeName

_TEXT_OPERATORS = frozenset({"~~", "!~~", "~~*", "!~~*", "~", "!~", "~*", "!~*"})
_BOOL_KINDS = frozenset({"BoolExpr", "NullTest", "BooleanTest"})


def expression(ctx: Context, node: Mapping[str, Any] | None, names: Names) -> Value:
    """The value of an expression; every column, function, type and label in it is noted."""
    if not node:
        return NOTHING
    kind, fields = next(iter(node.items()))
    walk = _WALKS.get(kind)
    if walk is not None:
        return walk(ctx, fields, names)
    parts(ctx, fields, names)
    return Value(type=BOOL) if kind in _BOOL_KINDS else NOTHING


def expressions(ctx: Context, nodes: Iterable[Mapping[str, Any]] | None, names: Names) -> tuple[Value, ...]:
    return tuple([expression(ctx, node, names) for node in nodes or ()])


def parts(ctx: Context, value: Any, names: Names) -> None:
    """Everything below a node of which nothing more is known."""
    if isinstance(value, list):
        for item in value:
            parts(ctx, item, names)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if not isinstance(one, (dict, list)):
                continue
            if key == "SelectStmt" or key in _WALKS:
                expression(ctx, {key: one}, names)
            elif key == "typeName" and isinstance(one, dict):
                written_type(ctx, one)
            else:
                parts(ctx, one, names)


# --- constants --------------------------------------------------------------------------------------------------------


def _constant(ctx: Context, fields: Fields, names: Names) -> Value:
    if "sval" in fields:
        return Value(type=UNKNOWN, text=str(fields["sval"].get("sval", "")), offset=fields.get("location", 0))
    if "ival" in fields:
        return Value(type=INT4)
    if "fval" in fields:
        digits = str(fields["fval"].get("fval", ""))
        return Value(type=TypeName(name="int8") if digits.isdigit() and len(digits) < 19 else NUMERIC)
    return Value(type=BOOL) if "boolval" in fields else Value(type=UNKNOWN)


def _cast(ctx: Context, fields: Fields, names: Names) -> Value:
    from migrasafe.app.resolve.comparisons import read_constant

    value = expression(ctx, fields.get("arg"), names)
    wanted = written_type(ctx, fields.get("typeName", {}))
    if value.text is not None:
        read_constant(ctx, value.text, wanted, value.offset)
    return Value(type=wanted)


# --- operators --------------------------------------------------------------------------------------------------------


def _operation(ctx: Context, fields: Fields, names: Names) -> Value:
    """A chain of operators leans to the left: it is unrolled, for it can be thousands of terms long."""
    chain = [fields]
    while "A_Expr" in chain[-1].get("lexpr", {}):
        chain.append(chain[-1]["lexpr"]["A_Expr"])
    left = _side(ctx, chain[-1].get("lexpr"), names)
    for one in reversed(chain):
        left = (_one_operation(ctx, one, left, names),)
    return left[0]


def _side(ctx: Context, node: Any, names: Names) -> tuple[Value, ...]:
    if isinstance(node, list):
        return expressions(ctx, node, names)
    if node and "List" in node:
        return expressions(ctx, node["List"].get("items"), names)
    return (expression(ctx, node, names),)


def _one_operation(ctx: Context, fields: Fields, left: tuple[Value, ...], names: Names) -> Value:
    kind = fields.get("kind", "AEXPR_OP")
    operator = (strings(fields.get("name")) or ("",))[-1]
    right = _side(ctx, fields.get("rexpr"), names)
    offset = fields.get("location", 0)
    match kind:
        case "AEXPR_OP" | "AEXPR_DISTINCT" | "AEXPR_NOT_DISTINCT" | "AEXPR_NULLIF":
            if len(left) == len(right) == 1 and "lexpr" in fields:
                compare(ctx, operator, left[0], right[0], offset)
            if kind == "AEXPR_NULLIF":
                return Value(type=left[0].type)
            return Value(type=_result(operator, left[0].type, right[0].type))
        case "AEXPR_IN" | "AEXPR_BETWEEN" | "AEXPR_NOT_BETWEEN" | "AEXPR_BETWEEN_SYM" | "AEXPR_NOT_BETWEEN_SYM":
            for value in right:
                compare(ctx, "=", left[0], value, offset)
        case "AEXPR_OP_ANY" | "AEXPR_OP_ALL":
            if right[0].text is None:
                compare(ctx, operator, left[0], Value(type=element(right[0].type), column=right[0].column), offset)
    return Value(type=BOOL)


def _result(operator: str, left: TypeName | None, right: TypeName | None) -> TypeName | None:
    if operator in COMPARING or operator in _TEXT_OPERATORS or operator in ("@>", "<@", "?", "?|", "?&", "&&", "@@"):
        return BOOL
    if operator in ("+", "-", "*", "/", "%"):
        return arithmetic(left, right)
    if operator in ("->>", "#>>"):
        return TypeName(name="text")
    if operator in ("->", "#>", "||") and left is not None and left.name in ("json", "jsonb"):
        return left
    return None


# --- calls, subqueries, branches --------------------------------------------------------------------------------------


def _call(ctx: Context, fields: Fields, names: Names) -> Value:
    schema, name = functions.name_of(fields)
    values = expressions(ctx, fields.get("args"), names)
    for clause in ("agg_filter", "agg_order", "over"):
        parts(ctx, fields.get(clause), names)
    if schema is None and len(values) == 1 and (name in builtin_types() or not functions.is_known(ctx, schema, name)):
        field = _field(ctx, values[0], name, fields.get("location", 0))
        if field is not None:
            return field
    if name in ("nextval", "currval", "setval") and values and values[0].text is not None:
        read_relation_name(ctx, values[0].text, values[0].offset)
    return functions.call(ctx, fields, values, names)[0]


def _sublink(ctx: Context, fields: Fields, names: Names) -> Value:
    test = expression(ctx, fields.get("testexpr"), names)
    shown = ctx.query(fields.get("subselect", {}), names)
    first = Value(type=shown.columns[0].type, column=shown.columns[0].origin) if shown.columns else NOTHING
    match fields.get("subLinkType"):
        case "EXPR_SUBLINK":
            return Value(type=first.type, column=first.column)
        case "ARRAY_SUBLINK":
            return Value(type=array_of(first.type))
        case "ANY_SUBLINK" | "ALL_SUBLINK" if "testexpr" in fields:
            operator = (strings(fields.get("operName")) or ("=",))[-1]
            compare(ctx, operator, test, first, fields.get("location", 0))
    return Value(type=BOOL)


def _case(ctx: Context, fields: Fields, names: Names) -> Value:
    tested = expression(ctx, fields.get("arg"), names)
    results = []
    for item in fields.get("args", []):
        when = item["CaseWhen"]
        condition = expression(ctx, when.get("expr"), names)
        if "arg" in fields:
            compare(ctx, "=", tested, condition, when.get("location", 0))
        results.append(expression(ctx, when.get("result"), names))
    results.append(expression(ctx, fields.get("defresult"), names))
    return _common(results)


def _choice(ctx: Context, fields: Fields, names: Names) -> Value:
    values = expressions(ctx, fields.get("args"), names)
    for value in values[1:]:
        compare(ctx, "", values[0], value, fields.get("location", 0))
    return _common(values)


def _common(values: Iterable[Value]) -> Value:
    """The value of one of several branches: its type where all agree."""
    known = {value.type for value in values if value.type is not None and value.type != UNKNOWN}
    unsure = any(value.type is None for value in values)
    return Value(type=known.pop()) if len(known) == 1 and not unsure else NOTHING


def _array(ctx: Context, fields: Fields, names: Names) -> Value:
    return Value(type=array_of(_common(expressions(ctx, fields.get("elements"), names)).type))


def _row(ctx: Context, fields: Fields, names: Names) -> Value:
    for item in fields.get("args", []):
        expression(ctx, item, names)
    return NOTHING


# --- fields and subscripts --------------------------------------------------------------------------------------------


def _indirection(ctx: Context, fields: Fields, names: Names) -> Value:
    value = expression(ctx, fields.get("arg"), names)
    for step in fields.get("indirection", []):
        if "A_Indices" in step:
            parts(ctx, step["A_Indices"], names)
            value = Value(type=element(value.type) if not step["A_Indices"].get("is_slice") else value.type)
        elif "String" in step:
            value = _field(ctx, value, step["String"].get("sval", ""), 0) or NOTHING
    return value


def _field(ctx: Context, value: Value, name: str, offset: int) -> Value | None:
    """A field of a row; None where it has none of the name, or nothing is known of it."""
    if value.row is not None:
        column = value.row.column(name)
        return None if column is None else column_value(ctx, column, offset)
    found = ctx.fields_of(value.type)
    if found is None:
        return None
    for column in found[1].columns:
        if column.name == name:
            ctx.reads(column, offset)
            return Value(type=column.type)
    return None


def fields_of_value(ctx: Context, node: Mapping[str, Any], names: Names) -> tuple[Col, ...] | None:
    """The columns that `(value).*` shows; None where they are not known."""
    value = expression(ctx, node, names)
    if value.row is not None:
        whole_row(ctx, value.row, 0)
        return inner(value.row.columns) if value.row.complete else None
    found = ctx.fields_of(value.type)
    if found is None or not found[1].complete:
        return None
    item = Item(alias="", columns=found[1].columns)
    whole_row(ctx, item, 0)
    return inner(item.columns)


_Walk = Callable[[Context, Fields, Names], Value]
_WALKS: dict[str, _Walk] = {
    "ColumnRef": column_reference,
    "A_Const": _constant,
    "TypeCast": _cast,
    "A_Expr": _operation,
    "FuncCall": _call,
    "SubLink": _sublink,
    "CaseExpr": _case,
    "CoalesceExpr": _choice,
    "MinMaxExpr": _choice,
    "A_ArrayExpr": _array,
    "RowExpr": _row,
    "A_Indirection": _indirection,
    "CollateClause": lambda ctx, fields, names: Value(type=expression(ctx, fields.get("arg"), names).type),
    "NamedArgExpr": lambda ctx, fields, names: expression(ctx, fields.get("arg"), names),
    "SetToDefault": lambda ctx, fields, names: NOTHING,
    "SelectStmt": lambda ctx, fields, names: _subquery(ctx, fields, names),
}


def _subquery(ctx: Context, fields: Fields, names: Names) -> Value:
    ctx.query({"SelectStmt": fields}, names)
    return NOTHING
