"""A table goes: out of sight first, for good when nobody has missed it."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import phases, predicates
from migrasafe.plan.beside import ref_aside
from migrasafe.plan.carry_over.in_the_way import left_by_table
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.changes.drop_constraint import drop_step
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import ColumnRef, View
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind, Name


class DropTable(Struct, frozen=True, kw_only=True):
    table: Name

    def plan(self, ground: Ground) -> Draft:
        """The new version stops using it; its foreign keys go one by one, or it would still refuse what is done to the tables
        that it refers to; then it is renamed away, then dropped.

        Raises NoPlanError.
        """
        table = table_of(ground, self.table)
        for ref in sorted(ground.schema.dependents_of(table.ref)):
            relation = ground.schema.relation(ref)
            if isinstance(relation, View):
                raise NoPlanError(f"{table.ref} cannot go yet: the view {ref} reads it; drop or change the view before")
        for child, key in foreign_keys_to(ground.schema, table.ref):
            if child.ref != table.ref:
                raise NoPlanError(
                    f"{table.ref} cannot go yet: {child.ref} refers to it; drop its constraint {key.name} before"
                )
        for ref in table.children:
            raise NoPlanError(
                f"{table.ref} cannot go yet: {ref} inherits from it; drop that before, or let it go: NO INHERIT"
            )
        for reason in left_by_table(ground.schema, table.ref):
            raise NoPlanError(f"{table.ref} cannot go yet: {reason}")
        aside = ref_aside(table.ref)
        gone = f"{predicates.relation(table.ref)} IS NULL"
        soft = Step(
            title=f"Take {table.ref} out of sight; it is kept as {aside.name}",
            statements=(f"ALTER TABLE {name_of(table.ref)} RENAME TO {quote_ident(aside.name)}",),
            done=gone,
            undo=(f"ALTER TABLE {name_of(aside)} RENAME TO {quote_ident(table.ref.name)}",),
            undoable=predicates.relation_exists(aside),
        )
        keys = tuple(
            replace(
                drop_step(ground, table, constraint),
                title=f"Let {constraint.target} go: drop {constraint.name}",
                done=predicates.not_(predicates.constraint_exists(table.ref, constraint.name)),
                past=gone,
            )
            for constraint in table.constraints
            if constraint.kind is ConstraintKind.FOREIGN_KEY and constraint.target != table.ref
        )
        hard = Step(
            title=f"Drop {aside.name} for good",
            statements=(f"DROP TABLE {name_of(aside)}",),
            done=f"{gone} AND {predicates.relation(aside)} IS NULL",
            loses=f"every row of {table.ref}: dump it before, if anybody may ask for them",
        )
        return Draft(
            title=f"drop {table.ref}",
            tables=(table.ref, aside),
            phases=(
                phases.deploy(f"does not use {table.ref}", f"reads and writes {table.ref}"),
                phases.contract(
                    f"{table.ref} goes: out of sight first, for good when nobody has missed it",
                    f"does not know {table.ref}",
                    (*keys, soft, hard),
                    needed=str(table.ref),
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=(
                "each foreign key is dropped in a step of its own: dropping the table at once would lock every table that"
                " it refers to, together",
            )
            if keys
            else (),
            names_gone=(ColumnRef(table.ref, None),),
        )
