"""Columns that move into another table, an old one or one that is made for them, with a row for each row of the first."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.beside import name_aside
from migrasafe.plan.carry_over.in_the_way import readers_in_the_way
from migrasafe.plan.carry_over.unseen import bodies_that_name, triggers_that_say
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.dual_write.across import (
    AcrossTables,
    all_there,
    drop_across_sql,
    functions_sql,
    lock_both,
    touch,
    write_across,
)
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of, names, type_of
from migrasafe.schema.model import Column, Constraint, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ColumnDef, ConstraintKind, Name


class MoveColumns(Struct, frozen=True, kw_only=True):
    old_table: Name
    new_table: Name
    columns: tuple[tuple[str, str], ...]
    """What moves: its names there and here, of the same type."""
    added: tuple[ColumnDef, ...] = ()
    """Those of the new ones that the migration adds to a table that was there."""

    def plan(self, ground: Ground) -> Draft:
        """Both tables kept in step by triggers until the old version is gone. Raises NoPlanError."""
        old, new = table_of(ground, self.old_table), table_of(ground, self.new_table)
        key = _key(old, new)
        moved = [(column_of(old, there), column_of(new, here)) for there, here in self.columns]
        for there, here in moved:
            for reason in _in_the_way(ground, old, there):
                raise NoPlanError(f"{old.ref}.{there.name} cannot move yet: {reason}")
            if there.type != here.type:
                raise NoPlanError(
                    f"{new.ref}.{here.name} is {type_of(here)} and {old.ref}.{there.name} {type_of(there)}: plan the other type in a"
                    " migration of its own"
                )
        for one in self.added:
            _refuse(old, new, one)
        for column in new.columns:
            given = {name for _, name in (*key, *self.columns)}
            if column.name not in given and _needs_value(column):
                raise NoPlanError(
                    f"{new.ref}.{column.name} is NOT NULL without a default, and every row of {old.ref} gets one in {new.ref}:"
                    " give it a default first"
                )
        across = AcrossTables(
            id=ground.id,
            old=old.ref,
            new=new.ref,
            key=key,
            columns=self.columns,
            search_path=ground.schema.search_path,
        )
        was, now = names(there for there, _ in self.columns), names(here for _, here in self.columns)
        return Draft(
            title=f"move {old.ref}.{was} to {new.ref}.{now}",
            tables=(old.ref, new.ref),
            phases=tuple(self._phases(ground, old, new, across)),
            why=(
                "each version reads and writes its own table, and triggers carry what one writes into the other, in the same"
                " transaction",
            ),
            by_hand=tuple(_by_hand(ground, old, new, was)),
        )

    def _phases(self, ground: Ground, old: Table, new: Table, across: AcrossTables) -> Iterator[Phase]:
        was = f"{old.ref.name}.{names(there for there, _ in self.columns)}"
        now = f"{new.ref.name}.{names(here for _, here in self.columns)}"
        over = _is_over(old, across)
        if self.added:
            yield Phase(
                name=PhaseName.EXPAND,
                title=f"Make room: {now}, empty",
                old_app="goes on as before; a prepared SELECT * or RETURNING * has to be prepared again",
                new_app="is not deployed yet",
                steps=tuple(
                    steps.add_column(new.ref, one.name, type_of(column_of(new, one.name))) for one in self.added
                ),
            )
        yield from phases.both_ways(
            was,
            now,
            steps.superseded((write_across(across),), over),
            f"The rows from before are touched, in batches, and get their rows in {new.ref.name}",
            touch(across),
            all_there(across),
        )
        yield phases.contract(
            f"{was} goes: out of sight first, for good when nobody has missed it",
            f"reads and writes {now}",
            (_soft(old, across), _hard(old, across)),
            needed=was,
            old_application_name=ground.old_application_name,
            gates=triggers_that_say(ground.schema, old, [there for there, _ in self.columns]),
        )


def _key(old: Table, new: Table) -> tuple[tuple[str, str], ...]:
    """How rows belong together: by the foreign key of the new table. Raises NoPlanError where it is not as it must be."""
    found = next((one for one in new.constraints if one.target == old.ref), None)
    if found is None:
        raise NoPlanError(f"{new.ref} has no foreign key to {old.ref}: nothing tells which rows belong together")
    unique = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE)
    if not any(one.kind in unique and set(one.columns) == set(found.columns) for one in new.constraints):
        raise NoPlanError(
            f"{new.ref} may have several rows for one of {old.ref}: a column can only move where {names(found.columns)} is unique"
        )
    if found.references is None or found.references.on_delete != "CASCADE":
        raise NoPlanError(
            f"{found.name} of {new.ref} has to be ON DELETE CASCADE: a version that knows {old.ref} only has to be able to delete its"
            " rows"
        )
    targets = found.target_columns or _primary(old)
    return tuple(zip(targets, found.columns, strict=True))


def _refuse(old: Table, new: Table, column: ColumnDef) -> None:
    if column.constraints or column.default is not None or column.generated is not None or column.identity is not None:
        raise NoPlanError(
            f"{new.ref}.{column.name} is null in rows that the old version adds to {new.ref}, until they get what {old.ref} has:"
            " add it plain, and plan its default and its constraints when this plan is over"
        )


def _primary(table: Table) -> tuple[str, ...]:
    key: Constraint | None = table.primary_key
    if key is None:
        raise NoPlanError(f"{table.ref} has no primary key that is known")
    return key.columns


def _needs_value(column: Column) -> bool:
    return column.not_null and column.default is None and column.identity is None and column.generated is None


def _in_the_way(ground: Ground, table: Table, column: Column) -> Iterator[str]:
    if column.identity is not None or column.generated is not None:
        yield "PostgreSQL fills it itself"
    key = table.primary_key
    if key is not None and column.name in key.columns:
        yield "it is in the primary key"
    if column.not_null and column.default is None:
        yield (
            "it is NOT NULL without a default, so a new version that writes the other table only could make no row: make it nullable,"
            " or give it a default, in a migration before this one"
        )
    yield from readers_in_the_way(ground.schema, table, (column.name,))


def _dropped(across: AcrossTables) -> dict[str, str]:
    return {there: name_aside(there) for there, _ in across.columns}


def _is_over(old: Table, across: AcrossTables) -> str:
    dropped = _dropped(across)
    return f"({predicates.columns_are_gone(old.ref, *dropped)})"


def _soft(old: Table, across: AcrossTables) -> Step:
    """Out of sight, and still kept in step: the way back loses nothing."""
    dropped, table = _dropped(across), name_of(old.ref)
    aside = replace(across, columns=tuple((dropped[there], here) for there, here in across.columns))
    rename = f"ALTER TABLE {table} RENAME COLUMN"
    return Step(
        title=f"Take {', '.join(dropped)} out of sight; kept up to date as {', '.join(dropped.values())}",
        statements=(
            lock_both(across),
            *(f"{rename} {quote_ident(was)} TO {quote_ident(now)}" for was, now in dropped.items()),
            *functions_sql(aside),
        ),
        done=predicates.columns_are_gone(old.ref, *dropped),
        undo=(
            lock_both(across),
            *(f"{rename} {quote_ident(now)} TO {quote_ident(was)}" for was, now in dropped.items()),
            *functions_sql(across),
        ),
        undoable=predicates.all_of(*(predicates.column_exists(old.ref, one) for one in dropped.values())),
    )


def _hard(old: Table, across: AcrossTables) -> Step:
    dropped = _dropped(across)
    drops = ", ".join(f"DROP COLUMN {quote_ident(one)}" for one in dropped.values())
    return Step(
        title=f"Drop {', '.join(dropped.values())} for good",
        statements=(*drop_across_sql(across), f"ALTER TABLE {name_of(old.ref)} {drops}"),
        done=predicates.columns_are_gone(old.ref, *dropped, *dropped.values()),
        loses=f"{', '.join(dropped)} of {old.ref}: from here on the way back is a plan of its own",
    )


def _by_hand(ground: Ground, old: Table, new: Table, was: str) -> Iterator[str]:
    yield (
        f"a transaction that writes {new.ref} first, and one that writes {old.ref} first, lock the same two rows in turns: one of"
        " them is told of a deadlock (40P01), and has to be tried again"
    )
    yield (
        f"a new row of {old.ref} gets its row in {new.ref} at COMMIT, unless the new version has made it in the same transaction; in"
        " another one it has to say ON CONFLICT DO UPDATE"
    )
    yield f"TRUNCATE, and session_replication_role = replica, go past the triggers: {old.ref} and {new.ref} differ then"
    moved = set(was.split(", "))
    for index in ground.schema.indexes_of(old):
        if moved & index.reads:
            yield f"the index {index.ref.name} goes with {was}: make what {new.ref} needs in its place before the switch"
    for constraint in old.constraints:
        if moved & set(constraint.columns) and constraint.kind in (ConstraintKind.CHECK, ConstraintKind.FOREIGN_KEY):
            yield f"the constraint {constraint.name} goes with {was}: make what {new.ref} has to obey in its place"
    yield from bodies_that_name(ground.schema, old.ref, sorted(moved))
