"""A table whose rows belong to rows of another, one to one, is taken in by it: its columns become columns there."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.beside import ref_aside
from migrasafe.plan.carry_over.in_the_way import policies_that_read
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.carry_over.unseen import bodies_that_name
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.dual_write.merged import (
    Merged,
    all_there,
    drop_merged_sql,
    functions_sql,
    lock_both,
    touch,
    write_merged,
)
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of, names, type_of
from migrasafe.schema.model import ColumnRef, Constraint, Ref, Table, View
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident, spell_type
from migrasafe.sql.statements import ColumnDef, ConstraintKind, Name


class MergeTables(Struct, frozen=True, kw_only=True):
    old_table: Name
    new_table: Name
    columns: tuple[tuple[str, ColumnDef], ...]
    """What moves: its name in the old table, and the column that the new one gets."""

    def plan(self, ground: Ground) -> Draft:
        """Both tables kept in step by triggers until the old version is gone. Raises NoPlanError."""
        old, new = table_of(ground, self.old_table), table_of(ground, self.new_table)
        key = key_of(old, new)
        for reason in _in_the_way(ground, old, key):
            raise NoPlanError(f"{old.ref} cannot be merged into {new.ref} yet: {reason}")
        for was, column in self.columns:
            _refuse(old, new, was, column)
        merged = Merged(
            id=ground.id,
            old=old.ref,
            new=new.ref,
            key=tuple(zip(key.columns, key.target_columns, strict=True)),
            columns=tuple((was, column.name) for was, column in self.columns),
            needed=tuple(_needed(old, [was for was, _ in self.columns])),
            search_path=ground.schema.search_path,
        )
        aside = ref_aside(old.ref)
        return Draft(
            title=f"merge {old.ref} into {new.ref}",
            tables=(old.ref, new.ref, aside),
            phases=tuple(self._phases(ground, old, new, merged, aside)),
            why=(
                f"{key.name} is unique: a row of {old.ref} belongs to one row of {new.ref}, so that columns have room for it",
                "each version reads and writes its own table, and triggers carry what one writes into the other, in the same"
                " transaction",
            ),
            by_hand=tuple(_by_hand(ground, old, new, merged)),
            names_gone=(ColumnRef(old.ref, None),),
        )

    def _phases(self, ground: Ground, old: Table, new: Table, merged: Merged, aside: Ref) -> Iterator[Phase]:
        was, now = str(old.ref), f"{new.ref.name}.{names(here for _, here in merged.columns)}"
        over = f"({predicates.relation(old.ref)} IS NULL AND {predicates.relation(aside)} IS NULL)"
        yield Phase(
            name=PhaseName.EXPAND,
            title=f"Make room: {now}, empty",
            old_app="goes on as before; a prepared SELECT * or RETURNING * has to be prepared again",
            new_app="is not deployed yet",
            steps=tuple(
                steps.add_column(
                    new.ref, one.name, spell_type(one.type), collation=one.collation.name if one.collation else None
                )
                for _, one in self.columns
                if one.type is not None
            ),
        )
        yield from phases.both_ways(
            was,
            now,
            steps.superseded((write_merged(merged),), over),
            f"The rows of {was} from before are touched, in batches, which carries what they say into {new.ref}",
            touch(merged),
            all_there(merged),
        )
        yield phases.contract(
            f"{was} goes: out of sight first, for good when nobody has missed it",
            f"reads and writes {now}",
            (_soft(merged, aside, over), _hard(merged, aside, over)),
            needed=was,
            old_application_name=ground.old_application_name,
        )


def key_of(old: Table, new: Table) -> Constraint:
    """How rows belong together: by the foreign key of the old table. Raises NoPlanError where it is not as it must be."""
    found = next((one for one in old.constraints if one.target == new.ref), None)
    if found is None:
        raise NoPlanError(f"{old.ref} has no foreign key to {new.ref}: nothing tells which rows belong together")
    unique = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)
    if not any(one.kind in unique and set(one.columns) == set(found.columns) for one in old.constraints):
        raise NoPlanError(
            f"{old.ref} may have several rows for one of {new.ref}: only where {names(found.columns)} is unique, by a constraint,"
            " there is room in one row"
        )
    if found.references is None or found.references.on_delete != "CASCADE":
        raise NoPlanError(
            f"{found.name} of {old.ref} has to be ON DELETE CASCADE: a version that knows {new.ref} only has to be able to delete"
            f' its rows; first `migrasafe plan replace-foreign-key {old.ref}.{found.name} "ON DELETE CASCADE"`'
        )
    return found


def _refuse(old: Table, new: Table, was: str, column: ColumnDef) -> None:
    there = column_of(old, was)
    if new.column(column.name) is not None:
        raise NoPlanError(
            f"{new.ref} has a column {column.name} already: give what comes from {old.ref}.{was} another name"
        )
    if column.type != there.type:
        said = spell_type(column.type) if column.type is not None else "of no type"
        raise NoPlanError(
            f"{new.ref}.{column.name} is {said} and {old.ref}.{was} {type_of(there)}: plan the other type in a migration of its own"
        )
    if column.constraints or column.default is not None or column.generated is not None or column.identity is not None:
        raise NoPlanError(
            f"{new.ref}.{column.name} is null in every row that has none in {old.ref}: add it plain, and plan its default and its"
            " constraints when this plan is over"
        )


def _in_the_way(ground: Ground, old: Table, key: Constraint) -> Iterator[str]:
    for ref in sorted(ground.schema.dependents_of(old.ref)):
        if isinstance(ground.schema.relation(ref), View):
            yield f"the view {ref} reads it; drop or change the view in a migration before this one"
    for child, one in foreign_keys_to(ground.schema, old.ref):
        if child.ref != old.ref:
            yield f"{child.ref} refers to it by {one.name}; let it refer to {key.target} in a migration before this one"
    yield from policies_that_read(ground.schema, old.ref)
    if old.partition_by is not None:
        yield "it is partitioned"
    if old.row_security:
        yield "row security says who may read it, and would not say so of the other table"


def _needed(old: Table, columns: list[str]) -> Iterator[tuple[str, str]]:
    """The columns that may not be null, with their defaults: also of those that stay behind. Raises NoPlanError."""
    for one in old.columns:
        if not one.not_null or one.identity is not None or one.generated is not None:
            continue
        is_key = any(one.name in constraint.columns and constraint.target is not None for constraint in old.constraints)
        if is_key:
            continue
        if one.default is None:
            raise NoPlanError(
                f"{old.ref}.{one.name} is NOT NULL without a default, and a new version that writes some of the columns makes a row"
                " of it: give it a default, or make it nullable, in a migration before this one"
            )
        if one.name in columns:
            yield one.name, deparse_expression(one.default)


def _soft(merged: Merged, aside: Ref, over: str) -> Step:
    """Out of sight, and still kept in step: the way back loses nothing."""
    kept = replace(merged, old=aside)
    return Step(
        title=f"Take {merged.old} out of sight; kept up to date as {aside.name}",
        statements=(
            lock_both(merged),
            f"ALTER TABLE {name_of(merged.old)} RENAME TO {quote_ident(aside.name)}",
            *functions_sql(kept),
        ),
        done=f"{predicates.relation(merged.old)} IS NULL",
        past=over,
        undo=(
            lock_both(kept),
            f"ALTER TABLE {name_of(aside)} RENAME TO {quote_ident(merged.old.name)}",
            *functions_sql(merged),
        ),
        undoable=predicates.relation_exists(aside),
    )


def _hard(merged: Merged, aside: Ref, over: str) -> Step:
    kept = replace(merged, old=aside)
    return Step(
        title=f"Drop {aside.name} for good",
        statements=(*drop_merged_sql(kept), f"DROP TABLE {name_of(aside)}"),
        done=over,
        loses=f"{merged.old}: from here on the way back is a plan of its own, `extract`",
    )


def _by_hand(ground: Ground, old: Table, new: Table, merged: Merged) -> Iterator[str]:
    moved = {was for was, _ in merged.columns}
    keyed = {was for was, _ in merged.key}
    left = [one.name for one in old.columns if one.name not in moved | keyed]
    if left:
        yield f"{names(left)} of {old.ref} is not moved, and is lost when the table is dropped for good"
    yield (
        f"where all of {names(here for _, here in merged.columns)} are null in {new.ref}, the new version cannot tell whether"
        f" {old.ref} had a row"
    )
    yield (
        f"the old version finds a row in {old.ref} where the new one has written a value, and none before: it has to be able to"
        " live without one"
    )
    for was, _ in merged.needed:
        yield f"{old.ref}.{was} is NOT NULL: where the new version writes null, both read its default until the table is gone"
    yield (
        f"a transaction that writes {new.ref} first, and one that writes {old.ref} first, lock the same two rows in turns: one of"
        " them is told of a deadlock (40P01), and has to be tried again"
    )
    yield f"TRUNCATE, and session_replication_role = replica, go past the triggers: {old.ref} and {new.ref} differ then"
    yield f"privileges on {old.ref} say nothing of the new columns: GRANT what roles need on {new.ref} before the switch"
    for index in ground.schema.indexes_of(old):
        if moved & index.reads:
            yield f"the index {index.ref.name} goes with {old.ref}: make what {new.ref} needs in its place before the switch"
    for constraint in old.constraints:
        if moved & set(constraint.columns) and constraint.kind is not ConstraintKind.NOT_NULL:
            yield f"the constraint {constraint.name} goes with {old.ref}: plan what {new.ref} has to obey in its place"
    for trigger in old.triggers:
        yield f"the trigger {trigger.name} goes with {old.ref}: make what {new.ref} needs in its place before the contract phase"
    yield from bodies_that_name(ground.schema, old.ref, sorted(moved))
