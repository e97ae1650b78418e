"""A UNIQUE or PRIMARY KEY that is checked at another time: PostgreSQL alters only foreign keys, so another one takes its place."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases
from migrasafe.plan.carry_over.references import foreign_keys_to
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.changes.replace_key import key_is_there, primary_swap, unique_swap
from migrasafe.plan.objects.keys import with_its_index
from migrasafe.plan.steps import superseded
from migrasafe.schema.definitions import names, when_checked
from migrasafe.schema.model import Constraint, Table
from migrasafe.schema.publishing import publications_of
from migrasafe.sql.statements import ConstraintKind, Name


class DeferKey(Struct, frozen=True, kw_only=True):
    """Over the same columns, in the same order."""

    table: Name
    old: Constraint
    new: Constraint

    def plan(self, ground: Ground) -> Draft:
        """The index is built beside the old one, and swapped with it when the old version is gone. Raises NoPlanError."""
        table, old, new = table_of(ground, self.table), with_its_index(ground.schema, self.old), self.new
        primary = new.kind is ConstraintKind.PRIMARY_KEY
        if new.deferrable:
            _refuse_deferrable(ground, table, new)
        made, swap, last = (primary_swap if primary else unique_swap)(table, old, new)
        listed, when = names(new.columns), when_checked(new).strip() or "NOT DEFERRABLE"
        upserts, late = f"ON CONFLICT ({listed})", f"two rows be alike in {listed} until COMMIT"
        if new.deferrable:
            was = f"may say {upserts}" if not old.deferrable else "goes on as before"
            now = f"does not say {upserts}, which a deferrable key refuses (55000)"
            at_last = f"may let {late}" if new.initially_deferred else f"may SET CONSTRAINTS, and let {late}"
        else:
            was = f"may let {late}"
            now = f"lets no two rows be alike in {listed}, not even until COMMIT, and does not yet say {upserts}"
            at_last = f"may say {upserts}"
        return Draft(
            title=f"make {old.name} of {table.ref} {when}",
            tables=(table.ref,),
            phases=(
                phases.deploy(now, was),
                phases.contract(
                    f"{new.name} is {when}; the old key goes",
                    at_last,
                    (*superseded(made, key_is_there(table, new)), swap, *last),
                    needed=f"{old.name} to be {when_checked(old).strip() or 'NOT DEFERRABLE'}",
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=(
                "ALTER CONSTRAINT is for foreign keys only: the other key is built beside the traffic, and takes the name in an"
                " instant",
                "neither version may rely on the other's key: so it comes after the old version",
            ),
            by_hand=(
                (
                    f"while {new.name} is deferrable, no foreign key can refer to {listed}, and a duplicate is found late",
                )
                if new.deferrable
                else ()
            ),
        )


def _refuse_deferrable(ground: Ground, table: Table, new: Constraint) -> None:
    for child, key in foreign_keys_to(ground.schema, table.ref):
        if set(key.target_columns or new.columns) == set(new.columns):
            raise NoPlanError(
                f"{key.name} of {child.ref} refers to {names(new.columns)} of {table.ref}, and PostgreSQL lets no foreign key refer"
                f" to a deferrable key: leave {new.name} as it is, and let the app change rows in an order that keeps them unique"
            )
    published = next((one for one in publications_of(ground.schema, table) if one.changes), None)
    if new.kind is ConstraintKind.PRIMARY_KEY and published is not None:
        raise NoPlanError(
            f"{published.name} publishes {table.ref}, and a deferrable primary key is no replica identity, so that UPDATE and DELETE"
            " would be refused (55000): plan `replica-identity` to another unique index, or to full, before"
        )
