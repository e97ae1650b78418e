"""No error without a way on: steps in words, where the rule has no SQL to offer because the statement stands in a body, is
made by a program, or cannot be cut."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.effects.model import WorkKind
from migrasafe.findings import Finding, Fix
from migrasafe.rules.context import Step
from migrasafe.rules.instead import ONE_MIGRATION, Stage, after_deploy, outside_title, plan
from migrasafe.rules.while_unused import unused
from migrasafe.schema.model import Ref
from migrasafe.sql.statements import DoBlock

_ROWS = (WorkKind.BULK_WRITE.value, WorkKind.BULK_READ.value)


def with_fix(step: Step, finding: Finding) -> Finding:
    """The finding, an error that has none, with steps."""
    return replace(finding, fix=_steps(step, finding))


def _steps(step: Step, finding: Finding) -> Fix:
    if finding.work in _ROWS:
        return plan(step, *_in_rounds(step))
    if step.situation.in_body and (finding.work is not None or not step.has_own_text):
        return plan(step, *_out_of_body(step))
    if finding.work is not None:
        return plan(step, *unused(step, _table(finding)))
    return after_deploy(step, "does without what this takes away")


def _in_rounds(step: Step) -> tuple[Stage, ...]:
    """A change of rows that no loop of ours can be put around."""
    rounds = "the change in rounds of a few thousand rows, by a key, with a COMMIT behind each"
    apart = Stage(f"{outside_title(step)}: {rounds}", by_hand=True)
    if not step.situation.in_body:
        return (apart,)
    return Stage(f"{ONE_MIGRATION}: all but this change of rows", by_hand=True), apart


def _out_of_body(step: Step) -> tuple[Stage, ...]:
    """Out of the DO block or function, where nothing but a transaction around all of it is to be had."""
    body = "the DO block" if isinstance(step.script.statements[step.number], DoBlock) else "the function"
    return (
        Stage(
            f"take the statement out of {body}, into a migration of its own, with IF NOT EXISTS if need be",
            by_hand=True,
        ),
        Stage("`migrasafe lint` writes the steps for it there", by_hand=True),
    )


def _table(finding: Finding) -> Ref:
    said = finding.objects[0]
    return Ref.of(said) if "." in said else Ref("public", said)
