"""The steps that build an index of a partitioned table partition by partition, each of them concurrently."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.findings import Fix
from migrasafe.rules.context import Step
from migrasafe.rules.instead import NEXT_MIGRATION, ONE_MIGRATION, Stage, outside_title, plan
from migrasafe.rules.wording import sql_name
from migrasafe.schema.evolve.generated_names import index_column_names, joined_columns, object_name
from migrasafe.schema.model import Ref, RelationKind, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import CreateIndex
from migrasafe.sql.written_statements import written_index


class _Index(Struct, frozen=True, kw_only=True):
    table: Table
    name: str
    above: str | None
    """The index that it becomes a part of."""


def index_by_partitions(step: Step, table: Table) -> Fix | None:
    """None where the partitions are not known."""
    statement = step.statement
    assert isinstance(statement, CreateIndex)
    written = written_index(step.script.source.text, statement.span, step.as_written)
    if written is None or not table.partitions:
        return None
    columns = joined_columns(index_column_names(statement.elements, statement.include))
    name = statement.name or object_name(table.ref.name, columns, "idx")
    indexes = list(_indexes(step, _Index(table=table, name=name, above=None), columns))
    unique = "UNIQUE " if written.unique else ""
    empty, built, attached = [], [], []
    for index in indexes:
        made, on = quote_ident(index.name), written.table if index.above is None else sql_name(index.table.ref)
        if index.table.kind is RelationKind.PARTITIONED_TABLE:
            empty.append(f"CREATE {unique}INDEX {made} ON ONLY {on} {written.rest}")
        else:
            built.append(f"CREATE {unique}INDEX CONCURRENTLY {made} ON {on} {written.rest}")
    for index in reversed(indexes):  # from the leaves up: an index becomes valid when all of its parts are attached
        if index.above is not None:
            whole = sql_name(Ref(table.ref.schema, index.above))
            part = sql_name(Ref(index.table.ref.schema, index.name))
            attached.append(f"ALTER INDEX {whole} ATTACH PARTITION {part}")
    return plan(
        step,
        Stage(ONE_MIGRATION, tuple(empty)),
        Stage(outside_title(step), tuple(built)),
        Stage(NEXT_MIGRATION, tuple(attached)),
    )


def _indexes(step: Step, index: _Index, columns: str) -> Iterator[_Index]:
    yield index
    for ref in index.table.partitions:
        part = step.schema.table(ref)
        if part is not None:
            name = object_name(ref.name, columns, "idx")
            yield from _indexes(step, _Index(table=part, name=name, above=index.name), columns)
