"""What the indexes of a table serve."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from migrasafe.schema.alike import beginning_with
from migrasafe.schema.model import Constraint, Index, Ref, Schema, Table, View
from migrasafe.sql.expressions import same_or_none
from migrasafe.sql.statements import ConstraintKind, IndexElement


def finds(index: Index, columns: tuple[str, ...]) -> bool:
    """Whether the index finds rows by equality on these columns: they are its first ones, in any order."""
    if index.method not in ("btree", "hash") or not columns:
        return False
    return {element.column for element in index.elements[: len(columns)]} == set(columns)


def serving(schema: Schema, table: Table | View, columns: tuple[str, ...]) -> Iterator[Index]:
    """The valid indexes that find rows by these columns; a partial one counts, as the rows it leaves out are NULL mostly."""
    return (index for index in beginning_with(schema, table, columns) if index.valid and finds(index, columns))


def finds_every_row(schema: Schema, table: Table, columns: tuple[str, ...]) -> bool:
    """Whether a valid index that leaves out no row finds them by these columns."""
    return any(index.predicate is None for index in serving(schema, table, columns))


def foreign_keys(table: Table) -> Iterator[Constraint]:
    return (one for one in table.constraints if one.kind is ConstraintKind.FOREIGN_KEY and one.target is not None)


def unserved_foreign_keys(schema: Schema, ref: Ref, among: Collection[str]) -> tuple[Constraint, ...]:
    """The foreign keys of a table, of those with these names, whose columns no index serves; none where not all of its indexes
    are known."""
    table = schema.table(ref)
    if table is None or not table.complete or not among:
        return ()
    asked = [one for one in table.constraints if one.name in among and one.target is not None]
    return tuple(one for one in asked if next(serving(schema, table, one.columns), None) is None)


def same_unique(schema: Schema, table: Table, index: Index) -> Index | None:
    """Another unique index that refuses whatever this one refuses: over the same columns and expressions, of the same rows or all."""
    return next(
        (
            other
            for other in schema.indexes_of(table)
            if other.ref != index.ref
            and other.unique
            and (other.predicate is None or same_or_none(other.predicate, index.predicate))
            and (other.nulls_not_distinct or not index.nulls_not_distinct)
            and len(other.elements) == len(index.elements)
            and all(any(_same_value(own, its) for its in other.elements) for own in index.elements)
        ),
        None,
    )


def _same_value(one: IndexElement, other: IndexElement) -> bool:
    return one.column == other.column and same_or_none(one.expression, other.expression)
