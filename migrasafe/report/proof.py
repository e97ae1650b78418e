"""What a rehearsal has proved of a plan, for people."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.plan.evidence import Audited, Evidence, PhaseSeen
from migrasafe.quantities import say_count

MOST_NOTES = 8


def proof_text(evidence: Evidence) -> str:
    """Phase by phase what was seen, what was done under way, what was not tried, and what did not hold."""
    return "\n".join(_lines(evidence)) + "\n"


def _lines(evidence: Evidence) -> Iterator[str]:
    yield (
        f"rehearsed on PostgreSQL {evidence.server}, {say_count(evidence.rows, 'row')} in every table, seed {evidence.seed},"
        f" in {evidence.seconds:.1f} s"
    )
    for phase in evidence.phases:
        yield f"  {phase.phase:<11} {_phase(phase)}"
    if evidence.files:
        yield (
            f"  files       {len(evidence.files)} run by psql {evidence.psql} as they are, again, back and ahead: the same schema"
        )
    if evidence.race:
        turns = " and ".join(f"{count} of the {version} version" for version, count in evidence.race.items())
        yield f"  under way   {turns}: writes and reads while the phases changed"
    if evidence.round_trips:
        yield f"  both sides  {say_count(evidence.round_trips, 'value')} written to one side and read from the other"
    for audited in evidence.audits:
        yield f"  live values {_audited(audited)}"
    if evidence.kills:
        yield f"  killed      {say_count(evidence.kills, 'step')} on the way, and run again"
    for note in evidence.notes[:MOST_NOTES]:
        yield f"  note: {note}"
    if len(evidence.notes) > MOST_NOTES:
        yield f"  … and {say_count(len(evidence.notes) - MOST_NOTES, 'more note')} in plan.json"
    for failure in evidence.failures:
        yield f"✗ {failure.about} ({failure.where}): {failure.message}"
    yield "proved: everything held" if evidence.holds else f"not proved: {_things(len(evidence.failures))} did not hold"


def _phase(phase: PhaseSeen) -> str:
    told = []
    if phase.steps:
        told.append(f"{say_count(len(phase.steps), 'step')} watched")
    if phase.undone:
        told.append("taken back and run again")
    if phase.queries:
        told.append(
            ", ".join(
                f"{say_count(count, 'query')} of the {version} version taken"
                for version, count in phase.queries.items()
            )
        )
    return "; ".join(told) or "nothing to run"


def _audited(one: Audited) -> str:
    told = [f"{one.values} of {say_count(one.rows, 'row')} of {one.table} ({one.source}) converted there and back"]
    for count, words in (
        (one.refused, "refused"),
        (one.nulled, "without a value on the new side"),
        (one.lost, "not as before"),
        (one.not_tried, "not tried, for they depend on other rows"),
    ):
        if count:
            told.append(f"{count} {words}")
    return "; ".join((*told, *one.examples))


def _things(count: int) -> str:
    return "one thing" if count == 1 else f"{count} things"
