"""The schema after a statement, from the schema before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from migrasafe.on_call import on_call
from migrasafe.schema.calls import DEEPEST, runs_of
from migrasafe.schema.evolve.cascade import remove_relation
from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.model import BEFORE_HISTORY, TEMPORARY_SCHEMA, Moment, Schema
from migrasafe.sql.statements import (
    AddEnumValue,
    AlterAllInTablespace,
    AlterDomain,
    AlterExtension,
    AlterFunction,
    AlterPolicy,
    AlterPublication,
    AlterSequence,
    AlterTable,
    Call,
    Cluster,
    ClusterWide,
    Comment,
    Copy,
    CreateComposite,
    CreateDomain,
    CreateEnum,
    CreateEventTrigger,
    CreateExtension,
    CreateFunction,
    CreateIndex,
    CreateOther,
    CreatePolicy,
    CreatePublication,
    CreateRange,
    CreateRule,
    CreateSchema,
    CreateSequence,
    CreateStatistics,
    CreateTable,
    CreateTableAs,
    CreateTrigger,
    CreateView,
    DefaultPrivileges,
    Delete,
    Dml,
    DoBlock,
    Drop,
    Grant,
    GrantRole,
    Insert,
    LockTable,
    Merge,
    RefreshMaterializedView,
    Reindex,
    Rename,
    RenameEnumValue,
    RoleStatement,
    Select,
    SetConstraints,
    SetOwner,
    SetSchema,
    SetVariable,
    Statement,
    SubscriptionStatement,
    Transaction,
    Truncate,
    Unrecognized,
    Update,
    Utility,
    Vacuum,
)

if TYPE_CHECKING:
    from migrasafe.schema.evolve import (
        access,
        alter,
        drops,
        functions,
        indexes,
        privileges,
        renames,
        sequences,
        session,
        tables,
        types,
        views,
    )
else:
    access, alter, drops, functions, indexes, privileges = on_call(
        __name__, "access", "alter", "drops", "functions", "indexes", "privileges"
    )
    renames, sequences, session, tables, types, views = on_call(
        __name__, "renames", "sequences", "session", "tables", "types", "views"
    )


def evolve(schema: Schema, statement: Statement, moment: Moment, *, guarded: bool = False) -> Schema:
    """The catalog after `statement` and the bodies that it runs, as `evolve_alone`."""
    return _evolve(schema, statement, moment, guarded=guarded, depth=0)


def _evolve(schema: Schema, statement: Statement, moment: Moment, *, guarded: bool, depth: int) -> Schema:
    before = schema
    schema = evolve_alone(schema, statement, moment, guarded=guarded)
    for run in runs_of(statement, before) if depth < DEEPEST else ():
        for inner in run.body.statements:
            schema = _evolve(schema, inner.statement, moment, guarded=True, depth=depth + 1)
    return schema


def evolve_alone(schema: Schema, statement: Statement, moment: Moment, *, guarded: bool = False) -> Schema:
    """The catalog after `statement` itself, without the bodies that it runs; the same value where nothing changed.

    Takes any statement. One about an object that was never seen being made assumes the object, with what the statement
    tells of it, unless `schema.complete` says that everything there is was seen. `guarded`: it stands in a body,
    where a branch or a handler prevents making what exists already. Raises nothing.
    """
    change = _CHANGES.get(type(statement))
    if change is None:
        return schema
    draft = Draft(schema, moment)
    draft.existing_stays = guarded
    change(draft, statement)
    return draft.finished()


def with_search_path(schema: Schema, search_path: tuple[str, ...]) -> Schema:
    """The same catalog with another search path: what the end of a transaction does to SET LOCAL."""
    return schema if schema.search_path == search_path else replace(schema, search_path=search_path)


def after_session(schema: Schema, search_path: tuple[str, ...]) -> Schema:
    """The catalog once the session has ended: what was temporary is gone, and its search path is another's."""
    if schema.temporary:
        draft = Draft(schema, BEFORE_HISTORY)
        for ref in [ref for ref in schema.functions if ref.schema == TEMPORARY_SCHEMA]:
            draft.put_functions(ref, ())
        for ref in sorted(ref for ref in schema.relations if ref.schema == TEMPORARY_SCHEMA):
            remove_relation(draft, ref)
        schema = replace(draft.finished(), temporary=False)
    return with_search_path(schema, search_path)


def _create_schema(draft: Draft, statement: CreateSchema) -> None:
    if statement.name not in draft.schemas:
        draft.schemas = draft.schemas.insert(statement.name, draft.moment)
    if statement.elements:
        path = draft.search_path
        draft.search_path = (statement.name, *(schema for schema in path if schema != statement.name))
        for element in statement.elements:
            _change(draft, element)
        draft.search_path = path


def _change(draft: Draft, statement: Statement) -> None:
    change = _CHANGES.get(type(statement))
    if change is not None:
        change(draft, statement)


_CHANGES: dict[type[Statement], Callable[[Draft, Any], None]] = {
    AddEnumValue: types.add_enum_value,
    AlterDomain: types.alter_domain,
    AlterFunction: functions.alter_function,
    AlterPolicy: access.alter_policy,
    AlterPublication: access.alter_publication,
    AlterSequence: sequences.alter_sequence,
    AlterTable: alter.alter_table,
    CreateComposite: types.create_composite,
    CreateDomain: types.create_domain,
    CreateEnum: types.create_enum,
    CreateExtension: access.create_extension,
    CreateFunction: functions.create_function,
    CreateIndex: indexes.create_index,
    CreateOther: types.create_other,
    CreatePolicy: access.create_policy,
    CreatePublication: access.create_publication,
    CreateRange: types.create_range,
    CreateRule: functions.create_rule,
    CreateSchema: _create_schema,
    CreateSequence: sequences.create_sequence,
    CreateTable: tables.create_table,
    CreateTableAs: views.create_table_as,
    CreateTrigger: functions.create_trigger,
    CreateView: views.create_view,
    DefaultPrivileges: privileges.default_privileges,
    Drop: drops.drop,
    Grant: privileges.grant,
    RefreshMaterializedView: views.refresh_materialized_view,
    Rename: renames.rename,
    RenameEnumValue: types.rename_enum_value,
    Select: session.select,
    SetSchema: renames.set_schema,
    SetVariable: session.set_variable,
}

CHANGES_NOTHING: frozenset[type[Statement]] = frozenset(
    {
        AlterAllInTablespace,
        AlterExtension,
        Call,
        Cluster,
        ClusterWide,
        Comment,
        Copy,
        CreateEventTrigger,
        CreateStatistics,
        Delete,
        Dml,
        GrantRole,
        Insert,
        LockTable,
        Merge,
        Reindex,
        RoleStatement,
        SetConstraints,
        SetOwner,
        SubscriptionStatement,
        Transaction,
        Truncate,
        Unrecognized,
        Update,
        Utility,
        Vacuum,
    }
)
"""Statements that change nothing the catalog value holds; a test keeps this list and the one above complete."""

HANDLED: frozenset[type[Statement]] = frozenset(_CHANGES) | CHANGES_NOTHING | {DoBlock}
