"""A column beside the old one, kept in step by triggers: the ground of renames, type changes, changes of units.

The old version goes on with the old column, the new version takes the new one, and what either writes the other reads.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import predicates, steps
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.definitions import formatted_type, name_of, type_of, with_suffix
from migrasafe.plan.dual_write import (
    DualWrite,
    Mapped,
    drop_functions_sql,
    drop_triggers_sql,
    functions_sql,
    inconsistent,
)
from migrasafe.plan.model import Backfill, Gate, Phase, PhaseName, Step
from migrasafe.plan.rename_in import constraint_over, index_over
from migrasafe.schema.model import Column, Constraint, Index, Ref, Table
from migrasafe.sql.deparse import deparse_expression, renamed, substituted
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind, Expression, Node

SHADOW = "__ms_new"
"""What the new column is called until it takes over the old one's name."""


class Shadow(Struct, frozen=True, kw_only=True):
    """An old column and the one that takes its place."""

    ground: Ground
    table: Table
    old: Column
    new: Column
    """Its name and type; the rest follows from the old one."""
    up: Expression
    """The new value from the old one, over the old column's name."""
    down: Expression

    @property
    def dropped(self) -> str:
        """What the old column is called between its soft drop and its end."""
        return with_suffix(self.old.name, "__ms_dropped")

    @property
    def keeps_name(self) -> bool:
        """Whether the new column takes over the name of the old one at the switch."""
        return self.new.name == with_suffix(self.old.name, SHADOW)

    @property
    def columns(self) -> dict[str, str]:
        return {self.old.name: self.new.name}

    def dual(self, *, dropped: bool = False) -> DualWrite:
        """The dual write, while both have their first names, or once the old column is `dropped` out of sight."""
        old = self.dropped if dropped else self.old.name
        new = self.old.name if dropped and self.keeps_name else self.new.name
        up = Expression(node=renamed(self.up.node, {self.old.name: old}))
        down = Expression(node=renamed(self.down.node, {self.new.name: new}))
        return DualWrite(
            table=self.table.ref,
            id=self.ground.id,
            old=(Mapped(column=old, type=type_of(self.old), value=down),),
            new=(Mapped(column=new, type=type_of(self.new), value=up),),
            search_path=(*self.ground.schema.search_path, self.table.ref.schema),
        )

    @property
    def is_over(self) -> str:
        """Whether the old column is gone for good."""
        ref = self.table.ref
        if self.keeps_name:
            assert self.new.type is not None  # a shadow is made with its type
            there = predicates.column_has_type(ref, self.old.name, formatted_type(self.new.type))
            return f"({there} AND {predicates.columns_are_gone(ref, self.new.name, self.dropped)})"
        gone = predicates.columns_are_gone(ref, self.old.name, self.dropped)
        return f"({predicates.column_exists(ref, self.new.name)} AND {gone})"


def past(shadow: Shadow) -> str:
    """Whether what makes the new column ready must not be run any more: it has taken over, or stands alone."""
    if not shadow.keeps_name:
        return shadow.is_over
    ref = shadow.table.ref
    swapped = (
        f"({predicates.column_exists(ref, shadow.dropped)} AND {predicates.columns_are_gone(ref, shadow.new.name)})"
    )
    return f"({swapped} OR {shadow.is_over})"


def expand(shadow: Shadow) -> Phase:
    step = steps.add_column(shadow.table.ref, shadow.new.name, type_of(shadow.new), collation=shadow.old.collation)
    return Phase(
        name=PhaseName.EXPAND,
        title=f"Make room: the column {shadow.new.name}, empty",
        old_app=f"reads and writes {shadow.old.name}; a prepared SELECT * or RETURNING * has to be prepared again",
        new_app="is not deployed yet",
        steps=steps.superseded((step,), past(shadow)),
    )


def dual_write(shadow: Shadow) -> Phase:
    both = steps.write_both(shadow.dual())
    return Phase(
        name=PhaseName.DUAL_WRITE,
        title="Every write reaches both columns",
        old_app=f"reads and writes {shadow.old.name}",
        new_app=f"may write {shadow.new.name}, but not read it: old rows are not filled yet",
        steps=steps.superseded((both,), past(shadow)),
    )


