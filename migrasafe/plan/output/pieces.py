"""A plan cut into what tools run: its gates become statements that refuse, its steps statements that may be run again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrasafe.plan import gates
from migrasafe.plan.model import Gate, Phase, Plan, Step
from migrasafe.plan.output.model import Action, Piece
from migrasafe.plan.output.write_sql import comment_on, relations_of, skip_ahead, skip_back, with_retries
from migrasafe.plan.templates import filled
from migrasafe.sql.quote import comment, quote_literal


def pieces_of(plan: Plan) -> tuple[Piece, ...]:
    """The pieces in order, those without anything to run left out."""
    return tuple(piece for phase in plan.phases for piece in _of_phase(plan, phase))


def _of_phase(plan: Plan, phase: Phase) -> Iterator[Piece]:
    ahead = [step for step in phase.own_steps if not step.loses]
    name = phase.name.value.replace("-", "_")
    if ahead or (phase.gates and not phase.own_for_good):
        asked = [_gate(plan, phase, gate) for gate in phase.gates]
        steps = [_step(step) for step in ahead]
        yield Piece(phase=phase.name, name=name, title=phase.title, actions=(*asked, *steps))
    if phase.own_for_good:
        questions: Sequence[Gate] = phase.gates if not ahead else tuple(gates.before_for_good(phase))
        asked = [_gate(plan, phase, gate, begins=not ahead) for gate in questions]
        steps = [_step(step) for step in phase.own_for_good]
        yield Piece(
            phase=phase.name,
            name=f"{name}_for_good",
            title="What cannot be undone",
            actions=(*asked, *steps),
        )


def _gate(plan: Plan, phase: Phase, gate: Gate, *, begins: bool = True) -> Action:
    words = {
        "refusal": quote_literal(f"{phase.name.value} must not {'start' if begins else 'go on'}: {gate.question}"),
        "otherwise": quote_literal(gate.otherwise),
        "expected": quote_literal(gate.expected),
        "gate": quote_literal(gate.id),
        "plan": quote_literal(plan.id),
        "phase": quote_literal(phase.name.value),
    }
    if gate.query is not None:
        sql = filled("gate_by_query.sql", query=gate.query, **words)
    else:
        say = f"migrasafe gate … {phase.name.value} --confirm {gate.id}"
        words["otherwise"] = quote_literal(f"{gate.otherwise} Only you can tell: `{say}`.")
        sql = filled("gate_by_people.sql", **words)
    return Action(
        comment=comment(f"gate {gate.id}: {gate.question}"), ahead=(sql.strip(),), of_people=gate.query is None
    )


def _step(step: Step) -> Action:
    told = comment_on(step)
    refusal = f"{step.id} has no way back: it loses {step.loses}" if step.loses else None
    no_way_back: tuple[str, ...] = ()
    if refusal is not None:
        no_way_back = (filled("refuse_way_back.sql", refusal=quote_literal(refusal)).strip(),)
    if step.long:
        return Action(
            comment=told,
            ahead=step.statements,
            back=step.undo or no_way_back,
            skip=skip_ahead(step),
            skip_back=skip_back(step) if step.undo else None,
            clear=tuple(one.replace("CONCURRENTLY ", "CONCURRENTLY IF EXISTS ", 1) for one in step.clear),
            no_way_back=refusal,
        )
    in_the_way = filled("in_the_way.sql", tables=relations_of(step)).strip()
    back = (with_retries(step, skip_back(step), step.undo, in_the_way),) if step.undo else no_way_back
    ahead = with_retries(step, skip_ahead(step), step.statements, in_the_way)
    return Action(comment=told, ahead=(ahead,), back=back, no_way_back=refusal)
