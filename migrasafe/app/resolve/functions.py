"""Calls of functions, procedures and aggregates: which one is meant, and what it gives."""

from __future__ import annotations

from functools import cache

from migrasafe.app.resolve.context import Context, Fields
from migrasafe.app.resolve.conversions import can_be_passed
from migrasafe.app.resolve.namespace import Names
from migrasafe.app.resolve.references import NOTHING, Value
from migrasafe.app.resolve.types import builtin_result, builtin_types
from migrasafe.app.usage import Action, Certainty, ObjectKind
from migrasafe.schema.model import Function
from migrasafe.sql.quote import type_in_errors
from migrasafe.sql.statements import TypeName

_SAME_AS_ARGUMENT = frozenset({"max", "min", "abs", "first_value", "last_value", "nth_value", "lag", "lead", "nullif"})


@cache
def _builtin_names() -> frozenset[str]:
    from migrasafe.sql.builtin import volatility as known

    words = (
        known.VOLATILE,
        known.STABLE,
        known.IMMUTABLE,
        known.EXTENSION_VOLATILE,
        known.EXTENSION_STABLE,
        known.EXTENSION_IMMUTABLE,
    )
    return frozenset(name for text in words for name in text.split())


def name_of(node: Fields) -> tuple[str | None, str]:
    """The schema and name of a FuncCall node."""
    parts = [part["String"].get("sval", "") for part in node.get("funcname", []) if "String" in part]
    return (parts[-2] if len(parts) > 1 else None), (parts[-1] if parts else "")


def arguments_of(function: Function) -> tuple[TypeName, ...]:
    """The types of what a call passes."""
    return tuple(one.type for one in function.arguments if one.is_input)


def is_known(ctx: Context, schema: str | None, name: str) -> bool:
    """Whether the schema or PostgreSQL has such a function."""
    if schema in (None, "pg_catalog") and (name in _builtin_names() or builtin_result(name) is not None):
        return True
    return bool(ctx.functions(schema, name)[1])


def call(
    ctx: Context, node: Fields, arguments: tuple[Value, ...], names: Names, *, procedure: bool = False
) -> tuple[Value, Function | None]:
    """The value of a FuncCall whose arguments are resolved, and the function where the schema has it; the use of it noted.
    `procedure`: it is that of a CALL."""
    schema, name = name_of(node)
    offset = node.get("location", 0)
    if schema == "pg_catalog":
        _pass(ctx, name, arguments, offset)
        return Value(type=_builtin_type(name, arguments)), None
    ref, overloads = ctx.functions(schema, name)
    named = tuple(arg["NamedArgExpr"].get("name", "") for arg in node.get("args", []) if "NamedArgExpr" in arg)
    spread = bool(node.get("func_variadic"))
    accepting = [one for one in overloads if accepts(ctx, one, arguments, named, spread=spread)]
    shown = _shown(ctx, arguments, named)
    if accepting:
        same = not named and _differ_in_defaults(accepting, len(arguments))
        if same or is_ambiguous(accepting, arguments):
            # Else the driver may say what types its parameters have.
            ctx.problem("42725", f"function {name}({shown}) is not unique", offset, certain=same, ref=ref, name=name)
        if accepting[0].procedure is not procedure:
            what = "is a procedure" if accepting[0].procedure else "is not a procedure"
            ctx.problem("42809", f"{name}({shown}) {what}", offset, ref=ref, name=name)
        ctx.use(Action.DEPENDS, ObjectKind.FUNCTION, ref, offset=offset)
        ctx.into_function(accepting[0], offset)
        return Value(type=accepting[0].returns), accepting[0]
    if schema is None and len(arguments) == 1 and not overloads and _is_type(ctx, name):
        return Value(type=TypeName(name=name)), None
    if schema is None and name in _builtin_names():
        _pass(ctx, name, arguments, offset)
        return Value(type=_builtin_type(name, arguments)), None
    full_name = name if schema is None else f"{schema}.{name}"
    message = f"function {full_name}({shown}) does not exist"
    if overloads:
        ctx.use(Action.DEPENDS, ObjectKind.FUNCTION, ref, offset=offset, certainty=Certainty.UNKNOWN, note=message)
        ctx.problem("42883", message, offset, ref=ref, name=name)
        return NOTHING, None
    ctx.use(Action.DEPENDS, ObjectKind.FUNCTION, ref, offset=offset, certainty=Certainty.UNKNOWN, note=message)
    # Aggregates and what extensions bring are not in the schema: only what it once had is certainly gone.
    ctx.problem("42883", message, offset, certain=ctx.had_function(schema, ref), ref=ref, name=name)
    return NOTHING, None