def backfill(shadow: Shadow) -> Phase:
    dual = shadow.dual()
    job = Backfill(
        table=name_of(shadow.table.ref),
        assignments=(f"{quote_ident(shadow.new.name)} = ({deparse_expression(shadow.up)})::{type_of(shadow.new)}",),
        where=inconsistent(dual),
    )
    return Phase(
        name=PhaseName.BACKFILL,
        title="The rows from before are filled, in batches",
        old_app=f"reads and writes {shadow.old.name}",
        new_app=f"may write {shadow.new.name}, but not read it yet",
        backfills=(job,),
    )


def verify(shadow: Shadow) -> Phase:
    """Both columns say the same, and the new one has everything that stands on the old one."""
    table = shadow.table
    gate = Gate(
        id="same",
        question=f"Do {shadow.old.name} and {shadow.new.name} say the same in every row?",
        query=f"SELECT count(*) FROM {name_of(table.ref)} WHERE {inconsistent(shadow.dual())}",
        expected="0",
        otherwise="Run the backfill again; if rows come back, a trigger of your own changes one of the columns after ours.",
    )
    return Phase(
        name=PhaseName.VERIFY,
        title=f"{shadow.new.name} is proved equal and gets what stands on {shadow.old.name}",
        old_app=f"reads and writes {shadow.old.name}",
        new_app=f"reads and writes {shadow.new.name}",
        gates=(gate,),
        steps=steps.superseded(tuple(_carry_over(shadow)), past(shadow)),
    )


def temporary(name: str) -> str:
    """What an index or constraint of the new column is called while the old one's still has the name."""
    return with_suffix(name, "__ms")


def carried_indexes(shadow: Shadow) -> list[Index]:
    schema = shadow.ground.schema
    return [index for index in schema.indexes_of(shadow.table) if shadow.old.name in index.reads]


def carried_constraints(shadow: Shadow) -> list[Constraint]:
    kinds = {ConstraintKind.CHECK, ConstraintKind.FOREIGN_KEY, ConstraintKind.UNIQUE}
    return [one for one in shadow.table.constraints if one.kind in kinds and shadow.old.name in one.columns]


def _carry_over(shadow: Shadow) -> Iterator[Step]:
    table, columns = shadow.table, shadow.columns
    for index in carried_indexes(shadow):
        copy = index_over(index, columns)
        yield steps.build_index(replace(copy, ref=Ref(index.ref.schema, temporary(index.ref.name))))
    for constraint in carried_constraints(shadow):
        copy_of = replace(constraint_over(constraint, table.ref, columns), name=temporary(constraint.name))
        if constraint.kind is ConstraintKind.UNIQUE:
            if constraint.index is not None:
                ref = Ref(table.ref.schema, temporary(constraint.index.name))
                index = shadow.ground.schema.index(constraint.index) or Index(ref=constraint.index, table=table.ref)
                yield steps.constraint_from_index(table.ref, copy_of, replace(index, ref=ref))
            continue
        yield steps.add_not_valid(table.ref, copy_of)
        if constraint.valid:
            yield steps.validate(table.ref, copy_of.name)
    if shadow.old.not_null:
        yield from steps.not_null(
            table.ref, shadow.new.name, temporary(_not_null_name(shadow)), pg_version=shadow.ground.target.pg_version
        )


def _not_null_name(shadow: Shadow) -> str:
    """What the NOT NULL constraint of the old column is called; before 18 they have no names."""
    for constraint in shadow.table.constraints:
        if constraint.kind is ConstraintKind.NOT_NULL and constraint.columns == (shadow.old.name,):
            return constraint.name
    return f"{shadow.table.ref.name}_{shadow.old.name}_not_null"


