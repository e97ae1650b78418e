"""What a view's query reads and gives, by the names that the catalog knows."""

from __future__ import annotations

from dataclasses import dataclass

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.model import ColumnRef, Table, View
from migrasafe.sql.names_read import resolve
from migrasafe.sql.statements import Name, Query, TypeName


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
    """The relations a query reads, and their columns where they can be told."""
    resolved = resolve(query, lambda name: _columns_of(draft, name))
    return frozenset(ColumnRef(draft.resolve(*read.relation), read.column) for read in resolved.reads)


def output_columns_of(draft: Draft, query: Query) -> Outputs:
    """The columns a query gives; not complete where a `*` over an unknown relation hides some."""
    resolved = resolve(query, lambda name: _columns_of(draft, name))
    if resolved.columns is None or "SelectStmt" not in query.node:
        return Outputs(columns=(), complete=False)
    return Outputs(columns=tuple(OutputColumn(name=name) for name in resolved.columns), complete=True)


def _columns_of(draft: Draft, name: Name) -> tuple[str, ...] | None:
    relation = draft.relations.get(draft.resolve(*name))
    if isinstance(relation, Table) and relation.complete:
        return tuple(column.name for column in relation.columns)
    if isinstance(relation, View) and relation.complete:
        return relation.columns
    return None
