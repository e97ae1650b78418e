"""A CHECK that refuses a value, where PostgreSQL cannot take it out of its type."""

from __future__ import annotations

import re

from migrasafe.schema.definitions import with_suffix
from migrasafe.schema.evolve.generated_names import clipped
from migrasafe.schema.model import Constraint, Ref, Table
from migrasafe.sql.deparse import parse_expression
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import ConstraintKind


def refused(table: Table, column: str, value: str) -> tuple[Ref, Constraint]:
    """The table, and a constraint that no row of it may have the value in the column."""
    said = re.sub(r"\W+", "_", value).strip("_") or "value"
    name = with_suffix(f"{table.ref.name}_{column}", clipped(f"_not_{said}", 25))
    rule = f"{quote_ident(column)} <> {quote_literal(value)}"
    constraint = Constraint(name=name, kind=ConstraintKind.CHECK, columns=(column,), expression=parse_expression(rule))
    return table.ref, constraint
