"""A column of a composite type that gives way to a column for each of its fields."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.changes.replace_columns import ReplaceColumns
from migrasafe.quantities import say_count
from migrasafe.schema.definitions import names, type_of
from migrasafe.schema.model import Column, Composite, Schema
from migrasafe.sql.deparse import parse_expression
from migrasafe.sql.quote import quote_ident, spell_type


class CompositeToColumns(Struct, frozen=True, kw_only=True):
    replaced: ReplaceColumns
    """Of one column by as many as it has fields, in their order."""
    type: Composite

    def plan(self, ground: Ground) -> Draft:
        """As ReplaceColumns, with the ways there and back that follow from the type. Raises NoPlanError."""
        (old,), new = self.replaced.old, self.replaced.new
        column = column_of(table_of(ground, self.replaced.table), old)
        fields = self.type.attributes
        if len(new) != len(fields):
            raise NoPlanError(
                f"{old} is {self.type.ref}, of {say_count(len(fields), 'field')}, {names(one.name for one in fields)}: say a column"
                " for each, in their order"
            )
        for one, field in zip(new, fields, strict=True):
            if field.type is not None and one.type != field.type:
                said = spell_type(one.type) if one.type is not None else "of no type"
                raise NoPlanError(
                    f"{one.name} is {said}, and the field {field.name} of {self.type.ref} {type_of(field)}: plan the other type in"
                    " a migration of its own"
                )
        ups = tuple(
            (one.name, parse_expression(f"({quote_ident(old)}).{quote_ident(field.name)}"))
            for one, field in zip(new, fields, strict=True)
        )
        empty = " AND ".join(f"{quote_ident(one.name)} IS NULL" for one in new)
        listed = names(one.name for one in new)
        back = parse_expression(f"CASE WHEN NOT ({empty}) THEN ROW({listed})::{type_of(column)} END")
        draft = replace(self.replaced, up=ups, down=((old, back),)).plan(ground)
        return replace(
            draft,
            by_hand=(
                f"a value of which every field is null is null to the version that reads {listed}: what it writes back is null",
                f"the type {self.type.ref} stays: DROP TYPE is a change of its own when no column has it any more",
                *draft.by_hand,
            ),
        )


def composite_type(schema: Schema, column: Column | None) -> Composite | None:
    """The composite type of a column; None where it has another."""
    if column is None or column.type is None or column.type.array:
        return None
    found = schema.types.get(schema.resolve_type(column.type.schema, column.type.name))
    return found if isinstance(found, Composite) and found.attributes else None


def composite_to_columns(change: ReplaceColumns, schema: Schema) -> CompositeToColumns | None:
    """The change, where one composite column gives way to others and no way back is said; None for any other."""
    table = schema.table(schema.resolve(*change.table))
    if table is None or len(change.old) != 1 or change.down:
        return None
    type = composite_type(schema, table.column(change.old[0]))
    return None if type is None else CompositeToColumns(replaced=change, type=type)
