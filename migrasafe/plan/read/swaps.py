"""What a migration drops and adds again in another form: one change, not two."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan.changes.add_numbered_column import is_numbered
from migrasafe.plan.changes.defer_key import DeferKey
from migrasafe.plan.changes.model import Change
from migrasafe.plan.changes.replace_check import ReplaceCheck
from migrasafe.plan.changes.replace_exclusion import ReplaceExclusion
from migrasafe.plan.changes.replace_foreign_key import ReplaceForeignKey
from migrasafe.plan.changes.replace_index import ReplaceIndex
from migrasafe.plan.changes.replace_key import ReplaceKey
from migrasafe.schema.model import Constraint, Index, Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.builtin.called import function_calls
from migrasafe.sql.script import Script
from migrasafe.sql.statements import ConstraintDef, ConstraintKind, Name

_UUIDS = ("gen_random_uuid", "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4", "uuidv4", "uuidv7")


class ConstraintSwap(Struct, frozen=True, kw_only=True):
    table: Name
    dropped: sql.DropConstraint
    added: sql.AddConstraint
    old: Constraint
    numbered: bool
    """The columns of the new one come with the migration, and PostgreSQL numbers them."""

    def change(self, new: Constraint) -> Change:
        match self.old.kind:
            case ConstraintKind.CHECK:
                return ReplaceCheck(table=self.table, old=self.old, new=new)
            case ConstraintKind.FOREIGN_KEY:
                return ReplaceForeignKey(table=self.table, old=self.old, new=new)
            case ConstraintKind.EXCLUDE:
                return ReplaceExclusion(table=self.table, old=self.old, wanted=self.added.constraint)
            case _ if self.old.columns == new.columns and _checked(self.old) != _checked(new):
                return DeferKey(table=self.table, old=self.old, new=new)
            case _:
                return ReplaceKey(table=self.table, old=self.old, new=new, numbered=self.numbered)


class IndexSwap(Struct, frozen=True, kw_only=True):
    dropped: sql.Drop
    added: sql.CreateIndex
    old: Index

    def change(self, new: Index) -> Change:
        return ReplaceIndex(old=self.old, new=new)


def constraint_swaps(script: Script, schema: Schema) -> tuple[ConstraintSwap, ...]:
    """Constraints of `schema` that the migration drops, with those it adds in their place."""
    dropped: list[tuple[Name, sql.DropConstraint, Constraint]] = []
    added: list[tuple[Name, sql.AddConstraint]] = []
    for statement in script.statements:
        if not isinstance(statement, sql.AlterTable):
            continue
        table = schema.table(schema.resolve(*statement.name))
        for action in statement.actions:
            if isinstance(action, sql.DropConstraint) and table is not None:
                old = table.constraint(action.name)
                if old is not None:
                    dropped.append((statement.name, action, old))
            elif isinstance(action, sql.AddConstraint) and action.constraint.using_index is None:
                added.append((statement.name, action))
    return tuple(_pairs(schema, dropped, added, _numbered(script)))


def _checked(key: Constraint) -> tuple[bool, bool]:
    return key.deferrable, key.initially_deferred


def _numbered(script: Script) -> frozenset[tuple[Name, str]]:
    """The columns that the migration adds, and in which PostgreSQL gives each row a value of its own."""
    return frozenset(
        (statement.name, action.column.name)
        for statement in script.statements
        if isinstance(statement, sql.AlterTable)
        for action in statement.actions
        if isinstance(action, sql.AddColumn) and (is_numbered(action.column) or _is_made_up(action.column))
    )


def _is_made_up(column: sql.ColumnDef) -> bool:
    """Whether each row gets a UUID."""
    if column.default is None:
        return False
    return [one.name for one in function_calls(column.default.node)] in ([name] for name in _UUIDS)


def _pairs(
    schema: Schema,
    dropped: list[tuple[Name, sql.DropConstraint, Constraint]],
    added: list[tuple[Name, sql.AddConstraint]],
    numbered: frozenset[tuple[Name, str]],
) -> Iterator[ConstraintSwap]:
    left = list(added)
    for name, drop, old in dropped:
        for place, (other, add) in enumerate(left):
            if schema.resolve(*name) == schema.resolve(*other) and _takes_its_place(schema, old, add.constraint):
                of_numbers = all((other, one) in numbered for one in add.constraint.columns)
                yield ConstraintSwap(table=name, dropped=drop, added=add, old=old, numbered=of_numbers)
                del left[place]
                break


def _takes_its_place(schema: Schema, old: Constraint, new: ConstraintDef) -> bool:
    if old.kind is not new.kind:
        return False
    match old.kind:
        case ConstraintKind.PRIMARY_KEY:
            return True
        case ConstraintKind.FOREIGN_KEY:
            target = schema.resolve(*new.references.table) if new.references is not None else None
            same_key = new.references is not None and new.references.columns in ((), old.target_columns)
            elsewhere = target != old.target and new.name == old.name
            return new.columns == old.columns and (elsewhere or (target == old.target and same_key))
        case ConstraintKind.UNIQUE:
            return new.name == old.name or bool(set(new.columns) & set(old.columns))
        case ConstraintKind.CHECK | ConstraintKind.EXCLUDE:
            return new.name == old.name
        case _:
            return False


def index_swaps(script: Script, schema: Schema) -> tuple[IndexSwap, ...]:
    """Indexes of `schema` that the migration drops and makes again, under the same name on the same table."""
    drops = [one for one in script.statements if isinstance(one, sql.Drop) and one.kind == "INDEX"]
    creations = [one for one in script.statements if isinstance(one, sql.CreateIndex)]
    alone = [(one, schema.index(schema.resolve(*one.objects[0].name))) for one in drops if len(one.objects) == 1]
    return tuple(
        IndexSwap(dropped=drop, added=create, old=old)
        for drop, old in alone
        for create in creations
        if old is not None and create.name == old.ref.name and schema.resolve(*create.table) == old.table
    )
