"""What PostgreSQL does not let a column change its type under: put aside before, and back behind, in the same transaction."""

from __future__ import annotations

from migrasafe.plan.carry_over.readers import policy_again
from migrasafe.plan.carry_over.recreated_views import Recreated, recreated_views
from migrasafe.plan.carry_over.user_triggers import made_again, triggers_that_name
from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.schema.attached import Beside
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Column, ColumnRef, Table
from migrasafe.sql.quote import quote_ident


def held_back(ground: Ground, table: Table, column: Column) -> Recreated:
    """Around a change of the type: views, triggers and policies that read the column. Raises NoPlanError.

    A policy lets nobody through meanwhile, and whoever asks waits for the lock anyway; so it keeps its roles and its comment.
    """
    views = recreated_views(ground, (ColumnRef(table.ref, column.name),))
    on = name_of(table.ref)
    before, after = [], []
    for policy in table.policies:
        if column.name in policy.reads:
            shut = [
                f"{words} (false)"
                for words, said in (("USING", policy.using), ("WITH CHECK", policy.check))
                if said is not None
            ]
            before.append(f"ALTER POLICY {quote_ident(policy.name)} ON {on} {' '.join(shut)}")
            after.append(policy_again(table, policy))
    beside = ground.beside.get(table.ref, Beside()) if ground.beside is not None else None
    for trigger in triggers_that_name(beside, column.name):
        drop, *create = made_again(table.ref, trigger)
        before.append(drop)
        after += create
    unseen = [one for one in table.triggers if column.name in one.reads or column.name in one.columns]
    if beside is None and unseen:
        raise NoPlanError(
            f"the trigger {unseen[0].name} of {table.ref} names {column.name} in UPDATE OF or WHEN, and has to be dropped and made"
            " again around the change: plan with --schema DSN, where its definition is to be read"
        )
    return Recreated(before=(*views.before, *before), after=(*after, *views.after), refs=views.refs)
