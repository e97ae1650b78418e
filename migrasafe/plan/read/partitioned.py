"""A migration that puts a partitioned table in the place of another one, under its name: several statements, one change."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan.changes.model import Change, NoPlanError
from migrasafe.plan.changes.partition_by_copy import PartitionByCopy
from migrasafe.plan.changes.partition_from import PartitionFrom
from migrasafe.plan.read.recipes import Recipe
from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Moment, Ref, RelationKind, Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Name, PartitionBound, Statement

_KINDS = (RelationKind.TABLE, RelationKind.PARTITIONED_TABLE)


def partitioned_tables(script: Script, schema: Schema) -> Iterator[Recipe]:
    """`ALTER TABLE events RENAME TO events_old`, `CREATE TABLE events … PARTITION BY …`, its partitions, and the rows: by an
    INSERT … SELECT, or by ATTACH PARTITION of the old table. Raises NoPlanError where the rows are forgotten."""
    for made in script.statements:
        if not isinstance(made, sql.CreateTable) or made.partition_by is None or made.partition_of is not None:
            continue
        ref = Ref(made.name.schema or schema.resolve(*made.name).schema, made.name.name)
        before = schema.table(ref)
        aside = next((one for one in script.statements if _renames(one, ref, schema)), None)
        if before is None or before.kind not in _KINDS or not isinstance(aside, sql.Rename):
            continue
        yield _recipe(script, schema, made, made.partition_by, ref, aside)


def _recipe(
    script: Script, schema: Schema, made: sql.CreateTable, by: sql.PartitionBy, ref: Ref, aside: sql.Rename
) -> Recipe:
    old = Ref(ref.schema, aside.new_name)
    parts: list[tuple[Ref, PartitionBound]] = []
    kept: PartitionBound | None = None
    copies = False
    owned: list[object] = []
    for one in script.statements:
        if not (_about(one, ref, schema) or _about(one, old, schema)):
            continue
        owned.append(one)
        if isinstance(one, sql.CreateTable) and one.bound is not None and _is(one.partition_of, ref, schema):
            if one.partition_by is not None:
                raise NoPlanError(
                    f"{one.name} is partitioned itself: one level is planned, make the other one afterwards"
                )
            parts.append((Ref(one.name.schema or ref.schema, one.name.name), one.bound))
        for action in one.actions if isinstance(one, sql.AlterTable) else ():
            if isinstance(action, sql.AttachPartition) and _is(action.partition, old, schema):
                kept = action.bound
        copies = copies or (isinstance(one, sql.Insert) and _is(one.table, ref, schema))
    owned += _carried_keys(script, schema, ref)
    after = schema
    for place, one in enumerate(script.statements):
        after = evolve(after, one, Moment(1_000_000, 0, place))
    table = after.table(ref)
    key = table.primary_key.columns if table is not None and table.primary_key is not None else ()
    _refuse_other_columns(schema, after, ref)
    name = Name(ref.schema, ref.name)
    if kept is not None:
        change: Change = PartitionFrom(table=name, by=by, first=(old, kept), parts=tuple(parts), key=key)
    elif copies:
        change = PartitionByCopy(table=name, by=by, parts=tuple(parts), key=key)
    else:
        raise NoPlanError(
            f"{ref} becomes partitioned, and nothing brings its rows: INSERT INTO {ref} SELECT … FROM {old}, or ALTER TABLE {ref}"
            f" ATTACH PARTITION {old} …, belongs to the migration"
        )
    return Recipe(change=change, first=aside, parts=tuple(owned))


def _carried_keys(script: Script, schema: Schema, ref: Ref) -> list[object]:
    """The actions that take foreign keys to the table away and add them again: the plan does that as it is."""
    dropped: dict[tuple[Ref, tuple[str, ...]], object] = {}
    found: list[object] = []
    for statement in script.statements:
        if not isinstance(statement, sql.AlterTable) or _is(statement.name, ref, schema):
            continue
        table = schema.table(schema.resolve(*statement.name))
        for action in statement.actions:
            if isinstance(action, sql.DropConstraint) and table is not None:
                known = table.constraint(action.name)
                if known is not None and known.target == ref:
                    dropped[table.ref, known.columns] = action
            elif (
                isinstance(action, sql.AddConstraint) and action.constraint.references is not None and table is not None
            ):
                again = dropped.get((table.ref, action.constraint.columns))
                if again is not None and _is(action.constraint.references.table, ref, schema):
                    found += [again, action]
    return found


def _refuse_other_columns(schema: Schema, after: Schema, ref: Ref) -> None:
    was, now = schema.table(ref), after.table(ref)
    if was is None or now is None:
        return
    before, behind = ({one.name: one.type for one in table.columns} for table in (was, now))
    if now.complete and before.keys() != behind.keys():
        other = ", ".join(sorted(before.keys() ^ behind.keys()))
        raise NoPlanError(
            f"{ref} becomes partitioned, and has other columns ({other}) at once: plan that in a migration of its own"
        )


def _renames(statement: Statement, ref: Ref, schema: Schema) -> bool:
    return isinstance(statement, sql.Rename) and statement.kind == "TABLE" and _is(statement.name, ref, schema)


def _is(name: Name | None, ref: Ref, schema: Schema) -> bool:
    if name is None or name.name != ref.name:
        return False
    return name.schema == ref.schema or (name.schema is None and ref.schema in schema.search_path)


def _about(statement: Statement, ref: Ref, schema: Schema) -> bool:
    """Whether a statement makes the table, changes it, or fills it."""
    match statement:
        case sql.CreateTable():
            return _is(statement.name, ref, schema) or _is(statement.partition_of, ref, schema)
        case sql.Rename(kind="INDEX"):
            index = schema.index(schema.resolve(*statement.name))
            return index is None or index.table == ref
        case sql.AlterTable() | sql.Rename():
            return _is(statement.name, ref, schema)
        case sql.CreateIndex() | sql.Insert() | sql.CreateTrigger() | sql.CreatePolicy():
            return _is(statement.table, ref, schema)
        case sql.Drop(kind="TABLE"):
            return len(statement.objects) == 1 and _is(statement.objects[0].name, ref, schema)
        case sql.Drop(kind="TRIGGER" | "POLICY"):
            return all(_is(one.table, ref, schema) for one in statement.objects)
        case sql.Grant(kind="TABLE"):
            return all(_is(one, ref, schema) for one in statement.objects)
        case sql.Comment(kind="TABLE"):
            return _is(statement.name, ref, schema)
        case sql.AlterSequence():
            return statement.owned_by is not None and _is(statement.owned_by[0], ref, schema)
    return False
