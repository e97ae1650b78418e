"""What a view's query reads and gives, by the names that the catalog knows."""

from __future__ import annotations

from dataclasses import dataclass

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.names_used import names_used
from migrasafe.schema.model import ColumnRef
from migrasafe.sql.statements import Query, TypeName


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputColumn:
    name: str
    type: TypeName | None = None
    collation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    columns: tuple[OutputColumn, ...]
    complete: bool


def reads_of(draft: Draft, query: Query) -> frozenset[ColumnRef]:
    return frozenset(ColumnRef(draft.resolve(*name), None) for name in names_used(query.node).relations)


def output_columns_of(draft: Draft, query: Query) -> Outputs:
    return Outputs(columns=(), complete=False)
