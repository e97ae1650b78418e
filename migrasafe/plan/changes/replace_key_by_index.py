"""A UNIQUE constraint that gives way to a unique index of its name: partial, or over an expression, which no constraint can be."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.beside import name_aside, ref_beside
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.model import Step
from migrasafe.plan.objects.keys import no_two_in
from migrasafe.schema.definitions import index_elements, name_of, names
from migrasafe.schema.model import Constraint, Index
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Name


class ReplaceKeyByIndex(Struct, frozen=True, kw_only=True):
    table: Name
    old: Constraint
    new: Index
    """With the name of the constraint."""

    def plan(self, ground: Ground) -> Draft:
        """Before the new version where the key implies the index, else after the old version. Raises NoPlanError."""
        table, old, new = table_of(ground, self.table), self.old, self.new
        for child, key in foreign_keys_to(ground.schema, table.ref):
            if set(key.target_columns) == set(old.columns):
                raise NoPlanError(
                    f"{old.name} cannot go: {child.ref} refers to it with {key.name}, and no foreign key refers to an index with a"
                    " condition; drop that foreign key before"
                )
        if table.partition_by is not None or table.partition_of is not None:
            raise NoPlanError(
                f"{table.ref} is partitioned: plan the index under a name of its own, then drop {old.name}"
            )
        ready = replace(new, ref=ref_beside(new.ref))
        is_new = predicates.all_of(
            predicates.index_is_valid(new.ref), predicates.not_(predicates.constraint_exists(table.ref, old.name))
        )
        at_once = not old.deferrable and (old.nulls_not_distinct or not new.nulls_not_distinct)
        implied = at_once and set(old.columns) <= {one.column for one in new.elements if one.collation is None}
        build = steps.superseded((steps.build_index(ready),), is_new)
        rename = f"ALTER TABLE {name_of(table.ref)} RENAME CONSTRAINT"
        dropped = name_aside(old.name)
        swap = Step(
            title=f"The unique index is {new.ref.name}; the constraint is kept as {dropped}",
            statements=(
                f"{rename} {quote_ident(old.name)} TO {quote_ident(dropped)}",
                f"ALTER INDEX {name_of(ready.ref)} RENAME TO {quote_ident(new.ref.name)}",
            ),
            done=is_new,
            undo=(
                f"ALTER INDEX {name_of(new.ref)} RENAME TO {quote_ident(ready.ref.name)}",
                f"{rename} {quote_ident(dropped)} TO {quote_ident(old.name)}",
            ),
            undoable=predicates.all_of(is_new, predicates.constraint_exists(table.ref, dropped)),
        )
        drop = Step(
            title=f"Drop the constraint, {dropped}",
            statements=(f"ALTER TABLE {name_of(table.ref)} DROP CONSTRAINT {quote_ident(dropped)}",),
            done=predicates.all_of(is_new, predicates.not_(predicates.constraint_exists(table.ref, dropped))),
            loses=f"the index of {old.name}: the way back is to plan the constraint again",
        )
        rule = _target(new)
        what = f"UNIQUE {rule}"
        before = (
            phases.expand(
                f"The unique index is built beside the constraint, as {ready.ref.name}",
                "goes on as before",
                f"may say ON CONFLICT {rule}, but not yet break {old.name}",
                build,
            ),
        )
        return Draft(
            title=f"replace {old.name} of {table.ref} by the unique index {rule}",
            tables=(table.ref,),
            phases=(
                *(replace(one, may_meet=phases.OTHER_KEY_MET) for one in before * implied),
                replace(
                    phases.deploy(
                        f"obeys {what}, does not name {old.name} in ON CONFLICT, and does not yet write what it refuses",
                        f"obeys {old.name}",
                    ),
                    may_meet=phases.OTHER_KEY_MET * implied,
                ),
                phases.contract(
                    f"The constraint goes, and the unique index is {new.ref.name}",
                    f"may write two rows that are alike in {names(old.columns)}, where the index lets them",
                    (*(() if implied else build), swap, drop),
                    needed=f"the constraint {old.name}",
                    old_application_name=ground.old_application_name,
                    gates=() if implied else (no_two_in(new),),
                ),
            ),
            why=(
                "the key implies the index: no row can break it, so it can be there before the new version"
                if implied
                else "the index refuses what the key accepts, as soon as it is ready: so it comes after the old version",
                "an index and a constraint cannot share a name: the index has one of its own until the constraint goes",
            ),
            by_hand=(
                f"an upsert has to repeat the condition from then on, ON CONFLICT {rule}: ON CONFLICT ({names(old.columns)}) alone"
                " fails (42P10) when the constraint is gone",
            )
            * (new.predicate is not None),
        )


def _target(index: Index) -> str:
    """What ON CONFLICT says to find it."""
    where = f" WHERE {deparse_expression(index.predicate)}" if index.predicate is not None else ""
    return f"({index_elements(index)}){where}"
