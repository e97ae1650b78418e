"""ADD CHECK without NOT VALID."""

from __future__ import annotations

from migrasafe.effects.model import Cause, Work
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.context import Step
from migrasafe.rules.not_valid_first import not_valid_first
from migrasafe.sql.statements import AlterTable


def _steps(step: Step, work: Work) -> str:
    return not_valid_first(step, work, "check")


RULE = rule_for(
    "add-check-without-not-valid",
    (Cause.CHECK,),
    (AlterTable,),
    why=lambda _, work: "every row is checked for the new constraint",
    instead="Add it NOT VALID, which checks new rows only, and validate the old ones in a later transaction.",
    steps=_steps,
)
