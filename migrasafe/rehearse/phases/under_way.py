"""A plan carried out while both versions are at work; and once more, every step killed on its way."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

from msgspec import Struct

from migrasafe.plan.evidence import Failure
from migrasafe.plan.model import Phase, Plan, Step
from migrasafe.postgres.attempt import attempt
from migrasafe.postgres.connect import Connection, connect, run
from migrasafe.quantities import say_count
from migrasafe.rehearse.phases import carry_out
from migrasafe.rehearse.phases.opening import open_phase, run_jobs, runs
from migrasafe.rehearse.same.catalog_lines import catalog_lines, differences
from migrasafe.rehearse.stage import Stage
from migrasafe.rehearse.traffic.race import AppError, Race
from migrasafe.rehearse.traffic.storm import unique_names, upsert_storm
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref

MOST_ERRORS_TOLD = 5


_UPSERT = "ON CONFLICT"


class Raced(Struct, frozen=True, kw_only=True):
    counts: Mapping[str, int]
    """Version → how often it wrote or read."""
    notes: tuple[str, ...]
    failures: tuple[Failure, ...]
    """What the versions met that they must not meet."""


def race(plan: Plan, stage: Stage, dsn: str) -> Raced:
    """The plan, while both versions are at work."""
    at_work = Race(dsn, rows=stage.rows, seed=stage.seed)
    failures: list[Failure] = []
    notes: list[str] = []
    known = unique_names(dsn)
    with ExitStack() as new_version, ExitStack() as old_version:
        still_old, new_runs = True, False
        waits = [old_version.enter_context(at_work.running("old", stage.old))]
        for phase in plan.phases:
            at_work.moment = phase.name.value
            if still_old and not runs(plan, phase.name, "old"):
                old_version.close()
                waits = waits[1:]
                still_old = False
                failures += _jobs_again(plan, phase, dsn)
            for failure in open_phase(plan, phase, dsn):
                if still_old and _comes_back(plan, phase, failure):
                    notes.append(f"{phase.name.value}, as long as the old version is at work: {failure.message}")
                else:
                    failures.append(failure)
            failures += _steps(dsn, at_work, [step for step in phase.own_steps if not step.loses])
            if phase.between:
                notes.append(
                    f"{phase.name.value}: nobody plays the version that lives with both, whose statements are not known"
                )
            if runs(plan, phase.name, "new") and not new_runs:
                new_runs = True
                waits.append(new_version.enter_context(at_work.running("new", stage.new)))
            for wait in waits:
                wait()
            if runs(plan, phase.name, "old"):
                at_work.errors += upsert_storm(
                    dsn, "old", stage.old, rows=stage.rows, moment=phase.name.value, known=known
                )
            failures += _steps(dsn, at_work, phase.own_for_good)
            failures += run_jobs(plan, phase, phase.afterwards, dsn)
            for wait in waits:
                wait()
            if failures:
                break
    foretold = [one for one in at_work.errors if _is_foretold(plan, one)]
    failures += _told([one for one in at_work.errors if one not in foretold])
    if foretold:
        notes.append(
            f"{say_count(len(foretold), 'upsert')} met what the plan says that they can meet: {foretold[0].message}"
        )
    return Raced(counts=at_work.counts, notes=tuple(notes), failures=tuple(failures))


def _comes_back(plan: Plan, phase: Phase, failure: Failure) -> bool:
    """Whether it is of a job that has to be run again when the old version is gone, for that goes on writing other values."""
    jobs = [job for one in plan.phases for job in one.backfills if job.overwrites]
    if failure.about == "backfill":
        return any(job in jobs for job in phase.backfills)
    return any(
        gate.query is not None and job.where in gate.query and failure.message.startswith(gate.question)
        for gate in phase.gates
        for job in jobs
    )


def _jobs_again(plan: Plan, now: Phase, dsn: str) -> Iterator[Failure]:
    """Run the jobs before phase `now` whose work the old version may have undone until it ended."""
    for phase in plan.phases[: plan.phases.index(now)]:
        for number, job in enumerate(phase.backfills):
            failed = carry_out.fill(dsn, plan.id, number, job) if job.overwrites else None
            if failed is not None:
                yield Failure(about="backfill", where=phase.name.value, message=failed)


def _is_foretold(plan: Plan, error: AppError) -> bool:
    """Whether the plan says of that phase that an upsert can meet this."""
    return _UPSERT in error.sql and any(
        error.sqlstate in phase.may_meet for phase in plan.phases if phase.name.value in error.moment
    )


def _steps(dsn: str, at_work: Race, steps: Sequence[Step]) -> Iterator[Failure]:
    with connect(dsn) as session:
        for step in steps:
            at_work.moment = step.id
            refused = carry_out.do(session, step)
            if refused is not None:
                said = f"under traffic the server refused it: {refused.message} ({refused.code})"
                yield Failure(about="step", where=step.id, message=said)
                return


def _told(errors: Sequence[AppError]) -> Iterator[Failure]:
    told: set[tuple[str, str, str]] = set()
    for error in errors:
        alike = (error.version, error.moment, error.sqlstate or error.message[:40])
        if alike in told or len(told) >= MOST_ERRORS_TOLD:
            continue
        told.add(alike)
        count = sum((one.version, one.moment, one.sqlstate or one.message[:40]) == alike for one in errors)
        code = f" ({error.sqlstate})" if error.sqlstate else ""
        often = f", {count} times" if count > 1 else ""
        said = f"the {error.version} version met{often}: {error.message}{code}, in `{error.sql}`"
        yield Failure(about="race", where=error.moment, message=said)


def kill_and_resume(plan: Plan, stage: Stage, dsn: str) -> tuple[int, tuple[Failure, ...]]:
    """How many steps were killed on their way, and what did not come to its end when it was run again."""
    rng = random.Random(stage.seed)
    kills = 0
    failures: list[Failure] = []
    for phase in plan.phases:
        failures += open_phase(plan, phase, dsn)
        for step in phase.own_steps:
            kills += _kill(dsn, step, rng)
            with connect(dsn) as session:
                refused = carry_out.do(session, step)
                if refused is not None:
                    said = f"killed and run again, it fails: {refused.message} ({refused.code})"
                    failures.append(Failure(about="kill", where=step.id, message=said))
                    return kills, tuple(failures)
        if failures:
            return kills, tuple(failures)
    left = differences(stage.end, catalog_lines(dsn)) if stage.end is not None and not plan.ends_otherwise else ()
    if left:
        said = f"killed and run again, the plan ends with another schema: {left[0]}"
        failures.append(Failure(about="kill", where="end", message=said))
    return kills, tuple(failures)


def _kill(dsn: str, step: Step, rng: random.Random) -> bool:
    """Run some of a step and end its session; whether that came before the step's end."""
    with connect(dsn) as killer:
        session = connect(dsn)
        if not carry_out.is_open(session, step):
            session.close()
            return False
        if step.long:
            with connect(dsn) as writer:  # whom a concurrent build waits for, its index there and not valid
                run(writer, "BEGIN")
                for lock in step.locks:
                    attempt(writer, f"LOCK TABLE {name_of(Ref.of(lock.table))} IN ROW EXCLUSIVE MODE")
                timer = threading.Timer(0.02 + rng.random() * 0.08, lambda: _end(killer, session))
                timer.start()
                refused = next((said for one in step.statements if (said := attempt(session, one)) is not None), None)
                timer.join()
            session.close()
            return refused is not None
        run(session, "BEGIN")
        for statement in step.statements[: rng.randint(1, len(step.statements))]:
            attempt(session, statement)
        _end(killer, session)
        session.close()
        return True


def _end(killer: Connection, session: Connection) -> None:
    run(killer, "SELECT pg_catalog.pg_terminate_backend(%s)", session.info.backend_pid)
