"""A drafted change as a plan: steps numbered, and told what PostgreSQL does when they run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from migrasafe.effects.model import Effects
from migrasafe.plan.app_code.model import changed_tables
from migrasafe.plan.app_code.phases import with_code
from migrasafe.plan.changes.model import Draft, Ground
from migrasafe.plan.fingerprint import fingerprint
from migrasafe.plan.foresee import foresee
from migrasafe.plan.model import Phase, Plan, Step
from migrasafe.plan.table_lock import TableLock
from migrasafe.rules.context import Step as Judged
from migrasafe.schema.model import Ref, Schema
from migrasafe.target import Target


def put_together(draft: Draft, ground: Ground, migration: Sequence[str] = ()) -> Plan:
    """The plan of a drafted change. `migration`: the statements that it stands for."""
    schema = ground.schema
    prints = [fingerprint(schema, draft.tables)]
    phases: list[Phase] = []
    place = 0
    for phase in draft.phases:
        steps: list[Step] = []
        for number, step in enumerate(phase.steps, start=1):
            place += 1
            described, schema = _described(step, schema, place, ground.target)
            steps.append(replace(described, id=f"{phase.name.value}-{number}"))
            prints.append(fingerprint(schema, draft.tables))
        phases.append(replace(phase, steps=tuple(steps)))
    return Plan(
        id=ground.id,
        title=draft.title,
        pg_version=ground.target.pg_version,
        tables=tuple(str(ref) for ref in draft.tables),
        fingerprints=tuple(dict.fromkeys(prints)),
        phases=with_code(phases, tuple(changed_tables(ground.schema, schema, draft.tables, draft.kept))),
        why=draft.why,
        assumed=draft.assumed,
        by_hand=draft.by_hand,
        differs=draft.differs,
        migration=tuple(migration),
    )


def _described(step: Step, schema: Schema, place: int, target: Target) -> tuple[Step, Schema]:
    """The step with its locks and work, and the schema after it."""
    found, after = foresee(step.statements, schema, target, place=place, alone=step.long)
    locks = tuple(_strongest(found))
    work = tuple(dict.fromkeys(f"{work.kind.value} of {work.relation}" for one in found for work in one.effects.work))
    return replace(step, locks=locks, work=work), after


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
