"""The steps that add a foreign key to a partitioned table before PostgreSQL 18, which takes it NOT VALID on partitions only."""

from __future__ import annotations

from migrasafe.findings import Fix
from migrasafe.rules.constraint_names import name_of
from migrasafe.rules.context import Step
from migrasafe.rules.instead import NEXT_MIGRATION, ONE_MIGRATION, OWN_TRANSACTION, Stage, others_with, plan
from migrasafe.rules.wording import sql_name
from migrasafe.schema.model import Table
from migrasafe.schema.partition_tree import leaves_of
from migrasafe.sql.edit import action_spans
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AddConstraint, AlterTable


def by_partitions(step: Step, table: Table | None, place: int) -> Fix | None:
    """Each partition gets the foreign key and proves it; the partitioned table then takes them over without looking at rows.
    None where the partitions are not known."""
    statement = step.statement
    assert isinstance(statement, AlterTable)
    action, spans = statement.actions[place], action_spans(step.script.source.text, statement.span)
    leaves = list(leaves_of(step.schema, table)) if table is not None else []
    if table is None or not leaves or not isinstance(action, AddConstraint) or len(spans) != len(statement.actions):
        return None
    name = quote_ident(name_of(step, table.ref, action.constraint))
    written = step.as_written[spans[place].start : spans[place].end]
    if action.constraint.name is None:
        written = f"{written[:3]} CONSTRAINT {name}{written[3:]}"  # behind ADD
    names = [sql_name(leaf.ref) for leaf in leaves]
    return plan(
        step,
        Stage(ONE_MIGRATION, tuple(f"ALTER TABLE {one} {written} NOT VALID" for one in names)),
        Stage(OWN_TRANSACTION, tuple(f"ALTER TABLE {one} VALIDATE CONSTRAINT {name}" for one in names)),
        Stage(NEXT_MIGRATION, others_with(step, place, written)),
    )
