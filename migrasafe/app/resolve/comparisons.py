"""Operands that meet in an operator, and values that go into columns: whether their types agree, and which labels are named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from migrasafe.app.resolve.context import Context
from migrasafe.app.resolve.conversions import can_be_compared, can_be_stored
from migrasafe.app.resolve.operators import COMPARING, operator_exists
from migrasafe.app.resolve.references import Value
from migrasafe.app.resolve.types import element, enum_labels
from migrasafe.app.usage import Action, ObjectKind
from migrasafe.schema.model import Column, Ref
from migrasafe.sql.quote import quote_ident, type_in_errors
from migrasafe.sql.statements import TypeName
from migrasafe.sql.written_values import can_be_written

_RELATION_NAME = re.compile(r'(?:(?P<schema>[A-Za-z_]\w*)\.)?(?:(?P<name>[A-Za-z_]\w*)|"(?P<quoted>[^"]+)")')
_ELEMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,"]+)')


def compare(ctx: Context, operator: str, left: Value, right: Value, offset: int) -> None:
    """Notes what is wrong with `left operator right`, and the labels that a comparison with an enum names."""
    for one, other in ((left, right), (right, left)):
        if other.text is not None and one.type is not None:
            read_constant(ctx, other.text, one.type, other.offset or offset)
    ours, theirs = ctx.base_type(left.type), ctx.base_type(right.type)
    of_parameter = bool(left.parameter or right.parameter) and operator in COMPARING
    if of_parameter:
        ours, theirs = _with_parameter(ctx, left, ours, theirs), _with_parameter(ctx, right, theirs, ours)
    fits = operator_exists(operator, ours, theirs) and (operator not in COMPARING or can_be_compared(ours, theirs))
    if not fits and ours is not None and theirs is not None:
        message = f"operator does not exist: {_shown(ctx, ours)} {operator} {_shown(ctx, theirs)}"
        column = left.column or right.column
        ref, name = (column.relation, column.column) if column is not None else (None, None)
        ctx.problem("42883", message, offset, certain=not of_parameter, ref=ref, name=name, of_parameter=of_parameter)


def _shown(ctx: Context, of: TypeName) -> str:
    return type_in_errors(of, ctx.schema.search_path)


def _with_parameter(ctx: Context, value: Value, known: TypeName | None, other: TypeName | None) -> TypeName | None:
    """The type of one side: of a parameter the one that it was first used as, here if this is the first time."""
    if not value.parameter or other is None or other.name in ("unknown", "record"):
        return known
    return ctx.type_of_parameter(value.parameter, replace(other, name="text") if other.name == "varchar" else other)


def match_types(ctx: Context, what: str, values: Iterable[Value], offset: int) -> None:
    """Notes where the branches of a CASE, the arguments of COALESCE, the columns of a UNION are not of one kind."""
    first: Value | None = None
    for value in values:
        if value.text is not None or value.type is None or value.type.name == "unknown":
            continue
        first = first or value
        ours, theirs = ctx.base_type(first.type), ctx.base_type(value.type)
        if ours is None or theirs is None or can_be_compared(ours, theirs) or ours.array or theirs.array:
            continue
        column = first.column or value.column
        ref, name = (column.relation, column.column) if column is not None else (None, None)
        message = f"{what} types {_shown(ctx, ours)} and {_shown(ctx, theirs)} cannot be matched"
        ctx.problem("42804", message, offset, ref=ref, name=name)
        return
    for value in values:
        if value.text is not None and first is not None and first.type is not None:
            read_constant(ctx, value.text, first.type, value.offset or offset)


def condition(ctx: Context, clause: str, value: Value, offset: int) -> None:
    """Notes where the argument of WHERE, ON, AND … is no boolean."""
    given = ctx.base_type(value.type)
    if given is None or given.name == "unknown" or (given.name == "bool" and not given.array):
        return
    if value.text is not None or (given.schema or "pg_catalog") != "pg_catalog" or given.name == "record":
        return
    ref, name = (value.column.relation, value.column.column) if value.column is not None else (None, None)
    message = f"argument of {clause} must be type boolean, not type {_shown(ctx, given)}"
    ctx.problem("42804", message, offset, ref=ref, name=name)


def read_constant(ctx: Context, text: str, wanted: TypeName, offset: int) -> None:
    """A string constant that is to be a value of the type: a label of an enum, a number."""
    if wanted.array and enum_labels(ctx, element(wanted)) is not None:
        for label in _labels_in(text):
            read_constant(ctx, label, replace(wanted, array=False), offset)
        return
    enum = enum_labels(ctx, wanted)
    if enum is not None:
        ctx.use(Action.DEPENDS, ObjectKind.ENUM_VALUE, enum.ref, text, offset=offset)
        if text not in enum.labels:
            message = f'invalid input value for enum {quote_ident(enum.ref.name)}: "{text}"'
            ctx.problem("22P02", message, offset, ref=enum.ref, name=text)
        return
    base = ctx.base_type(wanted)
    if base is not None and base.name == "regclass" and base.schema in (None, "pg_catalog"):
        read_relation_name(ctx, text, offset)
        return
    if base is not None and not can_be_written(text, base):
        ctx.problem("22P02", f'invalid input syntax for type {_shown(ctx, base)}: "{text}"', offset)


def _labels_in(text: str) -> Iterator[str]:
    """The elements of an array constant of one dimension, `{new,"in transit"}`."""
    for quoted, plain in _ELEMENT.findall(text.strip()[1:-1] if text.strip().startswith("{") else ""):
        if quoted:
            yield quoted.replace('\\"', '"')
        elif plain.strip() and plain.strip().lower() != "null":
            yield plain.strip()


def read_relation_name(ctx: Context, text: str, offset: int) -> None:
    """A string constant that names a relation, as in `nextval('orders_id_seq')` and `'orders'::regclass`."""
    match = _RELATION_NAME.fullmatch(text)
    if match is None:  # an oid, or a name with quotes in it
        return
    schema, name = match["schema"], match["name"] or match["quoted"]
    found = ctx.relation(schema, name if match["quoted"] else name.lower())
    if found.relation is not None:
        ctx.use(Action.DEPENDS, ctx.kind_of(found.relation), found.ref, offset=offset)
    elif not found.system:
        certain = ctx.is_missing(schema, found.ref)
        ctx.problem("42P01", f'relation "{text}" does not exist', offset, certain=certain, ref=found.ref)


def store(ctx: Context, value: Value, column: Column, relation: Ref, offset: int) -> None:
    """Notes what is wrong with a value for a column."""
    if column.type is None:
        return
    if value.text is not None:
        read_constant(ctx, value.text, column.type, value.offset or offset)
        return
    given, wanted = ctx.base_type(value.type), ctx.base_type(column.type)
    if value.parameter and wanted is not None:
        given = ctx.type_of_parameter(value.parameter, wanted)
    if not can_be_stored(given, wanted) and given is not None and wanted is not None:
        message = (
            f'column "{column.name}" is of type {_shown(ctx, wanted)} but expression is of type {_shown(ctx, given)}'
        )
        of_parameter = bool(value.parameter)
        ctx.problem(
            "42804",
            message,
            offset,
            certain=not of_parameter,
            ref=relation,
            name=column.name,
            of_parameter=of_parameter,
        )


def is_list(ctx: Context, of: TypeName | None) -> bool:
    """An array, or nothing that is known not to be one."""
    base = ctx.base_type(of)
    return base is None or base.array or base.name == "unknown" or base.name.endswith("vector")
