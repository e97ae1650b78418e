"""Indexes and constraints of one column, as they must be for another."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from migrasafe.schema.model import Constraint, Index, Ref
from migrasafe.sql.deparse import renamed
from migrasafe.sql.statements import Expression


def index_over(index: Index, columns: Mapping[str, str]) -> Index:
    """The same index over other columns."""
    qualifiers = frozenset({index.table.name})
    return replace(
        index,
        elements=tuple(
            replace(
                element,
                column=columns.get(element.column, element.column) if element.column is not None else None,
                expression=_over(element.expression, columns, qualifiers),
            )
            for element in index.elements
        ),
        include=tuple(columns.get(column, column) for column in index.include),
        predicate=_over(index.predicate, columns, qualifiers),
    )


def constraint_over(constraint: Constraint, table: Ref, columns: Mapping[str, str]) -> Constraint:
    """The same constraint of `table` over other columns; one that refers to the table itself follows."""
    return replace(
        constraint,
        columns=tuple(columns.get(column, column) for column in constraint.columns),
        expression=_over(constraint.expression, columns, frozenset({table.name})),
        target_columns=tuple(columns.get(column, column) for column in constraint.target_columns)
        if constraint.target == table
        else constraint.target_columns,
    )


def _over(expression: Expression | None, columns: Mapping[str, str], qualifiers: frozenset[str]) -> Expression | None:
    return None if expression is None else Expression(node=renamed(expression.node, columns, qualifiers))
