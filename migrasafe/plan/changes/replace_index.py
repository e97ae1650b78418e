"""An index gives way to another of the same name: built beside the traffic, then the names change places."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.beside import ref_aside, ref_beside
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.dual_write.swapped import marked, says_replaced
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.definitions import create_index, name_of
from migrasafe.schema.model import Index, Ref
from migrasafe.sql.quote import quote_ident


class ReplaceIndex(Struct, frozen=True, kw_only=True):
    old: Index
    new: Index

    def plan(self, ground: Ground) -> Draft:
        """Raises NoPlanError for an index that belongs to a constraint."""
        old, new = self.old, self.new
        others = _candidates(ground, old)
        if len(others) > 1 and old.ref in others:
            raise NoPlanError(
                f"{old.table} has its replica identity from an index, which {old.ref} may be: say REPLICA IDENTITY USING INDEX of"
                " another one in a migration before this one"
            )
        if old.constraint is not None:
            raise NoPlanError(f"{old.ref} belongs to the constraint {old.constraint}: replace that instead")
        ready = replace(new, ref=ref_beside(new.ref))
        before = replace(old, ref=ref_aside(old.ref))
        note = says_replaced(ground.id, "INDEX", name_of(new.ref))
        is_new = predicates.index_says(new.ref, note.text)
        build = steps.build_index(ready)
        if any(element.expression is not None for element in new.elements):
            # Only ANALYZE tells the planner what an expression holds.
            build = replace(build, statements=(*build.statements, f"ANALYZE {name_of(new.table)}"))
        rename = "ALTER INDEX"
        swap = Step(
            title=f"The new index is {new.ref.name}; the old one is kept as {before.ref.name}",
            statements=(
                f"{rename} {name_of(old.ref)} RENAME TO {quote_ident(before.ref.name)}",
                f"{rename} {name_of(ready.ref)} RENAME TO {quote_ident(new.ref.name)}",
                note.there,
                *_identity(ground, old, new.ref),
            ),
            done=is_new,
            undo=(
                note.back,
                f"{rename} {name_of(new.ref)} RENAME TO {quote_ident(ready.ref.name)}",
                f"{rename} {name_of(before.ref)} RENAME TO {quote_ident(old.ref.name)}",
                *_identity(ground, old, old.ref),
            ),
        )
        drop = Step(
            title=f"Drop the old index, {before.ref.name}",
            statements=(f"DROP INDEX CONCURRENTLY {name_of(before.ref)}",),
            done=predicates.all_of(is_new, f"{predicates.relation(before.ref)} IS NULL"),
            undo=(create_index(before),),
            long=True,
        )
        stricter = new.unique and (not old.unique or old.reads != new.reads)
        first = (*steps.superseded((build,), is_new), swap)
        contract = phases.contract(
            "The old index goes",
            "goes on as before",
            (*(first if stricter else ()), drop),
            needed=f"the index {old.ref} as it was",
            old_application_name=ground.old_application_name,
        )
        expand = Phase(
            name=PhaseName.EXPAND,
            title=f"The new {new.ref.name} is built beside the old one, and takes its name",
            old_app="goes on as before: both indexes are there",
            new_app="may rely on the new index",
            steps=first,
        )
        switch = phases.deploy("writes no two rows that are alike in the new index", "goes on as before")
        return Draft(
            title=f"replace the index {old.ref}",
            tables=(old.table,),
            phases=(switch, contract) if stricter else (expand, contract),
            why=(
                ("a unique index refuses duplicates as soon as it is ready: so it comes after the old version",)
                * stricter
            ),
            by_hand=(
                f"see on the primary and on every replica that queries use the new {new.ref.name}: EXPLAIN them before the old"
                " one goes",
            ),
            differs=marked(ground.id, old.ref.name, new.ref.name),
        )


def _identity(ground: Ground, old: Index, index: Ref) -> tuple[str, ...]:
    """Where the old index tells replicas which row is meant, the new one has to before the old one goes."""
    return (f"ALTER TABLE {name_of(old.table)} REPLICA IDENTITY USING INDEX {quote_ident(index.name)}",) * (
        _candidates(ground, old) == [old.ref]
    )


def _candidates(ground: Ground, old: Index) -> list[Ref]:
    """The indexes that may be the replica identity of the table, where one of them is."""
    table = ground.schema.table(old.table)
    if table is None or table.replica_identity != "index":
        return []
    return [one.ref for one in ground.schema.indexes_of(table) if one.unique and one.predicate is None]
