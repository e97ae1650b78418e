"""Indexes: built and dropped while everybody reads and writes."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.plan.objects.keys import no_two_in
from migrasafe.plan.objects.refusing_duplicates import refusing_duplicates
from migrasafe.schema.definitions import create_index, name_of
from migrasafe.schema.model import Index
from migrasafe.sql.statements import Name


class AddIndex(Struct, frozen=True, kw_only=True):
    index: Index
    """As the schema would have it."""
    all_null: bool = False
    """A column of it is new, and empty until the new version writes it."""

    def plan(self, ground: Ground) -> Draft:
        """One step: before the new version, unless it refuses what the old one may write. Raises NoPlanError."""
        index = self.index
        if ground.schema.relation(index.ref) is not None:
            raise NoPlanError(f"there is a relation {index.ref} already")
        title, build = f"add the index {index.ref}", steps.build_index(index)
        if index.unique and ground.schema.table(index.table) is not None:
            return refusing_duplicates(ground, index, title, (build,), all_null=self.all_null)
        phase = Phase(
            name=PhaseName.EXPAND,
            title=f"The index {index.ref.name} is built beside the traffic",
            old_app="goes on as before",
            new_app="may rely on the index",
            steps=(build,),
            gates=(no_two_in(index),) if index.unique and _has_rows(ground, index) else (),
        )
        return Draft(title=title, tables=(index.table,), phases=(phase,))


def _has_rows(ground: Ground, index: Index) -> bool:
    """Whether it can be asked for rows: a materialized view that was never filled cannot."""
    view = ground.schema.view(index.table)
    return view is not None and view.populated


class DropIndex(Struct, frozen=True, kw_only=True):
    name: Name

    def plan(self, ground: Ground) -> Draft:
        """One step, after the version that needs the index. Raises NoPlanError."""
        index = ground.schema.index(ground.schema.resolve(*self.name))
        if index is None:
            raise NoPlanError(f"the schema has no index {self.name}")
        if index.constraint is not None:
            raise NoPlanError(f"{index.ref} belongs to the constraint {index.constraint}: drop that instead")
        step = Step(
            title=f"Drop the index {index.ref.name}",
            statements=(f"DROP INDEX CONCURRENTLY {name_of(index.ref)}",),
            done=f"{predicates.relation(index.ref)} IS NULL",
            undo=(create_index(index),),
            long=True,
        )
        phase = phases.contract(
            f"The index {index.ref.name} goes",
            "does not need the index",
            (step,),
            needed=f"the index {index.ref}",
            old_application_name=ground.old_application_name,
        )
        return Draft(
            title=f"drop the index {index.ref}",
            tables=(index.table,),
            phases=(phase,),
            by_hand=(
                f"see on the primary and on every replica that idx_scan of {index.ref.name} in pg_stat_user_indexes stands still",
            ),
        )
