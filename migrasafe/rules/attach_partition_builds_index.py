"""ATTACH PARTITION of a table that lacks an index of the parent: it is built under the lock."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.effects.model import Cause, Work
from migrasafe.findings import Fix
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.context import Step
from migrasafe.rules.instead import NEXT_MIGRATION, Stage, outside_title, plan
from migrasafe.schema.definitions import create_index
from migrasafe.schema.evolve.generated_names import first_free
from migrasafe.schema.model import Ref
from migrasafe.sql.statements import AlterTable


def _index_first(step: Step, work: Work) -> Fix | None:
    """Every index that the partition lacks, built while it is in use by nobody or by its own app only."""
    parts = [one for one in step.effects.caused_by(Cause.PARTITION_INDEX) if one.action == work.action]
    statement = step.statement
    assert isinstance(statement, AlterTable)
    schema = step.situation.ref(statement.name).schema
    made: list[str] = []
    for one in parts:
        wanted = step.schema.index(Ref(schema, one.detail))
        if wanted is None:
            return None
        ref = Ref(one.relation.schema, _free_name(step, one, made))
        try:
            made.append(create_index(replace(wanted, ref=ref, table=one.relation)))
        except ValueError:  # an expression that cannot be written again
            return None
    return plan(step, Stage(outside_title(step), tuple(made)), Stage(NEXT_MIGRATION, (step.sql(),)))


def _free_name(step: Step, work: Work, made: list[str]) -> str:
    """`events_2024_kind_idx`, as PostgreSQL would call it."""

    def is_taken(name: str) -> bool:
        known = step.schema.relation(Ref(work.relation.schema, name)) is not None
        return known or any(f" {name} ON " in one for one in made)

    parent = step.situation.ref(step.statement.name).name if isinstance(step.statement, AlterTable) else ""
    own = work.detail.removeprefix(f"{parent}_")
    return first_free(work.relation.name, None, own, is_taken)


RULE = rule_for(
    "attach-partition-builds-index",
    (Cause.PARTITION_INDEX,),
    (AlterTable,),
    why=lambda _, work: f"its own copy of the index {work.detail} is built",
    instead="Build the index on the table with CREATE INDEX CONCURRENTLY before you attach it.",
    fix=_index_first,
)
