"""What tests take: CPU seconds, which other work on the machine leaves as they are, and seconds of the clock."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping

from msgspec import Struct


class Spent(Struct, frozen=True, kw_only=True):
    """What one test takes, or several."""

    cpu: float = 0.0
    """Of the process and of its children that have ended."""
    clock: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(cpu=self.cpu + other.cpu, clock=self.clock + other.clock)

    def __sub__(self, other: Spent) -> Spent:
        return Spent(cpu=self.cpu - other.cpu, clock=self.clock - other.clock)


def spent_so_far() -> Spent:
    times = os.times()
    cpu = times.user + times.system + times.children_user + times.children_system
    return Spent(cpu=cpu, clock=time.monotonic())


def as_many_as(tests: Iterable[str], taken: Mapping[str, Spent], cpu_seconds: float) -> list[str]:
    """The first tests, as many as take so much together, and one at least."""
    chosen: list[str] = []
    so_far = 0.0
    for test in tests:
        so_far += taken.get(test, Spent()).cpu
        if chosen and so_far >= cpu_seconds:
            break
        chosen.append(test)
    return chosen


def limit(tests: Iterable[str], taken: Mapping[str, Spent]) -> Spent:
    """More than this only a mutant takes that never ends: thrice the CPU seconds of its tests; and by the clock, which runs on
    while others have the machine, far more, for those that wait instead of working."""
    together = sum((taken.get(test, Spent()) for test in tests), Spent())
    return Spent(cpu=10 + 3 * together.cpu, clock=120 + 20 * together.clock)
