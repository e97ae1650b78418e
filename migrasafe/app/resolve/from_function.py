"""Functions in FROM, ROWS FROM, XMLTABLE and JSON_TABLE: the columns that they show."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.app.resolve import functions
from migrasafe.app.resolve.context import Context, Fields
from migrasafe.app.resolve.expressions import expression, expressions, parts
from migrasafe.app.resolve.namespace import Col, Item, Names, inner, renamed
from migrasafe.app.resolve.references import Value
from migrasafe.app.resolve.types import builtin_outputs, builtin_result, element, written_type
from migrasafe.schema.model import Function
from migrasafe.sql.output_names import output_name
from migrasafe.sql.statements import TypeName

_UNNESTED = frozenset({"unnest"})


def range_function(ctx: Context, fields: Fields, names: Names, alias: str, aliases: tuple[str, ...]) -> Item:
    """The item of a function, or of ROWS FROM (…)."""
    columns: list[Col] = []
    complete, scalar = True, True
    row_type: TypeName | None = None
    calls = [item["List"]["items"] for item in fields.get("functions", [])]
    for call, definitions in calls:
        written = definitions.get("List", {}).get("items") if definitions else fields.get("coldeflist")
        shown, known, row_type, one = _columns(ctx, call, list(written or ()), names)
        columns.extend(shown)
        complete, scalar = complete and known, scalar and one
    name = alias or (output_name(calls[0][0]) if calls else "")
    scalar = scalar and len(calls) == 1 and not fields.get("ordinality")
    if scalar and alias and columns:
        columns = [Col(name=alias, type=columns[0].type)]
    if fields.get("ordinality"):
        columns.append(Col(name="ordinality", type=TypeName(name="int8")))
    return Item(
        alias=name, columns=renamed(tuple(columns), aliases), complete=complete, row_type=row_type, scalar=scalar
    )


_Shown = tuple[tuple[Col, ...], bool, TypeName | None, bool]
"""The columns of a call, whether they are all known, the type of a row, whether it gives one value."""


def _columns(ctx: Context, call: Fields, definitions: list[Fields], names: Names) -> _Shown:
    node = call.get("FuncCall")
    if definitions:
        expression(ctx, call, names)
        columns = (item["ColumnDef"] for item in definitions)
        return (
            tuple(Col(name=one["colname"], type=written_type(ctx, one.get("typeName", {}))) for one in columns),
            True,
            None,
            False,
        )
    if node is None:  # a cast, COALESCE or CURRENT_DATE in FROM
        value = expression(ctx, call, names)
        return (Col(name=output_name(call), type=value.type),), True, None, True
    values = expressions(ctx, node.get("args"), names)
    parts(ctx, node.get("agg_order"), names)
    value, function = functions.call(ctx, node, values, names)
    name = functions.name_of(node)[1]
    if function is not None:
        return _of_function(ctx, function, name)
    return _of_builtin(ctx, name, values, value)


def _of_function(ctx: Context, function: Function, name: str) -> _Shown:
    outputs = [one for one in function.arguments if one.mode in ("out", "inout", "table")]
    if len(outputs) > 1:
        columns = tuple(Col(name=one.name or f"column{at}", type=one.type) for at, one in enumerate(outputs, start=1))
        return columns, True, None, False
    if outputs:
        table = any(one.mode == "table" for one in outputs)
        return (Col(name=outputs[0].name or name, type=outputs[0].type),), True, None, not table
    fields = ctx.fields_of(function.returns)
    if fields is not None:
        return fields[1].columns, fields[1].complete, function.returns, False
    if function.returns is None or function.returns.name == "record":
        return (), False, None, False
    return (Col(name=name, type=function.returns),), True, None, True


def _of_builtin(ctx: Context, name: str, values: tuple[Value, ...], value: Value) -> _Shown:
    outputs = builtin_outputs().get(name)
    argument = values[0].type if len(values) == 1 else None
    if outputs is not None and (name not in _UNNESTED or (argument is not None and argument.name == "tsvector")):
        return tuple(Col(name=one) for one in outputs), True, None, False
    if name in _UNNESTED:
        fields = ctx.fields_of(element(values[0].type)) if len(values) == 1 else None
        if fields is not None:
            return fields[1].columns, fields[1].complete, element(values[0].type), False
        if len(values) > 1:
            return tuple(Col(name="unnest", type=element(one.type)) for one in values), True, None, False
        return (Col(name=name, type=element(values[0].type) if values else None),), True, None, True
    if name in ("json_populate_record", "jsonb_populate_record", "json_populate_recordset", "jsonb_populate_recordset"):
        fields = ctx.fields_of(values[0].type) if values else None
        return (fields[1].columns, fields[1].complete, None, False) if fields is not None else ((), False, None, False)
    result = builtin_result(name) or value.type
    many = result is None and not functions.is_known(ctx, None, name)
    return (Col(name=name, type=result),), not many, None, True


def xml_table(ctx: Context, fields: Fields, names: Names, alias: str, aliases: tuple[str, ...]) -> Item:
    """XMLTABLE (… COLUMNS …)."""
    columns = []
    for item in fields.get("columns", []):
        column = item["RangeTableFuncCol"]
        type_ = written_type(ctx, column["typeName"]) if "typeName" in column else TypeName(name="int4")
        columns.append(Col(name=column.get("colname", ""), type=type_))
        expression(ctx, column.get("colexpr"), names)
        expression(ctx, column.get("coldefexpr"), names)
    for clause in ("docexpr", "rowexpr", "namespaces"):
        parts(ctx, fields.get(clause), names)
    return Item(alias=alias or "xmltable", columns=inner(columns, aliases))


def json_table(ctx: Context, fields: Fields, names: Names, alias: str, aliases: tuple[str, ...]) -> Item:
    """JSON_TABLE (… COLUMNS …), nested ones included."""
    for clause in ("context_item", "passing", "pathspec", "on_error"):
        parts(ctx, fields.get(clause), names)
    return Item(alias=alias or "json_table", columns=inner(_json_columns(ctx, fields, names), aliases))


def _json_columns(ctx: Context, fields: Fields, names: Names) -> Iterator[Col]:
    for item in fields.get("columns", []):
        column = item["JsonTableColumn"]
        for clause in ("on_empty", "on_error"):
            parts(ctx, column.get(clause), names)
        if column.get("coltype") == "JTC_NESTED":
            yield from _json_columns(ctx, column, names)
            continue
        yield Col(name=column.get("name", ""), type=written_type(ctx, column.get("typeName", {})))
