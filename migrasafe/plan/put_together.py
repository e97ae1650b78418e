"""A drafted change as a plan: steps numbered, and told what PostgreSQL does when they run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from migrasafe.effects.model import Effects
from migrasafe.migrations.model import Migration, Part, TransactionMode
from migrasafe.plan.changes.model import Draft, Ground
from migrasafe.plan.fingerprint import fingerprint
from migrasafe.plan.model import Phase, Plan, Step, TableLock
from migrasafe.rules.context import Step as Judged
from migrasafe.schema.model import Ref, Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target
from migrasafe.walk import Walk


def put_together(draft: Draft, ground: Ground) -> Plan:
    """The plan of a drafted change."""
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
        phases=tuple(phases),
        why=draft.why,
        assumed=draft.assumed,
        by_hand=draft.by_hand,
        differs=draft.differs,
    )


def _described(step: Step, schema: Schema, place: int, target: Target) -> tuple[Step, Schema]:
    """The step with its locks and work, and the schema after it."""
    source = Source(path=step.title, text=";\n".join(step.statements) + ";\n")
    mode = TransactionMode.NONE if step.long else TransactionMode.ONE
    migration = Migration(id=str(place), path=step.title, parts=(Part(script=read_script(source), transaction=mode),))
    walk = Walk(migration, place, schema, target=target)
    found: list[Judged] = []
    walk.run(found.append)
    locks = tuple(_strongest(found))
    work = tuple(dict.fromkeys(f"{work.kind.value} of {work.relation}" for one in found for work in one.effects.work))
    return replace(step, locks=locks, work=work), walk.schema


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
