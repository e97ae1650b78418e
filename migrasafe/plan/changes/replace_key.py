"""UNIQUE or PRIMARY KEY over other columns: the new key is built beside the traffic, and takes the old one's place in an instant."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.beside import name_aside, name_beside
from migrasafe.plan.carry_over.kept_references import KeptReferences, Reference
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.changes.set_not_null import no_null_left
from migrasafe.plan.model import Gate, Phase, PhaseName, Step
from migrasafe.plan.objects.keys import implies, key_index, no_two, with_its_index
from migrasafe.plan.objects.not_null_name import not_null_name
from migrasafe.schema.definitions import create_index, name_of, names, when_checked
from migrasafe.schema.model import Constraint, Index, Ref, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintDef, ConstraintKind, Name


class ReplaceKey(Struct, frozen=True, kw_only=True):
    table: Name
    old: Constraint
    new: Constraint
    numbered: bool = False
    """The new columns come with the same plan, and nobody but their sequence, or what makes a UUID, gives them a value."""
    references: tuple[Reference, ...] | None = None
    """The foreign keys that go on referring to the columns of the old key; None: all there are."""
    kept_as: ConstraintDef | None = None
    """The UNIQUE that they get, as the migration has it."""

    def plan(self, ground: Ground) -> Draft:
        """Before the new version where the old key implies the new one, else after the old version. Raises NoPlanError."""
        table, old, new = table_of(ground, self.table), with_its_index(ground.schema, self.old), self.new
        if old.columns == new.columns:
            raise NoPlanError(
                f"{old.name} of {table.ref} is over {names(old.columns)} already, and checked at the same time: what else differs"
                " has no plan yet; give the new one another name and plan it alone, then drop the old one"
            )
        primary = new.kind is ConstraintKind.PRIMARY_KEY
        kept = self._kept(ground, table)
        if kept.references and not primary:
            raise NoPlanError(
                f"{old.name} cannot go: {kept.references[0].child} refers to it with {kept.references[0].constraint.name}, so"
                f" {names(old.columns)} has to stay unique; leave {old.name} as it is and add the new key beside it"
            )
        nullable = [one for one in new.columns if primary and not column_of(table, one).not_null]
        implied = not nullable and (self.numbered or implies(old, new))
        is_new = key_is_there(table, new)
        proved = tuple(
            step
            for one in nullable
            for step in steps.not_null(table.ref, one, not_null_name(table, one), pg_version=ground.target.pg_version)
        )
        # The index over new columns is built when they are filled.
        early = (PhaseName.VERIFY if self.numbered else PhaseName.EXPAND) if implied else None
        if primary:
            made, swap, last = primary_swap(table, old, new, *((_early_name(new),) if implied else ()))
        else:
            made, swap, last = unique_swap(table, old, new)
        made = steps.superseded(made, is_new)
        first, ready = ((), (*proved, *made)) if early is None else (made, ())
        if primary and early is not None:
            # The key's own index goes with it on the way back: so the phase that takes it back makes it, too.
            index = steps.build_index(key_index(table.ref, new, _early_name(new)))
            first, ready = steps.superseded((index,), is_new), made
        last = (*kept.ready, *ready, kept.around(swap), *kept.validated, *last)
        gates = (*(no_null_left(table, one) for one in nullable), no_two(table.ref, new))
        rule = f"{new.kind.value} ({names(new.columns)})"
        return Draft(
            title=f"replace {old.name} of {table.ref} by {rule}",
            tables=(table.ref, *dict.fromkeys(one.child for one in kept.references if one.child != table.ref)),
            phases=_phases(ground, table, old, new, early=early, first=first, last=last, gates=gates),
            why=(
                f"each row gets its own {names(new.columns)}: none can break the new key, so it can be there before the new version"
                if self.numbered and implied
                else "the old key implies the new one: no row can break it, so it can be there before the new version"
                if implied
                else "the new key refuses what the old one accepts, as soon as its index is ready: so it comes after the old"
                " version",
            ),
            by_hand=(
                f"while {table.ref} has both keys, an upsert (ON CONFLICT) of two sessions at once can fail with a duplicate key"
                " of the other one, or a deadlock, and has to be tried again",
            ),
            differs=kept.differs,
        )

    def _kept(self, ground: Ground, table: Table) -> KeptReferences:
        found = self.references
        if found is None:
            found = tuple(
                Reference(child=child.ref, constraint=one)
                for child, one in foreign_keys_to(ground.schema, table.ref)
                if set(one.target_columns or self.old.columns) == set(self.old.columns)
            )
        return KeptReferences(
            ground=ground, table=table, columns=self.old.columns, references=found, wanted=self.kept_as
        )


def _phases(
    ground: Ground,
    table: Table,
    old: Constraint,
    new: Constraint,
    *,
    early: PhaseName | None,
    first: tuple[Step, ...],
    last: tuple[Step, ...],
    gates: tuple[Gate, ...],
) -> tuple[Phase, ...]:
    listed = names(new.columns)
    met = phases.OTHER_KEY_MET
    before = (
        Phase(
            name=early or PhaseName.EXPAND,
            title=f"The new key over {listed} is built beside the old one",
            old_app="goes on as before",
            new_app=f"may say ON CONFLICT ({listed}), but not yet break {old.name}",
            steps=first,
            may_meet=met,
        ),
    )
    switch = phases.deploy(
        f"writes no two rows that are alike in {listed}, nor in {names(old.columns)}",
        f"writes no two rows that are alike in {names(old.columns)}",
    )
    contract = phases.contract(
        f"{listed} is the key; the old one goes",
        f"writes no two rows that are alike in {listed}",
        last,
        needed=f"{old.name} over {names(old.columns)}",
        old_application_name=ground.old_application_name,
        gates=() if early else gates,
    )
    return (
        *(before if early else ()),
        replace(switch, may_meet=met if early else ()),
        replace(contract, may_meet=met),
    )


def _early_name(new: Constraint) -> str:
    return name_beside(new.name, "early")


def key_is_there(table: Table, key: Constraint) -> str:
    """Whether the key of that name is over these columns, and checked at that time."""
    deferred = str(key.initially_deferred).lower()
    when = predicates.constraint_with(
        table.ref, key.name, f"condeferrable = {str(key.deferrable).lower()} AND condeferred = {deferred}"
    )
    return f"({predicates.constraint_is_over(table.ref, key.name, key.columns)} AND {when})"


def unique_swap(table: Table, old: Constraint, new: Constraint) -> tuple[tuple[Step, ...], Step, tuple[Step, ...]]:
    """What makes it ready, the step that swaps names, and the end of the old one."""
    index = key_index(table.ref, new, name_beside(new.name))
    rename = f"ALTER TABLE {name_of(table.ref)} RENAME CONSTRAINT"
    ready, dropped = index.ref.name, name_aside(old.name)
    is_new = key_is_there(table, new)
    built = Ref(table.ref.schema, name_beside(new.name, "i"))
    build = steps.build_index(replace(index, ref=built))
    own = steps.constraint_from_index(table.ref, replace(new, name=ready), replace(index, ref=built))
    is_own = predicates.constraint_exists(table.ref, ready)
    swap = Step(
        title=f"The new key is {new.name}; the old one is kept as {dropped}",
        statements=(
            f"{rename} {quote_ident(old.name)} TO {quote_ident(dropped)}",
            f"{rename} {quote_ident(ready)} TO {quote_ident(new.name)}",
        ),
        done=is_new,
        undo=(
            f"{rename} {quote_ident(new.name)} TO {quote_ident(ready)}",
            f"{rename} {quote_ident(dropped)} TO {quote_ident(old.name)}",
        ),
    )
    last = Step(
        title=f"Drop the old key, {dropped}",
        statements=(f"ALTER TABLE {name_of(table.ref)} DROP CONSTRAINT {quote_ident(dropped)}",),
        done=predicates.all_of(is_new, predicates.not_(predicates.constraint_exists(table.ref, dropped))),
        loses=f"the index of {old.name}: the way back is to plan the key again",
    )
    return (*steps.superseded((build,), is_own), own), swap, (last,)


def primary_swap(
    table: Table, old: Constraint, new: Constraint, *needless: str
) -> tuple[tuple[Step, ...], Step, tuple[Step, ...]]:
    """Likewise. A table has one primary key, so a spare index keeps the way back short. `needless`: indexes that go with it."""
    index = key_index(table.ref, new, name_beside(new.name))
    spare = key_index(table.ref, old, name_beside(old.name, "spare"))
    alter = f"ALTER TABLE {name_of(table.ref)}"
    is_new = key_is_there(table, new)

    def taken(gone: Constraint, come: Constraint, by: Index) -> str:
        # One statement: a published table without a key refuses UPDATE and DELETE.
        return (
            f"{alter} DROP CONSTRAINT {quote_ident(gone.name)}, ADD CONSTRAINT {quote_ident(come.name)} PRIMARY KEY"
            f" USING INDEX {quote_ident(by.ref.name)}{when_checked(come)}"
        )

    swap = Step(
        title=f"{names(new.columns)} is the primary key of {table.ref}",
        statements=(taken(old, new, index),),
        done=is_new,
        undo=(taken(new, old, spare),),
    )
    # Before a foreign key to the new key is made: it would take one of these for its index, which could not go any more.
    early = (
        replace(_dropped(one, is_new), undo=(create_index(one),))
        for one in (key_index(table.ref, new, name) for name in needless)
    )
    loses = f"the index over {names(old.columns)}: the way back is to plan the key again"
    last = (*early, replace(_dropped(spare, is_new), loses=loses))
    return (steps.build_index(index), steps.build_index(spare)), swap, last


def _dropped(index: Index, is_new: str) -> Step:
    return Step(
        title=f"Drop the index {index.ref.name}, which nobody needs any more",
        statements=(f"DROP INDEX CONCURRENTLY {name_of(index.ref)}",),
        done=predicates.all_of(is_new, f"{predicates.relation(index.ref)} IS NULL"),
        long=True,
    )
