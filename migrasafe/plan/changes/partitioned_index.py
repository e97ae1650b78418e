"""An index of a partitioned table: built piece by piece, while everybody reads and writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import create_index, name_of
from migrasafe.schema.model import Index, RelationKind


class AddPartitionedIndex(Struct, frozen=True, kw_only=True):
    index: Index
    pieces: tuple[Index, ...]
    """Of every partition below, also of those that are partitioned themselves, the higher ones first."""

    def plan(self, ground: Ground) -> Draft:
        """The index of the whole is there without its pieces, each piece is built, and attached. Raises NoPlanError."""
        index = self.index
        if ground.schema.relation(index.ref) is not None:
            raise NoPlanError(f"there is a relation {index.ref} already")
        whole = [one for one in (index, *self.pieces) if _is_partitioned(ground, one)]
        leaves = [one for one in self.pieces if not _is_partitioned(ground, one)]
        return Draft(
            title=f"add the index {index.ref}",
            tables=(index.table, *(one.table for one in self.pieces)),
            phases=(
                phases.expand(
                    f"The index {index.ref.name} is built partition by partition",
                    "goes on as before" + (": duplicates are refused partition by partition" if index.unique else ""),
                    "may rely on the index",
                    (
                        *(_only(one) for one in whole),
                        *(steps.build_index(one) for one in leaves),
                        *self._attached(whole),
                    ),
                ),
            ),
            why=(
                "CREATE INDEX of a partitioned table cannot be CONCURRENTLY, and would stop every writer of every partition",
                "the index of the whole becomes valid when its last piece is attached",
            ),
            by_hand=(
                "a partition that is made or attached meanwhile gets the index by itself, while nobody can write to it",
            ),
        )

    def _attached(self, whole: Sequence[Index]) -> Iterator[Step]:
        names = {one.ref for one in whole}
        # The lowest first: a piece that is whole itself is valid before it is attached.
        for piece in reversed(self.pieces):
            parent = piece.parent
            if parent is None or (parent not in names and parent != self.index.ref):
                raise NoPlanError(f"which index {piece.ref} is a piece of is not known: plan with --schema DSN")
            attach = Step(
                title=f"Attach {piece.ref.name} to {parent.name}",
                statements=(f"ALTER INDEX {name_of(parent)} ATTACH PARTITION {name_of(piece.ref)}",),
                done=(
                    f"EXISTS (SELECT FROM pg_inherits WHERE inhrelid = {predicates.relation(piece.ref)}"
                    f" AND inhparent = {predicates.relation(parent)})"
                ),
            )
            # A piece cannot be detached: the way back begins with the whole, which takes its pieces along.
            yield (
                attach
                if piece is not self.pieces[0]
                else replace(attach, undo=(f"DROP INDEX {name_of(self.index.ref)}",), undoable=_is_there(self.index))
            )


class DropPartitionedIndex(Struct, frozen=True, kw_only=True):
    index: Index

    def plan(self, ground: Ground) -> Draft:
        """With all its pieces, when the old version is gone. Raises NoPlanError for one that belongs to something else."""
        index = self.index
        if index.constraint is not None:
            raise NoPlanError(f"{index.ref} belongs to the constraint {index.constraint}: drop that instead")
        step = Step(
            title=f"Drop the index {index.ref.name} with its pieces",
            statements=(f"DROP INDEX {name_of(index.ref)}",),
            done=f"{predicates.relation(index.ref)} IS NULL",
            loses=f"the index {index.ref}: `migrasafe plan` builds it again, piece by piece",
        )
        return Draft(
            title=f"drop the index {index.ref}",
            tables=(index.table,),
            phases=(
                phases.contract(
                    f"The index {index.ref.name} goes",
                    "does not need the index",
                    (step,),
                    needed=f"the index {index.ref}",
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=("DROP INDEX of a partitioned table cannot be CONCURRENTLY: it locks all partitions for an instant",),
            by_hand=(
                "see on the primary and on every replica that idx_scan of its pieces in pg_stat_user_indexes stands still",
            ),
        )


def _is_partitioned(ground: Ground, index: Index) -> bool:
    table = ground.schema.table(index.table)
    return table is not None and table.kind is RelationKind.PARTITIONED_TABLE


def _only(index: Index) -> Step:
    """Without its pieces: an instant."""
    text = create_index(replace(index, parent=None)).replace(" CONCURRENTLY", "", 1)
    return Step(
        title=f"Make the index {index.ref.name}, still without its pieces",
        statements=(text.replace(f" ON {name_of(index.table)}", f" ON ONLY {name_of(index.table)}", 1),),
        done=_is_there(index),
        undo=(f"DROP INDEX {name_of(index.ref)}",),
    )


def _is_there(index: Index) -> str:
    return f"{predicates.relation(index.ref)} IS NOT NULL"
