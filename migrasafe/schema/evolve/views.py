"""Views, materialized views and tables made from a query."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.schema.evolve.cascade import remove_relation
from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.query_names import outputs_of
from migrasafe.schema.evolve.type_names import is_composite
from migrasafe.schema.model import TEMPORARY_SCHEMA, Column, RelationKind, Table, View
from migrasafe.sql.statements import CreateTableAs, CreateView, Persistence, RefreshMaterializedView


def create_view(draft: Draft, statement: CreateView) -> None:
    """CREATE [OR REPLACE] VIEW; a replaced one keeps its age and what depends on it. One that reads what is temporary is
    temporary itself."""
    outputs = outputs_of(draft, statement.query)
    passing = statement.name.schema is None and any(one.relation.schema == TEMPORARY_SCHEMA for one in outputs.reads)
    ref = draft.place(statement.name, Persistence.TEMPORARY if passing else statement.persistence)
    existing = draft.relations.get(ref)
    replaced = existing if statement.replace and isinstance(existing, View) else None
    if existing is not None and replaced is None:
        if draft.existing_stays:
            return
        remove_relation(draft, ref)
        outputs = outputs_of(draft, statement.query)
    names = tuple(output.name for output in outputs.columns)
    draft.put(
        View(
            ref=ref,
            query=statement.query,
            columns=(*statement.columns, *names[len(statement.columns) :]),
            reads=outputs.reads,
            complete=outputs.complete or bool(statement.columns),
            options=statement.options,
            rewritten=replaced is not None and replaced.rewritten,
            indexes=replaced.indexes if replaced is not None else (),
            grants=replaced.grants if replaced is not None else frozenset(),
            column_grants=replaced.column_grants if replaced is not None else frozenset(),
            born=replaced.born if replaced is not None else draft.moment,
        )
    )


def create_table_as(draft: Draft, statement: CreateTableAs) -> None:
    """CREATE TABLE AS, SELECT INTO, CREATE MATERIALIZED VIEW."""
    ref = draft.place(statement.name, statement.persistence)
    if statement.if_not_exists and is_composite(draft, ref):
        return
    if ref in draft.relations:
        if statement.if_not_exists or draft.existing_stays:
            return
        remove_relation(draft, ref)
    outputs = outputs_of(draft, statement.query)
    columns = list(outputs.columns)
    for place, name in enumerate(statement.columns):
        if place < len(columns):
            columns[place] = replace(columns[place], name=name)
        else:
            columns.append(Column(name=name, type=None, born=draft.moment))
    if statement.materialized_view:
        draft.put(
            View(
                ref=ref,
                kind=RelationKind.MATERIALIZED_VIEW,
                query=statement.query,
                columns=tuple(column.name for column in columns),
                reads=outputs.reads,
                populated=statement.with_data,
                complete=outputs.complete,
                born=draft.moment,
            )
        )
        return
    draft.put(
        Table(
            ref=ref,
            persistence=statement.persistence,
            columns=tuple(columns),
            complete=outputs.complete,
            born=draft.moment,
        )
    )


def refresh_materialized_view(draft: Draft, statement: RefreshMaterializedView) -> None:
    view = draft.relations.get(draft.resolve(*statement.name))
    if isinstance(view, View) and view.populated is not statement.with_data:
        draft.put(replace(view, populated=statement.with_data))
