"""An index or a constraint under another name: an instant, and few apps say such names."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind, Name


class RenameIndex(Struct, frozen=True, kw_only=True):
    index: Name
    new_name: str

    def plan(self, ground: Ground) -> Draft:
        """One step. Raises NoPlanError for an index that is not known, or one whose constraint has the name, too."""
        ref = ground.schema.resolve(*self.index)
        index = ground.schema.index(ref)
        if index is None:
            raise NoPlanError(f"the schema has no index {self.index}: give the one it is in with --schema")
        new = Ref(ref.schema, self.new_name)
        step = Step(
            title=f"Rename the index {ref.name} to {new.name}",
            statements=(f"ALTER INDEX {name_of(ref)} RENAME TO {quote_ident(new.name)}",),
            done=f"{predicates.relation(new)} IS NOT NULL AND {predicates.relation(ref)} IS NULL",
            undo=(f"ALTER INDEX {name_of(new)} RENAME TO {quote_ident(ref.name)}",),
        )
        said = f"its constraint {index.constraint} is renamed with it" if index.constraint is not None else ""
        return _draft(f"rename the index {ref} to {new.name}", index.table, step, (said,) if said else ())


class RenameConstraint(Struct, frozen=True, kw_only=True):
    table: Name
    constraint: str
    new_name: str

    def plan(self, ground: Ground) -> Draft:
        """One step. Raises NoPlanError for a constraint that is not known."""
        table = table_of(ground, self.table)
        one = table.constraint(self.constraint)
        if one is None:
            raise NoPlanError(f"{table.ref} has no constraint {self.constraint}")
        rename = f"ALTER TABLE {name_of(table.ref)} RENAME CONSTRAINT"
        old, new = quote_ident(one.name), quote_ident(self.new_name)
        step = Step(
            title=f"Rename the constraint {one.name} to {self.new_name}",
            statements=(f"{rename} {old} TO {new}",),
            done=predicates.all_of(
                predicates.constraint_exists(table.ref, self.new_name),
                predicates.not_(predicates.constraint_exists(table.ref, one.name)),
            ),
            undo=(f"{rename} {new} TO {old}",),
        )
        upserts = one.kind in (ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY, ConstraintKind.EXCLUDE)
        said = (
            (f"ON CONFLICT ON CONSTRAINT {one.name} fails from then on: say ON CONFLICT (columns) in the app before",)
            if upserts
            else ()
        )
        return _draft(f"rename the constraint {one.name} of {table.ref} to {self.new_name}", table.ref, step, said)


def _draft(title: str, table: Ref, step: Step, said: tuple[str, ...]) -> Draft:
    return Draft(
        title=title,
        tables=(table,),
        phases=(
            Phase(
                name=PhaseName.EXPAND,
                title="Another name for what apps rarely name",
                old_app="goes on as before, unless it says the old name: in messages that it looks into, or in ON CONSTRAINT",
                new_app="likewise, with the new name",
                steps=(step,),
            ),
        ),
        by_hand=said,
    )
