"""UNIQUE or PRIMARY KEY of a partitioned table: each partition gets it beside the traffic, then the whole has it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.articles import with_article
from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.model import Step
from migrasafe.plan.objects.keys import kept_like, no_two
from migrasafe.schema.definitions import constraint_body, name_of, names
from migrasafe.schema.model import Constraint, Index, RelationKind
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind, Name


class AddPartitionedUnique(Struct, frozen=True, kw_only=True):
    table: Name
    constraint: Constraint
    index: Index
    """That stands behind it."""
    pieces: tuple[Index, ...]
    """Of every partition below, also of those that are partitioned themselves, the higher ones first."""

    def plan(self, ground: Ground) -> Draft:
        """Raises NoPlanError for a key without the columns of the partitions, and for one that may be null."""
        table, key = table_of(ground, self.table), self.constraint
        for ref in (table.ref, *(one.table for one in self.pieces)):
            one = ground.schema.table(ref)
            by = one.partition_by.columns if one is not None and one.partition_by is not None else ()
            missing = [column for column in by if column not in key.columns]
            if missing:
                raise NoPlanError(
                    f"{ref} is partitioned by {', '.join(map(str, by))}, which {with_article(key.kind.value)} has to hold:"
                    f" PostgreSQL compares rows within a partition only;"
                    f" say ({names((*key.columns, *(str(one) for one in missing)))})"
                )
        if key.kind is ConstraintKind.PRIMARY_KEY:
            nullable = [name for name in key.columns if not column_of(table, name).not_null]
            if nullable:
                raise NoPlanError(
                    f"{table.ref}.{nullable[0]} may be null: `migrasafe plan not-null {table.ref}.{nullable[0]}` comes before"
                )
        rule = f"{key.kind.value} ({names(key.columns)})"
        apart = f"writes no two rows that are alike in {names(key.columns)}"
        return Draft(
            title=f"add {rule} to {table.ref}",
            tables=(table.ref, *(one.table for one in self.pieces)),
            phases=(
                phases.deploy(apart, "may still write duplicates"),
                phases.contract(
                    f"{key.name} refuses duplicates, partition by partition",
                    apart,
                    tuple(self._steps(ground)),
                    needed=f"to write duplicates in {table.ref}",
                    old_application_name=ground.old_application_name,
                    gates=(no_two(table.ref, key),),
                ),
            ),
            why=(
                f"PostgreSQL makes {with_article(key.kind.value)} of all partitions at once, while nobody can write: here"
                " the whole has it without its pieces, each is built concurrently, and with the last one that is attached the whole"
                " is valid",
                "ON CONFLICT of the whole finds it once it is valid, and not before",
            ),
            by_hand=("a partition that is made or attached meanwhile gets it by itself, while nobody can write to it",),
        )

    def _steps(self, ground: Ground) -> Iterator[Step]:
        wholes = [one for one in (self.index, *self.pieces) if _is_partitioned(ground, one)]
        named = {one.ref for one in wholes}
        for one in wholes:
            yield _only(self._of(one), one)
        for one in self.pieces:
            if one not in wholes:
                made = predicates.constraint_exists(one.table, self._of(one).name)
                plain = replace(one, constraint=None, parent=None)
                yield replace(steps.build_index(plain), past=made)
                yield steps.constraint_from_index(one.table, self._of(one), plain)
        # The lowest first: a piece that is whole itself is valid before it is attached.
        for piece in reversed(self.pieces):
            if piece.parent is None or piece.parent not in named:
                raise NoPlanError(f"which index {piece.ref} is a piece of is not known: plan with --schema DSN")
            attach = Step(
                title=f"Attach {piece.ref.name} to {piece.parent.name}",
                statements=(f"ALTER INDEX {name_of(piece.parent)} ATTACH PARTITION {name_of(piece.ref)}",),
                done=(
                    f"EXISTS (SELECT FROM pg_inherits WHERE inhrelid = {predicates.relation(piece.ref)}"
                    f" AND inhparent = {predicates.relation(piece.parent)})"
                ),
            )
            # A piece cannot be detached: the way back begins with the whole, which takes its pieces along.
            first = piece is self.pieces[0]
            whole = _only(self._of(self.index), self.index)
            yield replace(attach, undo=whole.undo, undoable=whole.done) if first else attach

    def _of(self, index: Index) -> Constraint:
        key = replace(self.constraint, name=index.constraint or index.ref.name, index=index.ref)
        return kept_like(key, index)


def _only(key: Constraint, index: Index) -> Step:
    table, name = name_of(index.table), quote_ident(key.name)
    return Step(
        title=f"Give {index.table} the {key.kind.value} {key.name}, without its partitions",
        statements=(f"ALTER TABLE ONLY {table} ADD CONSTRAINT {name} {constraint_body(key)}",),
        done=predicates.constraint_exists(index.table, key.name),
        undo=(f"ALTER TABLE {table} DROP CONSTRAINT {name}",),
    )


def _is_partitioned(ground: Ground, index: Index) -> bool:
    table = ground.schema.table(index.table)
    return table is not None and table.kind is RelationKind.PARTITIONED_TABLE
