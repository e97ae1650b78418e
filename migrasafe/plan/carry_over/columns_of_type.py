"""The columns that have a type of the user's own."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.schema.model import Column, Composite, Domain, EnumType, Ref, Schema, Table
from migrasafe.sql.statements import Name, TypeName


def enum_of(ground: Ground, name: Name) -> EnumType:
    """The enum type that a change is about. Raises NoPlanError where it is not known."""
    found = ground.schema.types.get(ground.schema.resolve_type(*name))
    if not isinstance(found, EnumType):
        raise NoPlanError(f"the schema has no enum type {name}")
    return found


def enum_type(schema: Schema, type: TypeName | None) -> EnumType | None:
    """The enum type that a column's type is; None for any other."""
    if type is None or type.array:
        return None
    found = schema.types.get(schema.resolve_type(type.schema, type.name))
    return found if isinstance(found, EnumType) else None


def columns_of_type(schema: Schema, type: Ref) -> Iterator[tuple[Ref, str, bool]]:
    """Table, column, and whether the column holds its values one by one, not in arrays."""
    for ref in sorted(schema.dependents_of(type)):
        table = schema.table(ref)
        for column in table.columns if table is not None else ():
            if is_type(schema, column.type, type):
                yield ref, column.name, not (column.type is not None and column.type.array)


def tables_of_type(schema: Schema, type: Ref) -> tuple[Ref, ...]:
    return tuple(dict.fromkeys(table for table, _, _ in columns_of_type(schema, type)))


def columns_of_enum(schema: Schema, ref: Ref) -> Iterator[tuple[Table, Column]]:
    """Every column of every table that has the enum type itself.

    Raises NoPlanError where it is in something else as well: an array, a domain, a composite type, a partition key.
    """
    for other in sorted(schema.types):
        of = schema.types[other]
        if isinstance(of, Domain) and is_type(schema, of.type, ref):
            raise NoPlanError(f"the domain {other} is over {ref}: change its columns to {ref} itself first")
        if isinstance(of, Composite) and any(is_type(schema, one.type, ref) for one in of.attributes):
            raise NoPlanError(f"the type {other} has an attribute of {ref}: no trigger sees what is in it")
    for place in sorted(schema.relations):
        table = schema.table(place)
        if table is None or table.partition_of is not None:
            continue
        for column in table.columns:
            if column.type is None or not is_type(schema, column.type, ref):
                continue
            if column.type.array:
                raise NoPlanError(f"{table.ref}.{column.name} is an array of {ref}: change its values by hand")
            if table.partition_by is not None and column.name in table.partition_by.columns:
                raise NoPlanError(
                    f"{table.ref} is partitioned by {column.name}, which is {ref}: plan its partitions first"
                )
            yield table, column


def is_type(schema: Schema, type: TypeName | None, ref: Ref) -> bool:
    """Whether a type is the user's own one of that name, or an array of it."""
    return type is not None and schema.resolve_type(type.schema, type.name) == ref
