"""What an expression reads, and the type of its value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from migrasafe.app.resolve import functions
from migrasafe.app.resolve.comparisons import compare, condition, is_list, match_types, read_relation_name
from migrasafe.app.resolve.context import Context, Fields
from migrasafe.app.resolve.fields import field_of, missing_field
from migrasafe.app.resolve.namespace import Col, Item, Names, inner
from migrasafe.app.resolve.operators import result_of
from migrasafe.app.resolve.references import (
    NOTHING,
    UNKNOWN,
    Value,
    column_reference,
    strings,
    whole_row,
)
from migrasafe.app.resolve.types import BOOL, INT4, NUMERIC, array_of, builtin_types, element, written_type
from migrasafe.sql.quote import spell_type
from migrasafe.sql.statements import TypeName

_BOOL_KINDS = frozenset({"NullTest", "BooleanTest"})


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
    elif value.parameter:
        ctx.type_of_parameter(value.parameter, wanted)
    elif wanted.name not in ("text", "varchar"):  # which everything becomes
        ctx.passes(value.column, f"a cast to {spell_type(wanted)}", fields.get("location", 0))
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
        case "AEXPR_OP" | "AEXPR_LIKE" | "AEXPR_ILIKE" | "AEXPR_DISTINCT" | "AEXPR_NOT_DISTINCT" | "AEXPR_NULLIF":
            if len(left) == len(right) == 1 and "lexpr" in fields:
                compare(ctx, operator, left[0], right[0], offset)
            if kind == "AEXPR_NULLIF":
                return Value(type=left[0].type)
            return Value(type=result_of(operator, left[0].type, right[0].type))
        case "AEXPR_IN" | "AEXPR_BETWEEN" | "AEXPR_NOT_BETWEEN" | "AEXPR_BETWEEN_SYM" | "AEXPR_NOT_BETWEEN_SYM":
            for value in right:
                compare(ctx, "=", left[0], value, offset)
        case "AEXPR_OP_ANY" | "AEXPR_OP_ALL":
            if not is_list(ctx, right[0].type):
                column = right[0].column
                ref, name = (column.relation, column.column) if column is not None else (None, None)
                message = "op ANY/ALL (array) requires array on right side"
                ctx.problem("42809", message, offset, ref=ref, name=name)
            elif right[0].text is None:
                compare(ctx, operator, left[0], Value(type=element(right[0].type), column=right[0].column), offset)
    return Value(type=BOOL)


# --- calls, subqueries, branches --------------------------------------------------------------------------------------


def _call(ctx: Context, fields: Fields, names: Names) -> Value:
    schema, name = functions.name_of(fields)
    values = expressions(ctx, fields.get("args"), names)
    for clause in ("agg_filter", "agg_order", "over"):
        parts(ctx, fields.get(clause), names)
    if schema is None and len(values) == 1 and (name in builtin_types() or not functions.is_known(ctx, schema, name)):
        field = field_of(ctx, values[0], name, fields.get("location", 0))
        if field is not None:
            return field
        if values[0].row is not None and values[0].row.relation is not None and name in builtin_types():
            message = f"function {name}({values[0].row.relation.name}) does not exist"
            ctx.problem("42883", message, fields.get("location", 0), ref=values[0].row.relation, name=name)
            return NOTHING
    if name in ("nextval", "currval", "setval") and values and values[0].text is not None:
        read_relation_name(ctx, values[0].text, values[0].offset)
    return functions.call(ctx, fields, values, names)[0]


def _logic(ctx: Context, fields: Fields, names: Names) -> Value:
    """AND, OR, NOT."""
    word = str(fields.get("boolop", "")).removesuffix("_EXPR")
    for one in fields.get("args", []):
        condition(ctx, word, expression(ctx, one, names), _place(one))
    return Value(type=BOOL)


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
        test = expression(ctx, when.get("expr"), names)
        if "arg" in fields:
            compare(ctx, "=", tested, test, when.get("location", 0))
        else:
            condition(ctx, "CASE/WHEN", test, _place(when.get("expr", {})))
        results.append(expression(ctx, when.get("result"), names))
    results.insert(0, expression(ctx, fields.get("defresult"), names))  # its type counts first
    match_types(ctx, "CASE", results, fields.get("location", 0))
    return _common(results)


def _choice(ctx: Context, fields: Fields, names: Names) -> Value:
    values = expressions(ctx, fields.get("args"), names)
    word = str(fields.get("op", "COALESCE")).removeprefix("IS_")
    match_types(ctx, word, values, fields.get("location", 0))
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
    offset = _place(fields.get("arg", {}))
    for step in fields.get("indirection", []):
        if "A_Indices" in step:
            parts(ctx, step["A_Indices"], names)
            value = Value(type=element(value.type) if not step["A_Indices"].get("is_slice") else value.type)
        elif "String" in step:
            name = step["String"].get("sval", "")
            field = field_of(ctx, value, name, offset)
            if field is None:
                missing_field(ctx, value, name, offset)
            value = field or NOTHING
    return value


def _place(node: Mapping[str, Any]) -> int:
    return int(next((one.get("location", 0) for one in node.values()), 0))


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
    "ParamRef": lambda ctx, fields, names: Value(parameter=int(fields.get("number", 0))),
    "TypeCast": _cast,
    "A_Expr": _operation,
    "FuncCall": _call,
    "SubLink": _sublink,
    "BoolExpr": _logic,
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
