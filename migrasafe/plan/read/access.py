"""Statements about who may do what, and who is told of it: row security, privileges, publications, schemas."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from migrasafe.plan import predicates
from migrasafe.plan.changes.as_written import AsWritten
from migrasafe.plan.changes.model import Change, NoPlanError
from migrasafe.plan.changes.move_table import MoveTable
from migrasafe.plan.changes.privileges import ChangePrivileges
from migrasafe.plan.changes.publications import PublishTables, UnpublishTables
from migrasafe.plan.changes.rename_view import RenameView
from migrasafe.plan.changes.replica_identity import ChangeReplicaIdentity
from migrasafe.plan.changes.rewrite_table import RewriteTable
from migrasafe.plan.changes.row_security import (
    AddPolicy,
    ChangePolicy,
    DisableRowSecurity,
    DropPolicy,
    EnableRowSecurity,
)
from migrasafe.plan.changes.storage_parameters import StorageParameters
from migrasafe.plan.objects.policies import policy_exists
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Policy, Ref, Schema, Table
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Action, Name, Statement


class Access:
    """Of one migration: what its statements want of policies, privileges and publications."""

    def __init__(self, script: Script, first: Schema, last: Schema) -> None:
        self._script = script
        self._first = first
        self._last = last

    def changes(self, statement: Statement, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        """The changes that a statement wants; none where another one says them; None where it is about something else."""
        read = _READERS.get(type(statement))
        return None if read is None else read(self, statement, before, after)

    def action(self, table: Name, action: Action, before: Schema) -> tuple[Change, ...] | None:
        """Likewise for one action of an ALTER TABLE."""
        match action:
            case sql.SetOptions():
                return (StorageParameters(table=table, options=action.options),)
            case sql.SetLogged():
                return (RewriteTable(table=table, way="logged" if action.logged else "unlogged"),)
            case sql.SetTablespace():
                return (RewriteTable(table=table, way="tablespace", to=action.tablespace),)
            case sql.SetAccessMethod(method=str(method)):
                return (RewriteTable(table=table, way="access method", to=method),)
            case sql.ReplicaIdentity():
                return (ChangeReplicaIdentity(table=table, identity=action.identity, index=action.index),)
            case sql.SetRowSecurity() if self._is_new(table, before):
                return (self._as_written(table, action, before),)
            case sql.SetRowSecurity(enabled=True):
                policies = tuple(self._policies_made(table, before))
                return (EnableRowSecurity(table=table, policies=policies, forced=self._forces(table)),)
            case sql.SetRowSecurity(enabled=False):
                return (DisableRowSecurity(table=table),)
            case sql.SetRowSecurity(forced=True) if self._enables(table):
                return ()
        return None

    # --- row security ---

    def _as_written(self, table: Name, action: sql.SetRowSecurity, before: Schema) -> AsWritten:
        """On a table that the migration makes: nobody uses it yet."""
        words, column = ("ENABLE", "relrowsecurity") if action.enabled is not None else ("FORCE", "relforcerowsecurity")
        if action.enabled is False or action.forced is False:
            raise NoPlanError(f"{table} is made by this migration: leave out what takes row security away from it")
        ref = before.resolve(*table)
        name = name_of(ref)
        done = f"EXISTS (SELECT FROM pg_class WHERE oid = {predicates.relation(ref)} AND {column})"
        return AsWritten(sql=f"ALTER TABLE {name} {words} ROW LEVEL SECURITY", done=done)

    def _is_new(self, name: Name, before: Schema) -> bool:
        return self._first.table(before.resolve(*name)) is None

    def _policies_made(self, name: Name, before: Schema) -> list[Policy]:
        table = self._last.table(before.resolve(*name))
        there = _policies(self._first.table(before.resolve(*name)))
        return [one for one in (table.policies if table is not None else ()) if one.name not in there]

    def _security_of(self, name: Name) -> list[sql.SetRowSecurity]:
        return [
            action
            for one in self._script.statements
            if isinstance(one, sql.AlterTable) and self._same(one.name, name)
            for action in one.actions
            if isinstance(action, sql.SetRowSecurity)
        ]

    def _enables(self, name: Name) -> bool:
        return any(one.enabled for one in self._security_of(name))

    def _forces(self, name: Name) -> bool:
        return any(one.forced for one in self._security_of(name))

    def _same(self, one: Name, other: Name) -> bool:
        return self._last.resolve(*one) == self._last.resolve(*other)

    def create_policy(self, statement: sql.CreatePolicy, before: Schema, after: Schema) -> tuple[Change, ...]:
        table = after.table(after.resolve(*statement.table))
        if table is None:
            raise NoPlanError(f"the schema has no table {statement.table}: give the one it is in with --schema")
        new = next(one for one in table.policies if one.name == statement.name)
        if self._is_new(statement.table, before):
            return (AsWritten(sql=self._script.text_of(statement), done=policy_exists(table.ref, new.name)),)
        old = self._dropped_policy(table.ref, new.name)
        if old is not None:
            return (ChangePolicy(table=statement.table, old=old, new=new),)
        return () if self._enables(statement.table) else (AddPolicy(table=statement.table, policy=new),)

    def _dropped_policy(self, table: Ref, name: str) -> Policy | None:
        known = self._first.table(table)
        return next((one for one in (known.policies if known is not None else ()) if one.name == name), None)

    def alter_policy(self, statement: sql.AlterPolicy, before: Schema, after: Schema) -> tuple[Change, ...]:
        ref = before.resolve(*statement.table)
        found = [
            next((one for one in _policies(schema.table(ref)).values() if one.name == statement.name), None)
            for schema in (before, after)
        ]
        if found[0] is None or found[1] is None:
            raise NoPlanError(f"the schema has no policy {statement.name} of {statement.table}")
        return (ChangePolicy(table=statement.table, old=found[0], new=found[1]),)

    def drop(self, statement: sql.Drop, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        if statement.kind != "POLICY":
            return None
        return tuple(
            DropPolicy(table=one.table, name=one.name.name)
            for one in statement.objects
            if one.table is not None and not self._creates_policy(one.table, one.name.name)
        )

    def _creates_policy(self, table: Name, name: str) -> bool:
        return any(
            isinstance(one, sql.CreatePolicy) and one.name == name and self._same(one.table, table)
            for one in self._script.statements
        )

    # --- the rest ---

    def grant(self, statement: sql.Grant, before: Schema, after: Schema) -> tuple[Change, ...]:
        return tuple(ChangePrivileges(statement=replace(statement, objects=(name,))) for name in statement.objects)

    def publish(
        self, statement: sql.AlterPublication | sql.CreatePublication, before: Schema, after: Schema
    ) -> tuple[Change, ...]:
        verb = statement.verb if isinstance(statement, sql.AlterPublication) else "add"
        all_tables = isinstance(statement, sql.CreatePublication) and statement.all_tables
        if verb not in ("add", "drop") or statement.schemas or all_tables or not statement.tables:
            raise NoPlanError(
                f"this changes the publication {statement.name} for tables that it does not name, or puts a whole list in the place"
                " of another: say ADD TABLE and DROP TABLE, so that subscribers can be made ready for each"
            )
        if verb == "drop":
            assert isinstance(statement, sql.AlterPublication)  # CREATE adds
            return (UnpublishTables(statement=statement, sql=self._script.text_of(statement)),)
        return (PublishTables(statement=statement, sql=self._script.text_of(statement)),)

    def cluster(self, statement: sql.Cluster, before: Schema, after: Schema) -> tuple[Change, ...]:
        if statement.table is None or statement.index is None:
            raise NoPlanError("which table is written in the order of which index? Say CLUSTER table USING index")
        return (RewriteTable(table=statement.table, way="cluster", to=statement.index),)

    def vacuum(self, statement: sql.Vacuum, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        if not statement.full:
            return None
        if not statement.tables:
            raise NoPlanError("which table is written anew? Say VACUUM FULL table")
        return tuple(RewriteTable(table=one, way="vacuum") for one in statement.tables)

    def set_schema(self, statement: sql.SetSchema, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        ref = before.resolve(*statement.name)
        view, table = before.view(ref), before.table(ref)
        if view is not None:
            return (RenameView(view=view, new_name=ref.name, new_schema=statement.new_schema),)
        if statement.kind == "TABLE" or table is not None:
            return (MoveTable(table=statement.name, new_schema=statement.new_schema),)
        return None


def _policies(table: Table | None) -> Mapping[str, Policy]:
    return {one.name: one for one in table.policies} if table is not None else {}


_READERS: Mapping[type[Statement], Callable[..., tuple[Change, ...] | None]] = {
    sql.CreatePolicy: Access.create_policy,
    sql.AlterPolicy: Access.alter_policy,
    sql.Drop: Access.drop,
    sql.Cluster: Access.cluster,
    sql.Vacuum: Access.vacuum,
    sql.Grant: Access.grant,
    sql.CreatePublication: Access.publish,
    sql.AlterPublication: Access.publish,
    sql.SetSchema: Access.set_schema,
}
