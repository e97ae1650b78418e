"""A drafted change as a plan: steps numbered, and told what PostgreSQL does when they run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from migrasafe.effects.model import Effects
from migrasafe.plan import estimates
from migrasafe.plan.app_code.model import changed_tables
from migrasafe.plan.app_code.phases import with_code
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.elsewhere.subscribers import Script, script_of
from migrasafe.plan.fingerprint import fingerprint
from migrasafe.plan.foresee import foresee
from migrasafe.plan.model import Backfill, Phase, PhaseName, Plan, Step
from migrasafe.plan.reasons import reasons
from migrasafe.plan.table_lock import TableLock
from migrasafe.quantities import say_seconds
from migrasafe.rules.context import Step as Judged
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref, Schema
from migrasafe.schema.sizes import TableSize
from migrasafe.target import Target


def put_together(draft: Draft, ground: Ground, migration: Sequence[str] = (), sizes: Sequence[TableSize] = ()) -> Plan:
    """The plan of a drafted change. `migration`: the statements that it stands for; `sizes`: of its tables, where a server
    was asked."""
    schema = ground.schema
    by_table = {size.table: size for size in sizes}
    prints = [fingerprint(schema, draft.tables)]
    phases: list[Phase] = []
    place = 0
    fails: list[str] = []
    on_subscribers: list[str] = []
    for phase in draft.phases:
        steps: list[Step] = []
        schemas = [schema]
        for number, step in enumerate(phase.steps, start=1):
            place += 1
            failures: tuple[str, ...] = ()
            described = step
            if not step.database:
                described, schema, failures = _described(step, schema, place, ground.target, by_table)
            if failures and phase.name is not PhaseName.CONTRACT:
                raise NoPlanError(
                    f"the step “{step.title}” would fail: {failures[0]}; change that in a migration before this one, then plan again"
                )
            fails += [f"“{step.title}”, in the contract phase, fails as long as this holds: {one}" for one in failures]
            steps.append(replace(described, id=f"{phase.name.value}-{number}"))
            prints.append(fingerprint(schema, draft.tables))
            schemas.append(schema)
        there = script_of(schemas) if draft.moved is None else Script()
        on_subscribers.extend(there.notes)
        jobs = tuple(_with_estimate(job, by_table) for job in phase.backfills)
        late = tuple(_with_estimate(job, by_table) for job in phase.afterwards)
        with_theirs = _with_subscribers(phase, tuple(steps), there)
        phases.append(replace(with_theirs, backfills=jobs, afterwards=late))
    return Plan(
        id=ground.id,
        title=draft.title,
        pg_version=ground.target.pg_version,
        tables=tuple(str(ref) for ref in draft.tables),
        fingerprints=tuple(dict.fromkeys(prints)),
        phases=with_code(phases, tuple(changed_tables(ground.schema, schema, draft.tables, draft.kept, draft.worked))),
        why=(*(draft.why or reasons(phases, sizes)), *_windows(phases, sizes)),
        assumed=draft.assumed,
        by_hand=(*draft.by_hand, *dict.fromkeys(on_subscribers), *fails),
        differs=draft.differs,
        lets_go=draft.lets_go,
        migration=tuple(migration),
        moved=draft.moved,
        sizes=tuple(sizes),
        estimated=estimates.HOW if sizes else (),
    )


def _with_subscribers(phase: Phase, steps: tuple[Step, ...], there: Script) -> Phase:
    """The phase with what subscribers run before its own steps, and after them."""
    name = phase.name.value
    first = tuple(replace(one, id=f"{name}-subscriber-{place}") for place, one in enumerate(there.first, start=1))
    last = tuple(
        replace(one, id=f"{name}-subscriber-{place}") for place, one in enumerate(there.last, start=1 + len(first))
    )
    asked = () if any(gate.id.startswith("subscribers-") for gate in phase.gates) else there.gates
    every = (*first, *steps, *last)
    return replace(
        phase,
        gates=(*asked, *phase.gates),
        # What cannot be undone comes last.
        steps=(*(one for one in every if not one.loses), *(one for one in every if one.loses)),
    )


def _windows(phases: Iterable[Phase], sizes: Sequence[TableSize]) -> Iterator[str]:
    """Each step that cannot be made beside the app, with how long it takes."""
    for step in (step for phase in phases for step in phase.steps if step.window):
        if step.estimate is not None:
            seconds = f"about {say_seconds(step.estimate.seconds)} are expected"
        else:
            seconds = "" if sizes else "how long is told by a plan that knows the sizes: --schema DSN, or --dsn"
        yield f"{step.id} is a short maintenance window: {step.window}" + (f"; {seconds}" if seconds else "")


def _with_estimate(job: Backfill, sizes: Mapping[str, TableSize]) -> Backfill:
    size = next((size for size in sizes.values() if name_of(Ref.of(size.table)) == job.table), None)
    return job if size is None else replace(job, estimate=estimates.of_backfill(size))


def _described(
    step: Step, schema: Schema, place: int, target: Target, sizes: Mapping[str, TableSize]
) -> tuple[Step, Schema, tuple[str, ...]]:
    """The step with its locks, its work and what that costs, the schema after it, and why it fails for sure."""
    found, after = foresee(step.statements, schema, target, place=place, alone=step.long)
    failures = tuple(failure.reason.rstrip(".") for one in found for failure in one.effects.failures if failure.certain)
    locks = tuple(_strongest(found))
    # What the step has made itself holds no row yet.
    costs = [
        (one.statement, work)
        for one in found
        for work in one.effects.work
        if one.situation.exists_already(work.relation)
    ]
    work = tuple(dict.fromkeys(f"{work.kind.value} of {work.relation}" for _, work in costs))
    return replace(step, locks=locks, work=work, estimate=estimates.of_step(costs, sizes)), after, failures


def _strongest(found: Iterable[Judged]) -> Iterator[TableLock]:
    held: dict[Ref, Effects] = {}
    for one in found:
        for lock in one.effects.locks:
            if one.situation.exists_already(lock.relation):
                before = held.get(lock.relation)
                mine = Effects(locks=(lock,))
                held[lock.relation] = mine if before is None else before.and_(mine)
    for ref, effects in held.items():
        mode = effects.lock_on(ref)
        if mode is not None:
            yield TableLock(table=str(ref), mode=mode.value)