_TAKES_ALL = frozenset(
    {
        *(
            "array_agg",
            "coalesce",
            "concat",
            "concat_ws",
            "count",
            "first_value",
            "format",
            "lag",
            "last_value",
            "lead",
        ),
        *("json_agg", "json_build_array", "json_build_object", "jsonb_agg", "jsonb_build_array", "jsonb_build_object"),
        *("nth_value", "pg_column_size", "pg_typeof", "quote_literal", "row_to_json", "to_json", "to_jsonb"),
    }
)


def _pass(ctx: Context, name: str, arguments: tuple[Value, ...], offset: int) -> None:
    for value in arguments:
        if name not in _TAKES_ALL:
            ctx.passes(value.column, f"{name}()", offset)


def _shown(ctx: Context, arguments: tuple[Value, ...], named: tuple[str, ...]) -> str:
    """The types of the arguments as PostgreSQL's errors list them."""
    path = ctx.schema.search_path
    types = ["unknown" if one.type is None else type_in_errors(one.type, path) for one in arguments]
    first = len(types) - len(named)
    return ", ".join(
        (*types[:first], *(f"{name} => {type_}" for name, type_ in zip(named, types[first:], strict=True)))
    )


def _differ_in_defaults(overloads: list[Function], given: int) -> bool:
    """Whether the functions take the same arguments, and only defaults for more of them tell them apart."""
    return len(overloads) > 1 and len({arguments_of(one)[:given] for one in overloads}) == 1


_TEXTS = frozenset({"text", "varchar", "bpchar", "name", "citext"})
_CATEGORIES = {
    **dict.fromkeys(("int2", "int4", "int8", "numeric", "float4", "float8", "oid", "money"), "number"),
    **dict.fromkeys(("date", "timestamp", "timestamptz"), "time"),
}
_PREFERRED = frozenset({"float8", "timestamptz", "bool", "text"})


def is_ambiguous(overloads: list[Function], given: tuple[Value, ...]) -> bool:
    """Whether nothing tells which of several functions is meant, where the types of arguments are not known.

    https://www.postgresql.org/docs/current/typeconv-func.html
    """
    if len(overloads) < 2:
        return False
    for place, value in enumerate(given):
        if value.type is not None and value.type.name != "unknown":
            continue
        types = {types[place] for one in overloads if place < len(types := arguments_of(one))}
        names = {one.name for one in types}
        if len(types) < 2 or names & _TEXTS:
            continue
        if names & _PREFERRED and len({_CATEGORIES.get(one, one) for one in names}) == 1:
            continue
        return True
    return False


def _is_type(ctx: Context, name: str) -> bool:
    """`inet(text)` is a cast, and the range types make their values like that."""
    return name in builtin_types() or ctx.schema.types.get(ctx.schema.resolve_type(None, name)) is not None


def accepts(
    ctx: Context, function: Function, given: tuple[Value, ...], named: tuple[str, ...], *, spread: bool = False
) -> bool:
    """Whether a call with these arguments, the last of them by name, can mean this overload."""
    inputs = [one for one in function.arguments if one.is_input]
    if function.procedure:
        inputs = [one for one in function.arguments if one.mode != "table"]
    positional = len(given) - len(named)
    variadic = bool(inputs) and inputs[-1].mode == "variadic" and not spread
    if variadic:
        fixed = len(inputs) - 1
        return positional >= fixed - sum(1 for one in inputs[:fixed] if one.default is not None)
    if positional > len(inputs):
        return False
    rest = inputs[positional:]
    known = {one.name for one in rest}
    if any(name not in known for name in named):
        return False
    if any(one.default is None and one.name not in named for one in rest):
        return False
    return all(
        can_be_passed(ctx.base_type(value.type), ctx.base_type(one.type))
        for value, one in zip(given[:positional], inputs, strict=False)
    )


def _builtin_type(name: str, arguments: tuple[Value, ...]) -> TypeName | None:
    if name in _SAME_AS_ARGUMENT and arguments:
        return arguments[0].type
    if name == "array_agg" and len(arguments) == 1 and arguments[0].type is not None and not arguments[0].type.array:
        return TypeName(schema=arguments[0].type.schema, name=arguments[0].type.name, array=True)
    return builtin_result(name)
