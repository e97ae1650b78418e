"""Statements about partitions: made, attached, detached, dropped; indexes of the whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from migrasafe.plan.changes.attach_partition import AttachPartition
from migrasafe.plan.changes.detach_partition import DetachPartition
from migrasafe.plan.changes.drop_table import DropTable
from migrasafe.plan.changes.indexes import DropIndex
from migrasafe.plan.changes.model import Change, NoPlanError
from migrasafe.plan.changes.partitioned_index import AddPartitionedIndex, DropPartitionedIndex
from migrasafe.plan.changes.partitioned_unique import AddPartitionedUnique
from migrasafe.schema.model import Constraint, Index, Ref, RelationKind, Schema, Table
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Action, Name, Statement


class Partitions:
    """Of one migration: what its statements want of tables that were partitioned before it."""

    def __init__(self, script: Script, first: Schema) -> None:
        self._script = script
        self._first = first

    def changes(self, statement: Statement, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        """The changes that a statement wants; None where it is about something else."""
        read = _READERS.get(type(statement))
        return None if read is None else read(self, statement, before, after)

    def action(self, name: Name, action: Action, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        """Likewise for one action of an ALTER TABLE."""
        match action:
            case sql.AttachPartition() if action.bound is not None:
                parent = self._parent(before, before.resolve(*name))
                if parent is None:
                    raise NoPlanError(
                        f"{name} was no partitioned table before this migration: give the schema with --schema"
                    )
                ref = before.resolve(*action.partition)
                known = self._first.table(ref)
                if known is not None and known.partition_of is not None:
                    raise NoPlanError(
                        f"{ref} is a partition of {known.partition_of} already: where it gets another bound, the migration detaches"
                        " it before, or say `migrasafe plan bounds`"
                    )
                made = after.table(ref)
                indexes = tuple(after.indexes_of(made)) if made is not None else ()
                return (AttachPartition(parent=parent, partition=ref, bound=action.bound, indexes=indexes),)
            case sql.DetachPartition(finalize=False):
                return (
                    DetachPartition(
                        partition=action.partition,
                        drop=self._drops(before.resolve(*action.partition)),
                        concurrently=action.concurrently,
                    ),
                )
        return None

    def create_table(self, statement: sql.CreateTable, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        if statement.partition_of is None or statement.bound is None:
            return None
        parent = self._parent(before, before.resolve(*statement.partition_of))
        if parent is None:
            return None  # both are new
        if (
            statement.columns
            or statement.constraints
            or statement.partition_by
            or statement.options
            or statement.tablespace
        ):
            raise NoPlanError(
                f"the partition {statement.name} is more than a partition: make it with what it has of its own by a CREATE TABLE, and"
                f" ALTER TABLE {statement.partition_of} ATTACH PARTITION it in the next migration"
            )
        return (AttachPartition(parent=parent, partition=after.resolve(*statement.name), bound=statement.bound),)

    def create_index(self, statement: sql.CreateIndex, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        parent = self._parent(before, before.resolve(*statement.table))
        if parent is None:
            return None
        if statement.only:
            raise NoPlanError(
                f"CREATE INDEX ON ONLY {statement.table} is one piece of the way: say CREATE INDEX … ON {statement.table}, and the"
                " plan builds it piece by piece"
            )
        made = after.table(parent.ref)
        found = [one for one in after.indexes_of(made) if before.index(one.ref) is None] if made is not None else []
        return tuple(AddPartitionedIndex(index=one, pieces=tuple(_pieces(after, one))) for one in found)

    def drop(self, statement: sql.Drop, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        match statement.kind:
            case "TABLE":
                found = [self._without_table(one.name, before) for one in statement.objects]
                return tuple(one for one in found if one is not None)
            case "INDEX":
                return tuple(self._without_index(one.name, before) for one in statement.objects)
        return None

    def rename(self, statement: sql.Rename, before: Schema, after: Schema) -> None:
        """A table that changes places with another is no rename: raises NoPlanError."""
        if statement.kind != "TABLE":
            return
        old, new = before.resolve(*statement.name), Ref(before.resolve(*statement.name).schema, statement.new_name)
        made = {after.resolve(*one.name) for one in self._script.statements if isinstance(one, sql.CreateTable)}
        goes = self._first.table(new) is not None and before.table(new) is None
        if (old in made and self._first.table(old) is not None) or goes:
            raise NoPlanError(
                f"another table takes the place of {old if old in made else new}, under its name, so that the two versions of the app"
                " write to different tables without knowing it. Where it is to be partitioned, or to be made otherwise: let both"
                " be there under their own names (CREATE TABLE …_2), write both from the app or by triggers, copy in batches with"
                " `migrasafe backfill`, compare, and let the new version say the new name; then drop the old one"
            )

    def _without_table(self, name: Name, before: Schema) -> Change | None:
        table = before.table(before.resolve(*name))
        if table is not None and table.partition_of is not None:
            return DetachPartition(partition=name, drop=True)
        first = self._first.table(before.resolve(*name))
        if first is not None and first.partition_of is not None:
            return None  # it goes where it is detached
        return DropTable(table=name)

    def _without_index(self, name: Name, before: Schema) -> Change:
        index = before.index(before.resolve(*name))
        if index is not None and self._parent(before, index.table) is not None:
            return DropPartitionedIndex(index=index)
        if index is not None and index.parent is not None:
            raise NoPlanError(f"{index.ref} is a piece of {index.parent}, and goes with that only: drop that one")
        return DropIndex(name=name)

    def _parent(self, schema: Schema, ref: Ref) -> Table | None:
        """A partitioned table that was there before the migration."""
        table = schema.table(ref)
        is_partitioned = table is not None and table.kind is RelationKind.PARTITIONED_TABLE
        return table if is_partitioned and self._first.table(ref) is not None else None

    def _drops(self, ref: Ref) -> bool:
        return any(
            isinstance(one, sql.Drop)
            and one.kind == "TABLE"
            and any(self._first.resolve(*said.name) == ref for said in one.objects)
            for one in self._script.statements
        )


def unique_of(said: Name, constraint: Constraint, after: Schema) -> Change | None:
    """A UNIQUE or PRIMARY KEY that is added to a partitioned table; None where the table is another."""
    table = after.table(after.resolve(*said))
    index = after.index(constraint.index) if constraint.index is not None else None
    if index is None or table is None or table.kind is not RelationKind.PARTITIONED_TABLE:
        return None
    pieces = tuple(_pieces(after, index))
    return AddPartitionedUnique(table=said, constraint=constraint, index=index, pieces=pieces)


def _pieces(schema: Schema, whole: Index) -> Iterator[Index]:
    """The indexes below one, each behind the one that it is a piece of."""
    table = schema.table(whole.table)
    for ref in table.partitions if table is not None else ():
        below = schema.table(ref)
        for index in schema.indexes_of(below) if below is not None else ():
            if index.parent == whole.ref:
                yield index
                yield from _pieces(schema, index)


_READERS: Mapping[type[Statement], Callable[..., tuple[Change, ...] | None]] = {
    sql.CreateTable: Partitions.create_table,
    sql.CreateIndex: Partitions.create_index,
    sql.Drop: Partitions.drop,
    sql.Rename: Partitions.rename,
}
