"""Questions that must be answered before a phase may start."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan.model import Gate, Phase, PhaseName
from migrasafe.sql.quote import quote_literal


def old_version_gone(what: str, application_name: str | None) -> Gate:
    """Whether the old version has ended everywhere. `application_name`: the LIKE pattern of what its sessions call
    themselves; without one only a person can tell."""
    query = None
    if application_name is not None:
        query = (
            "SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database()"
            f" AND application_name LIKE {quote_literal(application_name)}"
        )
    return Gate(
        id="old-version-gone",
        question="Has the last instance of the old version ended?",
        query=query,
        expected="0",
        otherwise=f"End the instances of the old version first: they need {what}.",
    )


def maintenance_window(what: str) -> Gate:
    """Whether people have agreed to what makes the app wait."""
    return Gate(
        id="maintenance-window",
        question=f"Is there a maintenance window in which {what}? The step's estimate says how long.",
        query=None,
        otherwise="Agree on one with those who use the app, at an hour when it does little.",
    )


def before_for_good(phase: Phase) -> Iterator[Gate]:
    """What is asked before the steps of a phase that cannot be undone, where they follow on others that can."""
    if phase.name is PhaseName.CONTRACT and phase.for_good and len(phase.for_good) < len(phase.steps):
        lost = "; ".join(step.loses for step in phase.for_good)
        yield Gate(
            id="for-good",
            question="Has nobody missed for a while what is out of sight?",
            query=None,
            otherwise=f"Wait until you are sure: what follows loses {lost}.",
        )
