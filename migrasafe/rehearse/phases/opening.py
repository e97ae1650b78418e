"""What comes before the steps of a phase: its gates, and the rows that a job fills. And who runs while it lasts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrasafe.plan.evidence import Failure
from migrasafe.plan.model import Backfill, Phase, PhaseName, Plan
from migrasafe.plan.standing import as_psql
from migrasafe.postgres.attempt import ask
from migrasafe.postgres.connect import connect
from migrasafe.postgres.watch.observed import SqlState
from migrasafe.rehearse.phases.carry_out import fill

OLD_VERSION_GONE = "old-version-gone"
_ORDER = list(PhaseName)


def runs(plan: Plan, phase: PhaseName, version: str) -> bool:
    """Whether a version of the app is at work when the steps of a phase have been run: the old one until a gate sees to its
    end, the contract at the latest; the new one from the switch on."""
    if version == "old":
        ends = next((one.name for one in plan.phases if _ends_the_old(one)), PhaseName.CONTRACT)
        return _ORDER.index(phase) < min(_ORDER.index(ends), _ORDER.index(PhaseName.CONTRACT))
    begins = PhaseName.CONTRACT if comes_later(plan) else PhaseName.SWITCH
    return _ORDER.index(phase) >= _ORDER.index(begins)


def comes_later(plan: Plan) -> bool:
    """Whether the version that goes with the end comes when all is over: at the switch one is deployed that lives with both."""
    return any(phase.between for phase in plan.phases)


def _ends_the_old(phase: Phase) -> bool:
    return any(gate.id.startswith(OLD_VERSION_GONE) for gate in phase.gates)


def open_phase(plan: Plan, phase: Phase, dsn: str) -> Iterator[Failure]:
    """Ask the gates that a query answers, and run the backfill; what does not hold."""
    with connect(dsn) as session:
        for gate in phase.gates:
            if gate.query is None or gate.id.startswith(OLD_VERSION_GONE):
                continue
            answer = ask(session, gate.query)
            said = answer.message if isinstance(answer, SqlState) else as_psql(answer[0][0])
            if said != gate.expected:
                yield Failure(
                    about="gate",
                    where=phase.name.value,
                    message=f"{gate.question} The answer is {said}, not {gate.expected}. {gate.otherwise}",
                )
    yield from run_jobs(plan, phase, phase.backfills, dsn)


def run_jobs(plan: Plan, phase: Phase, jobs: Sequence[Backfill], dsn: str) -> Iterator[Failure]:
    """Run jobs of a phase; what does not come to an end."""
    for job in jobs:
        failed = fill(dsn, plan.id, phase.jobs.index(job), job)
        if failed is not None:
            yield Failure(about="backfill", where=phase.name.value, message=failed)
