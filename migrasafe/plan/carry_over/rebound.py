"""What names a column by its number, not by its name: after two columns have changed names, it is made over the right one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan.carry_over.in_the_way import bound_functions, policies_through
from migrasafe.plan.carry_over.indexes_and_constraints import carried_indexes, temporary
from migrasafe.plan.carry_over.materialized_views import materialized_over
from migrasafe.plan.carry_over.published_columns import publications_that_name, published_again
from migrasafe.plan.carry_over.readers import policy_again
from migrasafe.plan.carry_over.recreated_views import recreated_views
from migrasafe.plan.carry_over.user_triggers import made_again, triggers_that_name
from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.plan.dual_write.shadow import Shadow
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Column, ColumnRef, Ref, Table
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.quote import quote_ident


class Rebound(Struct, frozen=True, kw_only=True):
    """Around the statements that change names, there as well as back."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    identity_there: tuple[str, ...] = ()
    identity_back: tuple[str, ...] = ()
    views: tuple[Ref, ...] = ()


def rebound(ground: Ground, shadows: Sequence[Shadow]) -> Rebound:
    """For columns that are swapped under their own names. Raises NoPlanError for what cannot follow."""
    for shadow in shadows:
        refuse_generated(shadow.table, shadow.old)
        for reason in (
            *bound_functions(ground.schema, shadow.table.ref, (shadow.old.name,)),
            *policies_through(ground.schema, shadow.table.ref, shadow.old.name),
        ):
            raise NoPlanError(f"{shadow.table.ref}.{shadow.old.name} cannot be changed yet: {reason}")
    columns = [ColumnRef(one.table.ref, one.old.name) for one in shadows]
    later = frozenset(view.ref for view in materialized_over(ground, columns))
    views = recreated_views(ground, columns, without=later)
    return Rebound(
        before=views.before,
        after=(
            *(statement for one in shadows for statement in _again(one)),
            *views.after,
            *dict.fromkeys(statement for one in shadows for statement in _planned_again(ground, one.table)),
        ),
        identity_there=tuple(text for one in shadows for text, _ in _identity(one)),
        identity_back=tuple(text for one in shadows for _, text in _identity(one)),
        views=views.refs,
    )


def around(step: Step, it: Rebound) -> Step:
    """The step that changes names, with what has to follow in the same transaction."""
    return replace(
        step,
        statements=(*it.identity_there, *it.before, *step.statements, *it.after),
        undo=(*it.before, *step.undo, *it.after, *it.identity_back),
    )


def refuse_generated(table: Table, column: Column) -> None:
    """Raise NoPlanError for a column that a generated one reads."""
    for other in table.columns:
        if other.generated is not None and column.name in columns_read(other.generated):
            raise NoPlanError(
                f"the generated column {other.name} of {table.ref} reads {column.name}, and PostgreSQL would have to write it anew"
                " in every row: drop it before, and add a plain column that is filled in batches behind"
            )


def _again(shadow: Shadow) -> Iterator[str]:
    table, column = shadow.table.ref, shadow.old.name
    for trigger in triggers_that_name(shadow.beside, column):
        yield from made_again(table, trigger)
    for policy in shadow.table.policies:
        if column in policy.reads:
            yield policy_again(shadow.table, policy)
    for one in publications_that_name(shadow.beside, column):
        yield from published_again(table, one)


def _planned_again(ground: Ground, table: Table) -> Iterator[str]:
    """The functions of the table's triggers, changed in nothing: open sessions forget their plans for the old type.

    RESET ALL, which is often advised, would take away a search_path that is set on them.
    """
    for trigger in table.triggers:
        for function in ground.schema.functions.get(trigger.function, ()) if trigger.function is not None else ():
            if function.language == "plpgsql" and not function.arguments:
                yield f"ALTER FUNCTION {name_of(function.ref)}() {function.volatility.upper()}"


def _identity(shadow: Shadow) -> Iterator[tuple[str, str]]:
    """The index by which replicas know rows, where it is over the column: there, and back."""
    index = shadow.beside.identity_index if shadow.beside is not None else None
    if index is not None and any(one.ref.name == index for one in carried_indexes(shadow)):
        say = f"ALTER TABLE {name_of(shadow.table.ref)} REPLICA IDENTITY USING INDEX"
        yield f"{say} {quote_ident(temporary(index))}", f"{say} {quote_ident(index)}"
