"""Why a plan is safe, from what its steps do: for changes that chose between no ways, and so have no reasons of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrasafe.plan.model import Phase, Step
from migrasafe.quantities import say_bytes, say_count
from migrasafe.schema.sizes import TableSize

_HARMLESS = frozenset({"ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"})
"""Locks beside which everybody reads and writes."""


def reasons(phases: Sequence[Phase], sizes: Sequence[TableSize]) -> Iterator[str]:
    """What grows with the tables, and who waits for it."""
    if any(phase.backfills or phase.afterwards for phase in phases):
        yield "rows are changed in batches, each in a transaction of its own: nobody waits for all of them, and replicas keep up"
    steps = [step for phase in phases for step in phase.steps if not step.database and not step.window]
    worked = [step for step in steps if step.work]
    for step in worked:
        yield f"{step.id} takes longer on a big table ({', '.join(step.work)}){_beside(step)}"
    if steps and not worked:
        tables = ", ".join(_said(size) for size in sizes)
        yield (
            "every lock is held for an instant: no step reads or writes rows, so it does not matter how many there are"
            + (f" ({tables})" if tables else "")
        )


def _beside(step: Step) -> str:
    if {lock.mode for lock in step.locks} <= _HARMLESS:
        return ", and everybody reads and writes meanwhile"
    return ""


def _said(size: TableSize) -> str:
    return f"{size.table}: {say_count(size.rows, 'row')}, {say_bytes(size.heap_bytes)}"
