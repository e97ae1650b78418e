"""Which version of the app is alive in which phase: the bars of the page's timeline."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan.model import PhaseName, Plan


class Bar(Struct, frozen=True, kw_only=True):
    """A version of the app, over the phases `first` to `last`, counted from 1."""

    title: str
    kind: str
    """`old` or `new`."""
    first: int
    last: int


def bars(plan: Plan) -> tuple[Bar, ...]:
    """The old version until a gate sees to its end, the new one from its deployment on."""
    count = len(plan.phases)
    ends = [
        place
        for place, phase in enumerate(plan.phases)
        if any(gate.id.startswith("old-version-gone") for gate in phase.gates)
    ]
    deployed = [place for place, phase in enumerate(plan.phases) if phase.deploy]
    found = [Bar(title="the old version", kind="old", first=1, last=(ends[0] if ends else count))]
    if deployed:
        found.append(Bar(title="the new version", kind="new", first=deployed[0] + 1, last=count))
    elif ends and ends[0] < count:
        found.append(Bar(title="the new version", kind="new", first=ends[0] + 1, last=count))
    return tuple(one for one in found if one.last >= one.first)


def seconds_of(plan: Plan, name: PhaseName) -> float:
    """How long the work of a phase takes, as it was estimated; 0 where nothing was."""
    phase = next(one for one in plan.phases if one.name is name)
    parts = [*(step.estimate for step in phase.steps), *(job.estimate for job in phase.backfills)]
    return sum((one.seconds for one in parts if one is not None), 0.0)
