"""REFRESH MATERIALIZED VIEW without CONCURRENTLY: nobody can read the view meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause, Work
from migrasafe.findings import Finding, Fix
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import in_place
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Ref
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


_WAITS = rule_for(
    "refresh-without-concurrently",
    (Cause.REFRESH,),
    (RefreshMaterializedView,),
    why=lambda _, work: "its query runs",
    instead="Use REFRESH MATERIALIZED VIEW CONCURRENTLY; it needs a unique index over all rows of the view.",
    fix=_concurrently,
)


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, RefreshMaterializedView)
    if statement.with_data:
        yield from _WAITS.check(step)
        return
    ref = step.situation.ref(statement.name)
    view = step.schema.view(ref)
    if not step.exists_already(ref) or (view is not None and not view.populated) or _is_filled(step, ref):
        return
    yield step.finding(
        RULE.id,
        f"Queries of {shown(ref)} fail from now on (55000): WITH NO DATA takes its rows away until somebody fills it.",
        help="Use REFRESH MATERIALIZED VIEW CONCURRENTLY, or deploy an app version that does without the view first.",
        objects=(ref,),
        lock=step.effects.lock_on(ref),
    )


def _is_filled(step: Step, ref: Ref) -> bool:
    """Whether it has rows again, or is gone, when the transaction ends."""
    view = (step.at_commit() if step.in_transaction else step.after).view(ref)
    return view.populated if view is not None else step.schema.view(ref) is not None


RULE = Rule(id="refresh-without-concurrently", check=check, on=(RefreshMaterializedView,))
