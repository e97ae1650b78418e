"""The command that makes the same change in phases: `migrasafe plan rename users.name full_name`, in the user's own names."""

from __future__ import annotations

from migrasafe.rules.context import Step
from migrasafe.rules.instead import shell
from migrasafe.rules.wording import sql_name
from migrasafe.schema.model import Ref, RelationKind, Table
from migrasafe.sql.quote import quote_ident


def in_phases(step: Step, word: str, table: Ref, column: str | None = None, *more: str) -> str | None:
    """`word` and what follows the name of the table or column are as migrasafe.plan.words.words has them. None where
    the plan could not be made: nothing is known of the table, or it is none that plans are for."""
    before = step.at_start.table(table)
    if before is None or before.kind is not RelationKind.TABLE or not step.planned_on or step.callers:
        return None
    if before.partition_of is not None or (column is not None and not _is_known(before, column)):
        return None
    if word == "drop" and (_is_read_by_view(step, table, column) or _is_in_primary_key(before, column)):
        return None
    if column is not None and _is_in_key_elsewhere(step, table, column):
        return None
    name = sql_name(table) if column is None else f"{sql_name(table)}.{quote_ident(column)}"
    return f"migrasafe plan {' '.join(map(shell, (word, name, *more, *step.planned_on)))}"


def _is_known(table: Table, name: str) -> bool:
    column = table.column(name)
    return column is not None and column.type is not None


def _is_in_primary_key(table: Table, column: str | None) -> bool:
    return column is not None and table.primary_key is not None and column in table.primary_key.columns


def _is_read_by_view(step: Step, table: Ref, column: str | None) -> bool:
    views = [view for ref in step.schema.dependents_of(table) if (view := step.schema.view(ref)) is not None]
    return any(one.relation == table and column in (None, one.column) for view in views for one in view.reads)


def _is_in_key_elsewhere(step: Step, table: Ref, column: str) -> bool:
    """Whether another table has it, by a foreign key, in a key of its own."""
    others = [other for ref in step.schema.dependents_of(table) if (other := step.schema.table(ref)) is not None]
    return any(
        key.target == table
        and column in key.target_columns
        and one.index is not None
        and {*key.columns} & {*one.columns}
        for other in others
        for key in other.constraints
        for one in other.constraints
    )
