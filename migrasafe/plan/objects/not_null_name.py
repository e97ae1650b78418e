"""What a NOT NULL constraint of a plan is called."""

from __future__ import annotations

from migrasafe.schema.evolve.generated_names import first_free, object_name
from migrasafe.schema.model import Table
from migrasafe.sql.statements import ConstraintKind


def not_null_name(table: Table, column: str) -> str:
    """What PostgreSQL itself calls it: numbered where another column has that name, since both were cut off.

    Since 18 every NOT NULL has a name: https://www.postgresql.org/docs/18/release-18.html"""
    others = {
        object_name(table.ref.name, one.name, "not_null")
        for one in table.columns
        if one.not_null and one.name != column
    }
    others |= {
        one.name
        for one in table.constraints
        if one.kind is ConstraintKind.NOT_NULL and one.columns != (column,) and one.name is not None
    }
    return first_free(table.ref.name, column, "not_null", others.__contains__)
