"""A materialized view with another query: built beside the old one with its indexes, then in its place."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates
from migrasafe.plan.beside import ref_aside, ref_beside
from migrasafe.plan.carry_over.recreated_views import recreated_views
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.dual_write.swapped import marked, says_replaced
from migrasafe.plan.model import Step
from migrasafe.plan.objects.view_again import index_for, view_again
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import ColumnRef, RelationKind, Schema, View
from migrasafe.sql.quote import quote_ident


class ReplaceMaterializedView(Struct, frozen=True, kw_only=True):
    old: View
    new: View
    """Of the same name; it gets the privileges of the old one."""
    after: Schema
    """With the new one and its indexes."""
    readers: tuple[View, ...] = ()
    """Views over it that are made over the new one: of the same names and columns."""

    def plan(self, ground: Ground) -> Draft:
        """Raises NoPlanError where the two versions read columns of which each is in one of them only."""
        old, new = self.old, self.new
        come = [name for name in new.columns if name not in old.columns]
        gone = [name for name in old.columns if name not in new.columns]
        if come and gone:
            raise NoPlanError(
                f"{old.ref} cannot show {', '.join(come)} and {', '.join(gone)} at once: give the new one another name (CREATE"
                f" MATERIALIZED VIEW {old.ref.name}_2 …, then DROP MATERIALIZED VIEW {old.ref.name}), and both are there"
            )
        build, swap, drop = self._steps(ground)
        needed = ", ".join(f"{old.ref.name}.{name}" for name in gone) or f"{old.ref.name} as it was"
        early = () if gone else (build, swap)
        return Draft(
            title=f"change the materialized view {old.ref}",
            tables=(old.ref,),
            phases=(
                *(
                    (
                        phases.expand(
                            f"The new {old.ref} is built beside the old one, and takes its name",
                            f"reads {', '.join(old.columns)}",
                            f"reads {', '.join(new.columns)}",
                            early,
                        ),
                    )
                    if early
                    else (phases.deploy(f"does not read {', '.join(gone)} of {old.ref}", f"reads {', '.join(gone)}"),)
                ),
                phases.contract(
                    "The old one goes" if early else f"{old.ref} is built without {', '.join(gone)}; the old one goes",
                    f"reads {', '.join(new.columns)}",
                    (drop,) if early else (build, swap, drop),
                    needed=needed,
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=(
                "views over it stay bound to the old one by its number: they are made again when the names change places",
                "nobody waits while it is built: the names change places in an instant",
            ),
            by_hand=(
                f"the new {old.ref} is as fresh as the moment it was built: refresh it after the names have changed places, and"
                " let no job refresh the old one in between",
            ),
            differs=(
                f"{old.ref} keeps its owner and privileges, which the migration would have lost",
                *marked(ground.id, old.ref.name, new.ref.name if self._is_alike else ""),
            ),
        )

    @property
    def _is_alike(self) -> bool:
        return self.old.columns == self.new.columns

    def _steps(self, ground: Ground) -> tuple[Step, Step, Step]:
        old, new = self.old, replace(self.new, grants=self.old.grants)
        ready, dropped = ref_beside(old.ref), ref_aside(old.ref)
        name, note = name_of(old.ref), says_replaced(ground.id, "MATERIALIZED VIEW", name_of(old.ref))
        is_new = (
            predicates.relation_says(old.ref, note.text)
            if self._is_alike
            else predicates.columns_are(old.ref, new.columns)
        )
        read = [ColumnRef(old.ref, column) for column in old.columns]
        readers, later = recreated_views(ground, read), recreated_views(ground, read, instead=self.readers)
        for ref in ground.schema.dependents_of(old.ref):
            reader = ground.schema.view(ref)
            if reader is not None and reader.kind is RelationKind.MATERIALIZED_VIEW:
                raise NoPlanError(
                    f"the materialized view {ref} reads {old.ref}: drop it, and create it in a later migration"
                )
        rename = "ALTER MATERIALIZED VIEW"
        build = Step(
            title=f"Build the new {old.ref} beside the old one, with its indexes",
            statements=tuple(view_again(replace(ground, schema=self.after), new, ready)),
            done=predicates.relation_exists(ready, "m"),
            past=is_new,
            undo=(f"DROP MATERIALIZED VIEW {name_of(ready)}",),
        )
        swap = Step(
            title=f"The new {old.ref} takes the place of the old one",
            statements=(
                *readers.before,
                f"{rename} {name} RENAME TO {quote_ident(dropped.name)}",
                f"{rename} {name_of(ready)} RENAME TO {quote_ident(old.ref.name)}",
                *((note.there,) if self._is_alike else ()),
                *later.after,
            ),
            done=is_new,
            undo=(
                *readers.before,
                *((note.back,) if self._is_alike else ()),
                f"{rename} {name} RENAME TO {quote_ident(ready.name)}",
                f"{rename} {name_of(dropped)} RENAME TO {quote_ident(old.ref.name)}",
                *readers.after,
            ),
            undoable=predicates.all_of(is_new, predicates.relation_exists(dropped, "m")),
        )
        drop = Step(
            title=f"Drop the old one, {dropped.name}",
            statements=(
                f"DROP MATERIALIZED VIEW {name_of(dropped)}",
                *(
                    f"ALTER INDEX {name_of(index_for(index, ready).ref)} RENAME TO {quote_ident(index.ref.name)}"
                    for index in self.after.indexes_of(new)
                ),
            ),
            done=predicates.all_of(is_new, f"{predicates.relation(dropped)} IS NULL"),
            loses=f"{dropped.name}: it has to be built again",
        )
        return build, swap, drop