def soft_drop(shadow: Shadow) -> Step:
    """The old column under another name, still fed: whoever still needs it fails, and nothing is lost."""
    table, old, new = name_of(shadow.table.ref), quote_ident(shadow.old.name), quote_ident(shadow.new.name)
    dropped, ref = quote_ident(shadow.dropped), shadow.table.ref
    final = old if shadow.keeps_name else new
    there = [f"ALTER TABLE {table} RENAME COLUMN {old} TO {dropped}"]
    back = [f"ALTER TABLE {table} RENAME COLUMN {dropped} TO {old}"]
    if shadow.keeps_name:
        there.append(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
        back.insert(0, f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
        if shadow.old.not_null:  # what the new type can say and the old one cannot is null in the old column
            there.append(f"ALTER TABLE {table} ALTER COLUMN {dropped} DROP NOT NULL")
            back.append(f"ALTER TABLE {table} ALTER COLUMN {old} SET NOT NULL")
    there += functions_sql(shadow.dual(dropped=True))
    back += functions_sql(shadow.dual())
    default = shadow.old.default
    if default is not None:
        value = deparse_expression(Expression(node=_with_default(shadow, default)))
        there.append(f"ALTER TABLE {table} ALTER COLUMN {dropped} DROP DEFAULT")
        there.append(f"ALTER TABLE {table} ALTER COLUMN {final} SET DEFAULT {value}")
        back.append(f"ALTER TABLE {table} ALTER COLUMN {new} DROP DEFAULT")
        back.append(f"ALTER TABLE {table} ALTER COLUMN {old} SET DEFAULT {deparse_expression(default)}")
    gone = predicates.columns_are_gone(ref, shadow.new.name if shadow.keeps_name else shadow.old.name)
    is_out = f"({predicates.column_exists(ref, shadow.dropped)} AND {gone})"
    title = f"Take {shadow.old.name} out of sight; it is kept up to date as {shadow.dropped}"
    if shadow.keeps_name:
        title = f"Swap: {shadow.new.name} becomes {shadow.old.name}, the old one is kept up to date as {shadow.dropped}"
    return Step(
        title=title,
        statements=tuple(there),
        done=is_out,
        past=shadow.is_over,
        undo=tuple(back),
        undoable=predicates.column_exists(ref, shadow.dropped),
    )


def hard_drop(shadow: Shadow) -> Step:
    """The end of the old column, with its triggers in one transaction, and the old names for what stood on it."""
    table = name_of(shadow.table.ref)
    dual = shadow.dual(dropped=True)
    return Step(
        title=f"Drop {shadow.dropped} for good",
        statements=(
            *drop_triggers_sql(dual),
            f"ALTER TABLE {table} DROP COLUMN {quote_ident(shadow.dropped)}",
            *drop_functions_sql(dual),
            *_names_back(shadow),
        ),
        done=shadow.is_over,
        loses=f"the column {shadow.old.name}: from here on the way back is a plan of its own",
    )


def _names_back(shadow: Shadow) -> Iterator[str]:
    table = shadow.table
    constraints = carried_constraints(shadow)
    owned = {constraint.index for constraint in constraints if constraint.index is not None}
    for index in carried_indexes(shadow):
        if index.ref not in owned and index.constraint is None:
            now = name_of(Ref(index.ref.schema, temporary(index.ref.name)))
            yield f"ALTER INDEX {now} RENAME TO {quote_ident(index.ref.name)}"
    for constraint in constraints:
        yield (
            f"ALTER TABLE {name_of(table.ref)} RENAME CONSTRAINT {quote_ident(temporary(constraint.name))}"
            f" TO {quote_ident(constraint.name)}"
        )
    if shadow.old.not_null and shadow.ground.target.at_least(steps.NOT_NULL_NAMED_SINCE):
        name = _not_null_name(shadow)
        yield (
            f"ALTER TABLE {name_of(table.ref)} RENAME CONSTRAINT {quote_ident(temporary(name))} TO {quote_ident(name)}"
        )


def _with_default(shadow: Shadow, default: Expression) -> Node:
    """The new column's default: the old one's, converted; by PostgreSQL itself where it is a plain cast."""
    if "ColumnRef" in shadow.up.node.get("TypeCast", {}).get("arg", {}):
        return default.node
    value: Node = substituted(shadow.up.node, shadow.old.name, default.node)
    return value


def unseen(shadow: Shadow) -> Iterator[str]:
    """What stands on the old column and cannot be carried over from what is known."""
    old, new = shadow.old.name, shadow.new.name
    for trigger in shadow.table.triggers:
        if old in trigger.reads or old in trigger.columns:
            yield (
                f"the trigger {trigger.name} names {old} in UPDATE OF or WHEN: it does not fire for a write to {new};"
                f" make it over both columns before the switch, and over {new} alone before the contract phase"
            )
    for constraint in shadow.table.constraints:
        if constraint.kind is ConstraintKind.EXCLUDE and old in constraint.columns:
            yield f"the EXCLUDE constraint {constraint.name} is not carried over: it cannot be added without a long lock"
    for ref in sorted(shadow.ground.schema.functions):
        for function in shadow.ground.schema.functions[ref]:
            if function.source_text and old in function.source_text and shadow.table.ref.name in function.source_text:
                yield f"the body of function {ref} seems to name {shadow.table.ref.name}.{old}: PostgreSQL does not track that"
                break
    yield (
        f"comments, column privileges, statistics targets and storage of {old} are not seen in migrations:"
        f" give them to {new} where there are any"
    )
