"""Statements about what is not a table: views, functions, triggers, domains. Dropped and made again is one change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from msgspec.structs import replace

from migrasafe.articles import with_article
from migrasafe.plan.carry_over.readers import has_star, reading
from migrasafe.plan.changes.add_function import AddFunction
from migrasafe.plan.changes.change_domain import AddDomainConstraint, DropDomainConstraint, ReplaceDomainConstraint
from migrasafe.plan.changes.drop_function import DropFunction
from migrasafe.plan.changes.drop_view import DropView
from migrasafe.plan.changes.model import Change, NoPlanError
from migrasafe.plan.changes.rename_view import RenameView
from migrasafe.plan.changes.replace_function import ReplaceFunction
from migrasafe.plan.changes.replace_materialized_view import ReplaceMaterializedView
from migrasafe.plan.changes.replace_view import ReplaceView
from migrasafe.plan.changes.triggers import AddTrigger, DropTrigger, ReplaceTrigger
from migrasafe.plan.objects.overloads import overload
from migrasafe.plan.read.access import Access
from migrasafe.plan.read.partitions import Partitions
from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import ColumnRef, Constraint, Domain, Function, Moment, Ref, RelationKind, Schema, View
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import Action, Name, Query, Statement

_VIEW_KINDS = ("VIEW", "MATERIALIZED VIEW", "TABLE")
"""What people may say to rename a view."""


class Objects:
    """Of one migration: what its statements want of views, functions, triggers and domains."""

    def __init__(self, script: Script, schema: Schema, moment: Callable[[int], Moment]) -> None:
        self._script = script
        self._first = schema
        for count, statement in enumerate(script.statements):
            schema = evolve(schema, statement, moment(count))
        self._last = schema
        self._access = Access(script, self._first, schema)
        self._partitions = Partitions(script, self._first)

    def ground_of(self, change: Change, before: Schema) -> Schema:
        """What a change is planned on: one that puts something in the place of another, on that other."""
        of_old = (ReplaceView, ReplaceMaterializedView, ReplaceFunction)
        return self._first if isinstance(change, of_old) and self._knows(change) else before

    def _knows(self, change: ReplaceView | ReplaceMaterializedView | ReplaceFunction) -> bool:
        ref = change.old.ref
        return self._first.view(ref) is not None or ref in self._first.functions

    def changes(self, statement: Statement, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        """The changes that a statement wants; none where another one says them; None where it is about something else."""
        read = _READERS.get(type(statement))
        found = None if read is None else read(self, statement, before, after)
        for others in (self._access, self._partitions):
            found = others.changes(statement, before, after) if found is None else found
        return found

    def action(self, table: Name, action: Action, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        """Likewise for one action of an ALTER TABLE."""
        found = self._access.action(table, action, before)
        return self._partitions.action(table, action, before, after) if found is None else found

    # --- views ---

    def create_view(self, statement: sql.CreateView, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        ref = after.resolve(*statement.name)
        old, new = before.view(ref), after.view(ref)
        if old is None or new is None:
            return () if self._was_dropped(ref) else None
        return (ReplaceView(old=old, new=new, written=self._script.text_of(statement)),)

    def create_table_as(self, statement: sql.CreateTableAs, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        return () if statement.materialized_view and self._was_dropped(after.resolve(*statement.name)) else None

    def create_index(self, statement: sql.CreateIndex, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        """An index on a materialized view that the migration makes again comes with that."""
        view = after.view(after.resolve(*statement.table))
        return () if view is not None and self._is_made_again(view.ref) else None

    def drop(self, statement: sql.Drop, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        match statement.kind:
            case "VIEW" | "MATERIALIZED VIEW":
                return tuple(
                    self._without_view(one.name, before)
                    for one in statement.objects
                    if not self._comes_with_another(before.resolve(*one.name))
                )
            case "FUNCTION" | "PROCEDURE":
                return tuple(self._without_function(one, before) for one in statement.objects)
            case "TRIGGER":
                return tuple(
                    DropTrigger(table=one.table, name=one.name.name)
                    for one in statement.objects
                    if one.table is not None and not self._creates_trigger(one.table, one.name.name)
                )
        return None

    def rename(self, statement: sql.Rename, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        view = before.view(before.resolve(*statement.name))
        if view is None:
            return None
        if statement.kind in _VIEW_KINDS:
            return (RenameView(view=view, new_name=statement.new_name),)
        if statement.kind == "COLUMN" and view.kind is RelationKind.VIEW and statement.part is not None:
            names = tuple(statement.new_name if name == statement.part else name for name in view.columns)
            if statement.part not in view.columns:
                raise NoPlanError(f"the view {view.ref} has no column {statement.part}")
            return (ReplaceView(old=view, new=_with_columns(view, names), readers=_following(before, view, statement)),)
        return None

    def _without_view(self, name: Name, before: Schema) -> Change:
        old = before.view(before.resolve(*name))
        if old is None:
            raise NoPlanError(f"the schema has no view {name}: give the one it is in with --schema")
        new = self._last.view(old.ref)
        if new is None or not self._is_made_again(old.ref):
            return DropView(view=old)
        old = self._first.view(old.ref) or old
        if old.kind is not new.kind:
            raise NoPlanError(
                f"{old.ref} becomes {with_article(new.kind.value)}: give that another name, and drop {old.ref} afterwards"
            )
        if old.kind is RelationKind.MATERIALIZED_VIEW:
            return ReplaceMaterializedView(old=old, new=new, after=self._last, readers=self._readers_made_again(old))
        return ReplaceView(old=old, new=new, readers=self._readers_made_again(old))

    def _readers_made_again(self, view: View) -> tuple[View, ...]:
        """The views over one that the migration makes again, which do so with other words for the same columns."""
        found = [self._last.view(ref) for ref in sorted(self._over(view.ref)) if self._comes_with_another(ref)]
        return tuple(one for one in found if one is not None)

    def _comes_with_another(self, ref: Ref) -> bool:
        """Whether a view is made again with the same columns, since one that it reads is made again."""
        old, new = self._first.view(ref), self._last.view(ref)
        if (
            old is None
            or new is None
            or not self._is_made_again(ref)
            or old.columns != new.columns
            or old.kind is not new.kind
        ):
            return False
        return old.kind is RelationKind.VIEW and any(
            ref in self._over(other)
            for other, view in self._first.relations.items()
            if isinstance(view, View) and other != ref and self._is_made_again(other)
        )

    def _over(self, ref: Ref) -> set[Ref]:
        """The views over a relation, also over those."""
        found: set[Ref] = set()
        waiting = [ref]
        while waiting:
            for one in self._first.dependents_of(waiting.pop()):
                if one not in found and self._first.view(one) is not None:
                    found.add(one)
                    waiting.append(one)
        return found

    def _was_dropped(self, ref: Ref) -> bool:
        """Whether it was there before the migration: then the change stands where it is dropped."""
        return self._first.view(ref) is not None

    def _is_made_again(self, ref: Ref) -> bool:
        """Whether it is dropped, and created again."""
        old, new = self._first.view(ref), self._last.view(ref)
        return old is not None and new is not None and old.born != new.born

    # --- functions ---

    def create_function(self, statement: sql.CreateFunction, before: Schema, after: Schema) -> tuple[Change, ...]:
        ref = after.resolve_function(*statement.name)
        was = before.functions.get(ref, ())
        made = [one for one in after.functions.get(ref, ()) if one not in was]
        if not made:
            return ()  # it says what is there already
        gone = [one for one in was if one not in after.functions.get(ref, ())]
        if gone:
            return (ReplaceFunction(old=gone[0], new=made[0]),)
        if any(self._instead(one) == made[0] for one in self._first.functions.get(ref, ())):
            return ()  # the change stands where the old one is dropped
        return (AddFunction(function=made[0]),)

    def _without_function(self, dropped: sql.DroppedObject, before: Schema) -> Change:
        old = overload(before, before.resolve_function(*dropped.name), dropped.arguments)
        new = self._instead(old)
        return DropFunction(function=old) if new is None else ReplaceFunction(old=old, new=new)

    def _instead(self, old: Function) -> Function | None:
        """What is made in the place of an overload that the migration drops."""
        left = self._last.functions.get(old.ref, ())
        made = [one for one in left if one not in self._first.functions.get(old.ref, ())]
        gone = [one for one in self._first.functions.get(old.ref, ()) if one not in left]
        return made[gone.index(old)] if old in gone and gone.index(old) < len(made) else None

    # --- triggers ---

    def create_trigger(self, statement: sql.CreateTrigger, before: Schema, after: Schema) -> tuple[Change, ...]:
        text = self._script.text_of(statement)
        table = self._first.table(self._first.resolve(*statement.table))
        if table is not None and any(one.name == statement.name for one in table.triggers):
            return (ReplaceTrigger(statement=statement, sql=text),)
        return (AddTrigger(statement=statement, sql=text),)

    def _creates_trigger(self, table: Name, name: str) -> bool:
        return any(
            isinstance(one, sql.CreateTrigger)
            and one.name == name
            and self._last.resolve(*one.table) == self._last.resolve(*table)
            for one in self._script.statements
        )

    # --- domains ---

    def alter_domain(self, statement: sql.AlterDomain, before: Schema, after: Schema) -> tuple[Change, ...] | None:
        ref = before.resolve_type(*statement.name)
        old, new = before.types.get(ref), after.types.get(ref)
        if not isinstance(old, Domain) or not isinstance(new, Domain):
            raise NoPlanError(f"the schema has no domain {statement.name}: give the one it is in with --schema")
        gone = [one for one in old.constraints if one not in new.constraints]
        if statement.verb == "drop constraint" and not gone:
            known = ", ".join(one.name for one in old.constraints)
            raise NoPlanError(f"{ref} has no constraint {statement.constraint_name}: it has {known or 'none'}")
        come = [one for one in new.constraints if one not in old.constraints]
        if statement.verb == "add constraint" and come:
            replaced = self._dropped_of(ref)
            if replaced:
                return (ReplaceDomainConstraint(domain=self._domain(ref), old=replaced[0], new=come[0]),)
            return (AddDomainConstraint(domain=old, constraint=come[0]),)
        if statement.verb == "drop constraint" and gone:
            return () if self._adds_to(ref) else (DropDomainConstraint(domain=old, constraint=gone[0]),)
        return None

    def _domain(self, ref: Ref) -> Domain:
        found = self._first.types.get(ref)
        assert isinstance(found, Domain)  # alter_domain has seen to it
        return found

    def _dropped_of(self, ref: Ref) -> tuple[Constraint, ...]:
        """The constraints of a domain that the migration drops."""
        domain = self._first.types.get(ref)
        names = {one.constraint_name for one in self._of_domain(ref, "drop constraint")}
        return tuple(one for one in domain.constraints if one.name in names) if isinstance(domain, Domain) else ()

    def _adds_to(self, ref: Ref) -> bool:
        return any(True for _ in self._of_domain(ref, "add constraint"))

    def _of_domain(self, ref: Ref, verb: str) -> Iterator[sql.AlterDomain]:
        for one in self._script.statements:
            if isinstance(one, sql.AlterDomain) and one.verb == verb and self._first.resolve_type(*one.name) == ref:
                yield one


def _with_columns(view: View, names: Iterable[str]) -> View:
    return replace(view, columns=tuple(names))


def _following(schema: Schema, view: View, statement: sql.Rename) -> tuple[View, ...]:
    """The views over one, after a column of it has got another name: PostgreSQL lets them follow."""
    found = []
    for ref in sorted(schema.dependents_of(view.ref)):
        reader = schema.view(ref)
        if reader is not None and reader.query is not None and not has_star(reader.query.node):
            node = reading(reader.query.node, view, str(statement.part), statement.new_name)
            reads = {_renamed(one, statement) if one.relation == view.ref else one for one in reader.reads}
            found.append(replace(reader, query=Query(node=node), reads=frozenset(reads)))
    return tuple(found)


def _renamed(one: ColumnRef, statement: sql.Rename) -> ColumnRef:
    return ColumnRef(one.relation, statement.new_name) if one.column == statement.part else one


_READERS: Mapping[type[Statement], Callable[..., tuple[Change, ...] | None]] = {
    sql.CreateView: Objects.create_view,
    sql.CreateTableAs: Objects.create_table_as,
    sql.CreateIndex: Objects.create_index,
    sql.Drop: Objects.drop,
    sql.Rename: Objects.rename,
    sql.CreateFunction: Objects.create_function,
    sql.CreateTrigger: Objects.create_trigger,
    sql.AlterDomain: Objects.alter_domain,
}
