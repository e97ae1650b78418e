"""A constraint goes: when the version that relies on it is gone."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.changes.drop_column import keyless, needs_key
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.model import Step
from migrasafe.plan.objects.partitioned_foreign_keys import may_be_not_valid
from migrasafe.schema.definitions import constraint_body, name_of
from migrasafe.schema.model import Constraint, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind, Name

_INSTANTLY_BACK = frozenset((ConstraintKind.CHECK, ConstraintKind.FOREIGN_KEY))


class DropConstraint(Struct, frozen=True, kw_only=True):
    table: Name
    constraint: str

    def plan(self, ground: Ground) -> Draft:
        """One step, after the version that reads what the constraint promises. Raises NoPlanError."""
        table = table_of(ground, self.table)
        constraint = table.constraint(self.constraint)
        if constraint is None:
            known = ", ".join(one.name for one in table.constraints)
            raise NoPlanError(
                f"{table.ref} has no constraint {self.constraint}: it has {known or 'none that is known'}"
            )
        if constraint.kind is ConstraintKind.NOT_NULL:
            raise NoPlanError(f"dropping {constraint.name} ({constraint.kind.value}) has no plan yet")
        primary = constraint.kind is ConstraintKind.PRIMARY_KEY
        for reason in needs_key(ground, table, constraint) if primary else ():
            raise NoPlanError(f"{constraint.name} cannot go yet: {reason}")
        _refuse_what_is_referred_to(ground, table, constraint)
        return Draft(
            title=f"drop {constraint.name} of {table.ref}",
            tables=(table.ref,),
            phases=(
                phases.deploy(
                    f"does not rely on {constraint.name}, and breaks it not yet", f"relies on {constraint.name}"
                ),
                phases.contract(
                    f"{constraint.name} goes",
                    f"may write what {constraint.name} refused",
                    (drop_step(ground, table, constraint),),
                    needed=f"what {constraint.name} promises of {table.ref}",
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=(
                (f"the step locks {table.ref} and {constraint.target} together",)
                if constraint.kind is ConstraintKind.FOREIGN_KEY
                else ()
            ),
            by_hand=(
                (f"after the way back, old rows have not been asked: VALIDATE CONSTRAINT {constraint.name} does that",)
                if _is_instantly_back(ground, table, constraint)
                else keyless(table) * primary
            ),
        )


def _is_instantly_back(ground: Ground, table: Table, constraint: Constraint) -> bool:
    return constraint.kind in _INSTANTLY_BACK and may_be_not_valid(ground, table, constraint)


def drop_step(ground: Ground, table: Table, constraint: Constraint) -> Step:
    """The constraint goes, and comes back where that is an instant."""
    name = quote_ident(constraint.name)
    instantly = _is_instantly_back(ground, table, constraint)
    lost = constraint.name if constraint.kind in _INSTANTLY_BACK else f"the index of {constraint.name}"
    # The referenced table first, in which everybody else begins, too: no deadlock.
    lock = (
        (f"LOCK TABLE {name_of(constraint.target)}, {name_of(table.ref)} IN ACCESS EXCLUSIVE MODE",)
        if constraint.kind is ConstraintKind.FOREIGN_KEY
        and constraint.target is not None
        and constraint.target != table.ref
        else ()
    )
    back = (
        (f"ALTER TABLE {name_of(table.ref)} ADD CONSTRAINT {name} {constraint_body(constraint)} NOT VALID",)
        if instantly
        else ()
    )
    return Step(
        title=f"Drop the constraint {constraint.name}",
        statements=(*lock, f"ALTER TABLE {name_of(table.ref)} DROP CONSTRAINT {name}"),
        done=predicates.all_of(
            predicates.relation_exists(table.ref),
            predicates.not_(predicates.constraint_exists(table.ref, constraint.name)),
        ),
        undo=back,
        undoable=predicates.all_of(
            predicates.relation_exists(table.ref),
            predicates.not_(predicates.constraint_exists(table.ref, constraint.name)),
        ),
        stays=f"{constraint.name} comes back NOT VALID: old rows are not asked" if instantly else "",
        loses="" if instantly else f"{lost}: the way back is to plan the constraint again",
    )


def _refuse_what_is_referred_to(ground: Ground, table: Table, constraint: Constraint) -> None:
    if constraint.kind is not ConstraintKind.UNIQUE:
        return
    for child, one in foreign_keys_to(ground.schema, table.ref):
        if one.target_columns == constraint.columns:
            raise NoPlanError(
                f"{constraint.name} cannot go: {child.ref} refers to it with {one.name}; drop that before"
            )
