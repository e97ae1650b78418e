"""Operands that meet in an operator, and values that go into columns: whether their types agree, and which labels are named."""

from __future__ import annotations

import re

from migrasafe.app.resolve.context import Context
from migrasafe.app.resolve.conversions import can_be_compared, can_be_stored, can_be_written
from migrasafe.app.resolve.references import Value
from migrasafe.app.resolve.types import enum_labels
from migrasafe.app.usage import Action, ObjectKind
from migrasafe.schema.model import Column, Ref
from migrasafe.sql.quote import quote_ident, spell_type
from migrasafe.sql.statements import TypeName

_RELATION_NAME = re.compile(r'(?:(?P<schema>[A-Za-z_]\w*)\.)?(?:(?P<name>[A-Za-z_]\w*)|"(?P<quoted>[^"]+)")')
COMPARING = frozenset({"=", "<>", "!=", "<", ">", "<=", ">="})


def compare(ctx: Context, operator: str, left: Value, right: Value, offset: int) -> None:
    """Notes what is wrong with `left operator right`, and the labels that a comparison with an enum names."""
    for one, other in ((left, right), (right, left)):
        if other.text is not None and one.type is not None:
            read_constant(ctx, other.text, one.type, other.offset or offset)
    if operator not in COMPARING:
        return
    ours, theirs = ctx.base_type(left.type), ctx.base_type(right.type)
    if not can_be_compared(ours, theirs) and ours is not None and theirs is not None:
        message = f"operator does not exist: {spell_type(ours)} {operator} {spell_type(theirs)}"
        column = left.column or right.column
        ref, name = (column.relation, column.column) if column is not None else (None, None)
        ctx.problem("42883", message, offset, ref=ref, name=name)


def read_constant(ctx: Context, text: str, wanted: TypeName, offset: int) -> None:
    """A string constant that is to be a value of the type: a label of an enum, a number."""
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
        ctx.problem("22P02", f'invalid input syntax for type {spell_type(base)}: "{text}"', offset)


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
    if not can_be_stored(given, wanted) and given is not None and wanted is not None:
        message = (
            f'column "{column.name}" is of type {spell_type(wanted)} but expression is of type {spell_type(given)}'
        )
        ctx.problem("42804", message, offset, ref=relation, name=column.name)
