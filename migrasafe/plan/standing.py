"""Where a plan stands, from the catalog itself: nothing has to be remembered from one run to the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum

from msgspec import Struct

from migrasafe.plan.model import Gate, Phase, PhaseName, Plan, Step

Ask = Callable[[str], str]
"""A query of one row and one column → what it answers, as psql prints it."""


def as_psql(value: object) -> str:
    """A value as psql prints it, which is how gates say what they expect."""
    if value is None:
        return ""
    return ("t" if value else "f") if isinstance(value, bool) else str(value)


class State(Enum):
    DONE = "done"
    PAST = "past"
    """Its effect is gone again, because a later step has made it pointless."""
    OPEN = "open"
    UNSEEN = "?"
    """It is run in another database, which nobody has asked."""


class StepState(Struct, frozen=True, kw_only=True):
    step: Step
    state: State


class GateAnswer(Struct, frozen=True, kw_only=True):
    gate: Gate
    answer: str | None
    """None: nobody has said it."""
    holds: bool
    why: str | None = None
    """What the person said who let it hold, whatever the answer is."""


def states(plan: Plan, ask: Ask, elsewhere: Ask | None = None) -> Iterator[tuple[Phase, tuple[StepState, ...]]]:
    """Every phase with the state of its steps. `elsewhere` asks the other database that some are run in."""
    for phase in plan.phases:
        yield (
            phase,
            tuple(
                StepState(step=step, state=_state(step, elsewhere if step.database else ask)) for step in phase.steps
            ),
        )


def _state(step: Step, ask: Ask | None) -> State:
    if ask is None:
        return State.UNSEEN
    if ask(f"SELECT {step.done}") == "t":
        return State.DONE
    if step.past is not None and ask(f"SELECT {step.past}") == "t":
        return State.PAST
    return State.OPEN


def answers(
    phase: Phase,
    ask: Ask,
    confirmed: frozenset[str],
    overridden: frozenset[str] = frozenset(),
    why: str | None = None,
) -> tuple[GateAnswer, ...]:
    """What the gates of a phase say; those without a query are answered by who confirms them. `overridden` ones hold
    whatever their query answers, because a person knows better, and says `why`."""
    found = []
    for gate in phase.gates:
        if gate.query is not None:
            said = ask(gate.query)
            meant = said == gate.expected
            let = not meant and gate.id in overridden
            found.append(GateAnswer(gate=gate, answer=said, holds=meant or let, why=why if let else None))
        else:
            sure = gate.id in confirmed
            found.append(
                GateAnswer(gate=gate, answer="confirmed" if sure else None, holds=sure, why=why if sure else None)
            )
    return tuple(found)


def open_before(plan: Plan, name: PhaseName, ask: Ask, elsewhere: Ask | None = None) -> tuple[Step, ...]:
    """The steps of earlier phases that are not done, as far as they can be seen."""
    found: list[Step] = []
    for phase, steps in states(plan, ask, elsewhere):
        if phase.name is name:
            break
        found.extend(one.step for one in steps if one.state is State.OPEN)
    return tuple(found)
