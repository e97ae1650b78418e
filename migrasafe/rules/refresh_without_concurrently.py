"""REFRESH MATERIALIZED VIEW without CONCURRENTLY: nobody can read the view meanwhile."""

from __future__ import annotations

from migrasafe.effects.model import Cause, Work
from migrasafe.findings import Fix
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.context import Step
from migrasafe.rules.instead import in_place
from migrasafe.sql.edit import insert_after
from migrasafe.sql.statements import RefreshMaterializedView


def _concurrently(step: Step, work: Work) -> Fix | None:
    """Where the view has the index that it takes, and rows to compare with."""
    view = step.schema.view(work.relation)
    if view is None or not view.populated or not step.has_own_text:
        return None
    plain = (one for one in step.schema.indexes_of(view) if one.unique and one.predicate is None and one.valid)
    if not any(all(key.column is not None for key in index.elements) for index in plain):
        return None
    text = step.script.source.text
    concurrent = insert_after(text, step.statement.span, "VIEW", "CONCURRENTLY", step.as_written)
    return in_place(step, concurrent) if concurrent is not None else None


RULE = rule_for(
    "refresh-without-concurrently",
    (Cause.REFRESH,),
    (RefreshMaterializedView,),
    why=lambda _, work: "its query runs",
    instead="Use REFRESH MATERIALIZED VIEW CONCURRENTLY; it needs a unique index over all rows of the view.",
    fix=_concurrently,
)
