"""`migrasafe plan --status`: which steps and jobs of a plan are done, and what to run next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from msgspec import Struct

from migrasafe.cli.plan.session import other_session, refuse_another_schema, session, written_plan
from migrasafe.cli.terminal import say
from migrasafe.plan.model import Phase, Plan
from migrasafe.plan.output.write_plan import Written, job_id, jobs_of
from migrasafe.plan.output.write_sql import file_of
from migrasafe.plan.standing import Ask, State, StepState, states
from migrasafe.sql.quote import quote_literal


class _Line(Struct, frozen=True, kw_only=True):
    """A step, or a job, as it stands."""

    state: State
    id: str
    title: str
    run: str
    """What runs it."""
    phase: Phase


def print_status(folder: Path, dsn: str, other_dsn: str | None) -> None:
    """Say it phase by phase. Raises InputError for a folder without a plan, or a server that it does not fit."""
    written = written_plan(folder)
    with session(dsn) as (connection, ask), other_session(other_dsn) as elsewhere:
        refuse_another_schema(written.plan, connection)
        found = list(states(written.plan, ask, elsewhere))
        jobs = _jobs(written.plan, ask)
    lines = list(_lines(written, folder, found, jobs))
    for phase in written.plan.phases:
        say(f"{phase.name.value}: {phase.title}")
        if phase.deploy:
            say(f"  {phase.deploy}")
        for one in lines:
            if one.phase is phase:
                say(f"  {one.state.value:<5} {one.id:<14} {one.title}")
    following = next((one for one in lines if one.state is State.OPEN), None)
    if following is None:
        say("every step is done")
        return
    say(f"next is {following.id}: {following.title}")
    for deploy in _deploys(written.plan, lines, following):
        say(f"  first   {deploy}")
    if following.phase.gates:
        say(f"  ask     migrasafe gate {quote(str(folder))} {following.phase.name.value}")
    say(f"  run     {following.run}")


def _deploys(plan: Plan, lines: list[_Line], following: _Line) -> list[str]:
    """What people deploy between the last line that is done and this one, which no catalog tells."""
    done = [plan.phases.index(one.phase) for one in lines if one.state in (State.DONE, State.PAST)]
    last = plan.phases.index(following.phase)
    between = plan.phases[max((one for one in done if one < last), default=-1) + 1 : last + 1]
    return [phase.deploy for phase in between if phase.deploy]


def _lines(
    written: Written, folder: Path, found: list[tuple[Phase, tuple[StepState, ...]]], jobs: dict[str, str]
) -> Iterator[_Line]:
    """In the order in which they are run."""
    for number, (phase, steps) in enumerate(found):
        later = [one.state for _, after in found[number + 1 :] for one in after]
        over = any(state in (State.DONE, State.PAST) for state in later)
        before, afterwards = jobs_of(written.plan, phase)
        yield from (_job(written.plan, phase, folder / file, jobs, over=over) for file in before)
        for one in steps:
            run = f"psql -f {quote(str(folder / file_of(phase, one.step)))}"
            if one.step.database:
                run += f"  # in the {one.step.database}"
            yield _Line(state=one.state, id=one.step.id, title=one.step.title, run=run, phase=phase)
        yield from (_job(written.plan, phase, folder / file, jobs, over=over) for file in afterwards)


def _job(plan: Plan, phase: Phase, file: Path, jobs: dict[str, str], *, over: bool) -> _Line:
    """`over`: a later phase has begun, so that nothing waits for the job."""
    name = job_id(plan, file.name)
    said = jobs.get(name)
    state = State.DONE if said == "done" else State.PAST if over else State.OPEN
    title = f"The backfill {name}" + (f", which is {said}" if said not in (None, "done") else "")
    return _Line(
        state=state, id=phase.name.value, title=title, run=f"migrasafe backfill run {quote(str(file))}", phase=phase
    )


def _jobs(plan: Plan, ask: Ask) -> dict[str, str]:
    """The jobs of the plan that have begun: name → status."""
    if ask("SELECT to_regclass('migrasafe.backfill_job') IS NOT NULL") != "t":
        return {}
    names = [job_id(plan, file) for phase in plan.phases for files in jobs_of(plan, phase) for file in files]
    asked = {
        name: ask(f"SELECT (SELECT status FROM migrasafe.backfill_job WHERE name = {quote_literal(name)})")
        for name in names
    }
    return {name: status for name, status in asked.items() if status}
