"""Policies and publications; schemas and extensions."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.query_names import columns_read_of
from migrasafe.schema.model import Policy, Publication, PublishedPart, Ref
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.statements import (
    AlterPolicy,
    AlterPublication,
    CreateExtension,
    CreatePolicy,
    CreatePublication,
    Name,
    PublishedTable,
)


def create_policy(draft: Draft, statement: CreatePolicy) -> None:
    table = draft.table_named(statement.table)
    if table is None:
        return
    others = [p for p in table.policies if p.name != statement.name]
    if draft.existing_stays and len(others) < len(table.policies):
        return
    policy = Policy(
        name=statement.name,
        command=statement.command,
        permissive=statement.permissive,
        roles=statement.roles,
        using=statement.using,
        check=statement.check,
        reads=columns_read_of(draft, table, statement.using, statement.check),
        born=draft.moment,
    )
    draft.put(replace(table, policies=(*others, policy)))


def alter_policy(draft: Draft, statement: AlterPolicy) -> None:
    table = draft.table_named(statement.table)
    if table is None:
        return
    policies = []
    for policy in table.policies:
        if policy.name == statement.name:
            using = statement.using or policy.using
            check = statement.check or policy.check
            reads = columns_read_of(draft, table, using, check)
            policy = replace(policy, roles=statement.roles or policy.roles, using=using, check=check, reads=reads)
        policies.append(policy)
    draft.put(replace(table, policies=tuple(policies)))


def remove_policy(draft: Draft, table: Name, name: str) -> None:
    found = draft.table_named(table)
    if found is not None:
        draft.put(replace(found, policies=tuple([p for p in found.policies if p.name != name])))


# --- publications -----------------------------------------------------------------------------------------------------


def create_publication(draft: Draft, statement: CreatePublication) -> None:
    draft.put_publication(
        Publication(
            name=statement.name,
            all_tables=statement.all_tables,
            tables=_published(draft, statement.tables),
            schemas=_published_schemas(draft, statement.schemas),
            changes=_publishes_changes(statement.options),
            parts=_parts(draft, statement.tables),
            born=draft.moment,
        )
    )


def _publishes_changes(options: tuple[tuple[str, str], ...]) -> bool:
    """WITH (publish = 'insert, truncate') leaves updates and deletes out."""
    publish = dict(options).get("publish")
    if publish is None:
        return True
    return bool({"update", "delete"}.intersection(part.strip().lower() for part in publish.split(",")))


def _published(draft: Draft, tables: tuple[PublishedTable, ...]) -> tuple[Ref, ...]:
    return tuple(draft.resolve(*published.table) for published in tables)


def _parts(draft: Draft, tables: tuple[PublishedTable, ...]) -> tuple[PublishedPart, ...]:
    return tuple(
        PublishedPart(
            draft.resolve(*one.table),
            one.columns,
            tuple(sorted(columns_read(one.where))) if one.where is not None else (),
        )
        for one in tables
        if one.columns or one.where is not None
    )


def _published_schemas(draft: Draft, schemas: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(draft.home() if schema == "CURRENT_SCHEMA" else schema for schema in schemas)


def alter_publication(draft: Draft, statement: AlterPublication) -> None:
    publication = draft.publications.get(statement.name)
    if publication is None:
        if draft.complete:
            return
        publication = Publication(name=statement.name)
    if statement.verb == "options":
        if "publish" in dict(statement.options):
            draft.put_publication(replace(publication, changes=_publishes_changes(statement.options)))
        return
    tables = _published(draft, statement.tables)
    schemas = _published_schemas(draft, statement.schemas)
    parts = _parts(draft, statement.tables)
    if statement.verb == "add":
        parts = (*publication.parts, *parts)
        tables = tuple(dict.fromkeys((*publication.tables, *tables)))
        schemas = tuple(dict.fromkeys((*publication.schemas, *schemas)))
    elif statement.verb == "drop":
        parts = tuple(one for one in publication.parts if one.table not in tables)
        tables = tuple(t for t in publication.tables if t not in tables)
        schemas = tuple(s for s in publication.schemas if s not in schemas)
    elif statement.verb != "set":
        return
    draft.put_publication(replace(publication, tables=tables, schemas=schemas, parts=parts))


# --- extensions -------------------------------------------------------------------------------------------------------


def create_extension(draft: Draft, statement: CreateExtension) -> None:
    """What an extension brings with it is not known; its types and functions are found by nobody and hurt nobody."""
    if statement.name not in draft.extensions:
        draft.extensions = draft.extensions.insert(statement.name, draft.moment)
