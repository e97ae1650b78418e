"""Partitions that a migration detaches and attaches again with other bounds, with those that come and go in between."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan.changes.change_bounds import ChangeBounds
from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.objects.partition_bounds import default_of
from migrasafe.plan.read.recipes import Recipe
from migrasafe.schema.model import Ref, RelationKind, Schema, Table
from migrasafe.sql import statements as sql
from migrasafe.sql.expressions import relations_in, walk
from migrasafe.sql.script import Script
from migrasafe.sql.statements import PartitionBound, Statement


class _Found(Struct):
    """What the statements say of the partitions of one table."""

    first: Statement
    parts: list[object]
    detached: list[Ref]
    attached: dict[Ref, PartitionBound]
    made: dict[Ref, PartitionBound]
    others: list[Ref]
    """Tables that become partitions, too."""
    dropped: set[Ref]
    brings: bool = False
    deletes: Ref | None = None


def changed_bounds(script: Script, schema: Schema) -> Iterator[Recipe]:
    """`DETACH PARTITION p`, `ATTACH PARTITION p` with another bound; an INSERT … SELECT between them moves rows. Raises
    NoPlanError for what else happens to the rows."""
    for parent in [one for one in schema.relations.values() if isinstance(one, Table)]:
        if parent.kind is RelationKind.PARTITIONED_TABLE:
            found = _found(script, schema, parent)
            if found is not None and found.attached:
                yield _recipe(found, parent)


def _recipe(found: _Found, parent: Table) -> Recipe:
    if found.others:
        raise NoPlanError(
            f"{found.others[0]} becomes a partition of {parent.ref} while the bounds of others change: attach it in the migration"
            " after this one"
        )
    stays = [ref for ref in found.detached if ref not in found.attached and ref not in found.dropped]
    if stays:
        raise NoPlanError(
            f"{stays[0]} is detached from {parent.ref} and stays, while the bounds of others change: detach it in a migration of"
            " its own"
        )
    if found.deletes is not None and not found.brings:
        raise NoPlanError(
            f"rows of {found.deletes} are deleted while bounds change: delete them in the migration before"
            " (`migrasafe plan delete`)"
        )
    now: dict[Ref, PartitionBound | None] = {ref: found.attached.get(ref) for ref in found.detached}
    return Recipe(
        change=ChangeBounds(parent=parent, now=now | found.made, moves=found.brings),
        first=found.first,
        parts=tuple(found.parts),
    )


def _found(script: Script, schema: Schema, parent: Table) -> _Found | None:
    found: _Found | None = None
    for statement in script.statements:
        for action in statement.actions if isinstance(statement, sql.AlterTable) else ():
            if isinstance(action, sql.DetachPartition) and schema.resolve(*action.partition) in parent.partitions:
                found = found or _Found(statement, [], [], {}, {}, [], set())
                found.detached.append(schema.resolve(*action.partition))
                found.parts.append(action)
            elif found is not None and isinstance(action, sql.AttachPartition) and action.bound is not None:
                _attaches(found, schema, parent, statement, action, action.bound)
        if found is not None:
            _rest(found, schema, parent, statement)
    return found


def _attaches(
    found: _Found,
    schema: Schema,
    parent: Table,
    statement: Statement,
    action: sql.AttachPartition,
    bound: PartitionBound,
) -> None:
    assert isinstance(statement, sql.AlterTable)  # it has actions
    ref = schema.resolve(*action.partition)
    if schema.resolve(*statement.name) != parent.ref:
        return
    if ref in found.detached:
        found.attached[ref] = bound
        found.parts.append(action)
    else:
        found.others.append(ref)


def _rest(found: _Found, schema: Schema, parent: Table, statement: Statement) -> None:
    """What a statement that is no ALTER TABLE says of the detached ones."""
    match statement:
        case sql.CreateTable(partition_of=above, bound=bound) if above is not None and bound is not None:
            if schema.resolve(*above) == parent.ref:
                found.made[Ref(statement.name.schema or parent.ref.schema, statement.name.name)] = bound
                found.parts.append(statement)
        case sql.Drop(kind="TABLE") if all(schema.resolve(*one.name) in found.detached for one in statement.objects):
            found.dropped.update(schema.resolve(*one.name) for one in statement.objects)
            found.parts.append(statement)
        case sql.Delete() if schema.resolve(*statement.table) in _holders(found, schema, parent):
            found.deletes = schema.resolve(*statement.table)
            found.parts.append(statement)
        case sql.Insert() if _moves(found, schema, parent, statement):
            found.brings = True
            found.parts.append(statement)


def _moves(found: _Found, schema: Schema, parent: Table, statement: sql.Insert) -> bool:
    """Whether it puts rows of these partitions somewhere as they are; also those that its WITH deletes."""
    read = {schema.resolve(*one) for one in relations_in(statement.query)}
    for kind, fields in walk(statement.query.node):
        if kind == "DeleteStmt":
            read.add(schema.resolve(fields["relation"].get("schemaname"), fields["relation"]["relname"]))
    from_them = bool(read) and read <= _holders(found, schema, parent)
    return from_them and not any(kind == "FuncCall" for kind, _ in walk(statement.query.node))


def _holders(found: _Found, schema: Schema, parent: Table) -> set[Ref]:
    """The tables that rows may leave."""
    default = default_of(schema, parent)
    return {*found.detached, *((default.ref,) if default is not None else ())}
