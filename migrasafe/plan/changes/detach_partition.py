"""A partition is one no more, or goes altogether."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.beside import name_beside
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.model import Step
from migrasafe.plan.objects.partition_bounds import bound_sql, condition_of, default_of, is_attached
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Name


class DetachPartition(Struct, frozen=True, kw_only=True):
    partition: Name
    drop: bool = False
    """It goes altogether."""
    concurrently: bool = False
    """As the migration has it."""

    def plan(self, ground: Ground) -> Draft:
        """When nobody looks for its rows in the table above any more; back in an instant until the end. Raises NoPlanError."""
        table = table_of(ground, self.partition)
        parent = ground.schema.table(table.partition_of) if table.partition_of is not None else None
        if parent is None or table.bound is None:
            raise NoPlanError(
                f"{table.ref} is no partition of a table that is known: give a dump or a DSN with --schema"
            )
        for child, key in foreign_keys_to(ground.schema, parent.ref):
            raise NoPlanError(
                f"{child.ref} refers to {parent.ref} with {key.name}, and all of it would be looked through under a lock: drop that"
                " foreign key in a migration before, and add it afterwards"
            )
        ref, attached = table.ref, is_attached(parent.ref, table.ref)
        condition = condition_of(parent, table.bound)
        name = name_beside(ref.name, "bound")
        proof: tuple[Step, ...] = ()
        if condition is not None:
            check = f"ALTER TABLE {name_of(ref)} ADD CONSTRAINT {quote_ident(name)} CHECK ({condition}) NOT VALID"
            over = f"({predicates.not_(attached)})"
            proof = steps.superseded(
                (
                    Step(
                        title=f"Let {ref} say which rows it holds, for the way back",
                        statements=(check,),
                        done=predicates.constraint_exists(ref, name),
                        undo=(f"ALTER TABLE {name_of(ref)} DROP CONSTRAINT {quote_ident(name)}",),
                    ),
                    steps.validate(ref, name),
                ),
                over,
            )
        alter = f"ALTER TABLE {name_of(parent.ref)}"
        detach = Step(
            title=f"Detach {ref} from {parent.ref}",
            statements=(f"{alter} DETACH PARTITION {name_of(ref)}",),
            done=predicates.not_(attached),
            undo=(f"{alter} ATTACH PARTITION {name_of(ref)} {bound_sql(table.bound)}",),
            undoable=predicates.all_of(predicates.not_(attached), predicates.relation_exists(ref)),
        )
        default = default_of(ground.schema, parent)
        return Draft(
            title=f"{'drop' if self.drop else 'detach'} the partition {ref} of {parent.ref}",
            tables=(parent.ref,),
            phases=(
                phases.deploy(
                    f"does without the rows of {ref} in {parent.ref}", f"finds the rows of {ref} in {parent.ref}"
                ),
                phases.contract(
                    f"{ref} is no partition any more" + (", and goes when nobody has missed it" if self.drop else ""),
                    f"does without the rows of {ref} in {parent.ref}",
                    (*proof, detach, *self._end(ref, name if condition is not None else None)),
                    needed=f"the rows of {ref} in {parent.ref}",
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=(
                "DETACH PARTITION locks the table above for an instant, with a lock_timeout; CONCURRENTLY would wait for every"
                " transaction, and leave a half-detached partition when it is broken off",
                *(("a CHECK lets it be attached again without a look at its rows",) if condition is not None else ()),
            ),
            by_hand=(
                *(
                    (
                        f"rows that belong to {ref} go to {default.ref} from then on, and have to leave it again before a way back,"
                        f" which reads all of {default.ref} under a lock",
                    )
                    if default is not None and default != table
                    else ()
                ),
                *(
                    (
                        f"from then on PostgreSQL refuses rows that belong to {ref}: there is no partition for them (23514)",
                    )
                    if default is None or default == table
                    else ()
                ),
            ),
            differs=(f"{ref} has no CHECK of its bound, which DETACH … CONCURRENTLY leaves behind",)
            * self.concurrently,
        )

    def _end(self, ref: Ref, check: str | None) -> tuple[Step, ...]:
        if self.drop:
            return (
                Step(
                    title=f"Drop {ref} for good",
                    statements=(f"DROP TABLE {name_of(ref)}",),
                    done=f"{predicates.relation(ref)} IS NULL",
                    loses=f"every row of {ref}: dump it before, if anybody may ask for them",
                ),
            )
        if check is None:
            return ()
        return (
            Step(
                title=f"Take the CHECK of {ref} away",
                statements=(f"ALTER TABLE {name_of(ref)} DROP CONSTRAINT {quote_ident(check)}",),
                done=predicates.not_(predicates.constraint_exists(ref, check)),
                loses=f"the proof that lets {ref} be attached again without a look at its rows",
            ),
        )
