"""Several changes as one: the same phase of each together, in the order of the changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.conflicts import refuse_conflicts
from migrasafe.plan.model import Gate, Phase, PhaseName
from migrasafe.plan.phases import DEPLOY, EVERYWHERE
from migrasafe.plan.read.changes import Wanted
from migrasafe.plan.read.nothing_to_do import NothingToDo
from migrasafe.plan.read.run_afterwards import RunAfterwards
from migrasafe.plan.stand_ins import refuse_said_meanwhile

_TITLES = 5
_AS_BEFORE = "goes on as before"
_NOT_YET = "is not deployed yet"


def draft_of(wanted: Sequence[Wanted], ground: Ground) -> Draft:
    """The plan of all changes. Raises NoPlanError where there is nothing to plan, or one of them has no plan."""
    if all(isinstance(one.change, NothingToDo | RunAfterwards) for one in wanted):
        later = [one.change.sql for one in wanted if isinstance(one.change, RunAfterwards)]
        told = f" that a plan could see to: run {later[0]} by itself, outside a transaction" if later else ""
        raise NoPlanError(f"the migration changes nothing{told}")
    if len(wanted) == 1:
        return wanted[0].change.plan(replace(ground, schema=wanted[0].before))
    refuse_conflicts(wanted, ground)
    drafts = [
        one.change.plan(replace(ground, schema=one.before, id=f"{ground.id}_{number}"))
        for number, one in enumerate(wanted, start=1)
    ]
    refuse_said_meanwhile(drafts)
    phases = (
        _together(name, [phase for draft in drafts for phase in draft.phases if phase.name is name])
        for name in PhaseName
    )
    return Draft(
        title=_title([draft.title for draft in drafts if draft.title]),
        tables=tuple(dict.fromkeys(table for draft in drafts for table in draft.tables)),
        phases=tuple(phase for phase in phases if phase is not None),
        why=_all(draft.why for draft in drafts),
        assumed=_all(draft.assumed for draft in drafts),
        by_hand=_all(draft.by_hand for draft in drafts),
        differs=_all(draft.differs for draft in drafts),
        lets_go=_all(draft.lets_go for draft in drafts),
        kept=tuple(one for draft in drafts for one in draft.kept),
        worked=tuple(one for draft in drafts for one in draft.worked),
        names_gone=tuple(dict.fromkeys(one for draft in drafts for one in draft.names_gone)),
    )


def _title(titles: Sequence[str]) -> str:
    """The changes, as many as a heading has room for; each step says its own."""
    if len(titles) <= _TITLES:
        return "; ".join(titles)
    return f"{'; '.join(titles[:_TITLES])}; and {len(titles) - _TITLES} more"


def _together(name: PhaseName, phases: Sequence[Phase]) -> Phase | None:
    if not phases:
        return None
    steps = [step for phase in phases for step in phase.steps]
    return Phase(
        name=name,
        title=_title(list(dict.fromkeys(phase.title for phase in phases))),
        old_app=_said([phase.old_app for phase in phases], _AS_BEFORE),
        new_app=_said([phase.new_app for phase in phases], _NOT_YET),
        gates=tuple(_gates(phases)),
        between=any(phase.between for phase in phases),
        deploy=_deployed(list(dict.fromkeys(phase.deploy for phase in phases if phase.deploy))),
        # What cannot be undone comes last, whichever change it belongs to.
        steps=(*(step for step in steps if not step.loses), *(step for step in steps if step.loses)),
        backfills=tuple(job for phase in phases for job in phase.backfills),
        afterwards=tuple(job for phase in phases for job in phase.afterwards),
        may_meet=_all(phase.may_meet for phase in phases),
    )


def _said(told: Sequence[str], least: str) -> str:
    """What a version may do, by all changes; that it does the `least` is told where nothing more is."""
    more = dict.fromkeys(part for one in told for part in one.split("; ") if part != least)
    return "; ".join(more) or least


def _deployed(told: list[str]) -> str:
    """One version of the app for what several changes ask of it."""
    if len(told) > 1 and all(one.startswith(DEPLOY) and one.endswith(EVERYWHERE) for one in told):
        asked = "; and that ".join(one[len(DEPLOY) : -len(EVERYWHERE)] for one in told)
        return f"{DEPLOY}{asked}{EVERYWHERE}"
    return " ".join(told)


def _gates(phases: Iterable[Phase]) -> list[Gate]:
    """Every question once; two that are asked alike of different tables get names that differ."""
    found: list[Gate] = []
    for gate in dict.fromkeys(gate for phase in phases for gate in phase.gates):
        if gate.query is None and any(other.id == gate.id for other in found):
            continue
        number = sum(other.id.rstrip("0123456789-") == gate.id for other in found)
        found.append(gate if not number else replace(gate, id=f"{gate.id}-{number + 1}"))
    return found


def _all(texts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for several in texts for text in several))
