"""Foreign keys that a migration only drops and adds again because the key goes that they depend on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan.carry_over.kept_references import Reference
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.changes.replace_key import ReplaceKey
from migrasafe.plan.read.swaps import ConstraintSwap
from migrasafe.schema.model import Constraint, Ref, Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.script import Script
from migrasafe.sql.statements import ConstraintDef, ConstraintKind, Name


class KeptKey(Struct, frozen=True, kw_only=True):
    """A primary key that another takes the place of, and what goes on to refer to its columns."""

    swap: ConstraintSwap
    references: tuple[Reference, ...]
    unique: sql.AddConstraint | None
    """What the migration adds over the old columns, for them."""
    again: tuple[ConstraintSwap, ...]

    def of(self, change: ReplaceKey) -> ReplaceKey:
        return replace(
            change, references=self.references, kept_as=self.unique.constraint if self.unique is not None else None
        )

    def owns(self, part: object) -> bool:
        """Whether the change of the key sees to this action."""
        return part is self.unique or any(part in (one.dropped, one.added) for one in self.again)


def kept_keys(script: Script, schema: Schema, swaps: Sequence[ConstraintSwap]) -> tuple[KeptKey, ...]:
    """For each primary key of `schema` that the migration replaces."""
    return tuple(_kept(script, schema, swap, swaps) for swap in swaps if swap.old.kind is ConstraintKind.PRIMARY_KEY)


def _kept(script: Script, schema: Schema, swap: ConstraintSwap, swaps: Sequence[ConstraintSwap]) -> KeptKey:
    table, columns = schema.resolve(*swap.table), swap.old.columns
    references, again = [], []
    for child, key in foreign_keys_to(schema, table):
        if set(key.target_columns or columns) != set(columns):
            continue
        same = next(
            (one for one in swaps if one.old is key and _says_the_same(key, one.added.constraint, columns)), None
        )
        if same is not None:
            again.append(same)
        elif (child.ref, key.name) in set(_dropped(script, schema)):
            continue
        references.append(Reference(child=child.ref, constraint=key))
    added = [
        action
        for name, action in _actions(script)
        if isinstance(action, sql.AddConstraint)
        and schema.resolve(*name) == table
        and action.constraint.kind is ConstraintKind.UNIQUE
        and action.constraint.columns == columns
        and action.constraint.using_index is None
    ]
    return KeptKey(
        swap=swap,
        references=tuple(references),
        unique=added[0] if added and references else None,
        again=tuple(again),
    )


def _says_the_same(old: Constraint, new: ConstraintDef, columns: tuple[str, ...]) -> bool:
    """Whether it is the old foreign key again; it names the columns, since without them it is about the new key."""
    return (
        new.references is not None
        and old.references is not None
        and new.name in (None, old.name)
        and new.references.columns == (old.target_columns or columns)
        and (new.references.on_delete, new.references.on_update) == (old.references.on_delete, old.references.on_update)
        and new.references.match_full == old.references.match_full
        and (new.deferrable, new.initially_deferred) == (old.deferrable, old.initially_deferred)
    )


def _dropped(script: Script, schema: Schema) -> Iterator[tuple[Ref, str]]:
    for statement in script.statements:
        if isinstance(statement, sql.Drop) and statement.kind == "TABLE":
            for one in statement.objects:
                table = schema.table(schema.resolve(*one.name))
                yield from ((table.ref, key.name) for key in table.constraints) if table is not None else ()
    for name, action in _actions(script):
        if isinstance(action, sql.DropConstraint):
            yield schema.resolve(*name), action.name


def _actions(script: Script) -> Iterator[tuple[Name, sql.Action]]:
    for statement in script.statements:
        if isinstance(statement, sql.AlterTable):
            yield from ((statement.name, action) for action in statement.actions)
