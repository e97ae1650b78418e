"""How a long migration will end, found out before its statements are judged: so they need not all be kept until it has."""

from __future__ import annotations

from collections.abc import Callable

from migrasafe.rules.context import Step
from migrasafe.walk import Walk

LONG = 5_000
"""Statements of a migration whose steps are too many to be held at once."""
_FEW = 500
"""Of a transaction that need not be looked ahead for: it is over soon."""


def is_long(walk: Walk) -> bool:
    return sum([len(part.script.statements) for part in walk.migration.parts]) >= LONG


def look_ahead(walk: Walk) -> None:
    """Tell a walk that has not begun what its migration comes to, and each long transaction in it: a second walk, which
    predicts no effects, goes there first."""
    ahead = _Ahead(
        walk.migration,
        walk.place,
        walk.at_start,
        target=walk.target,
        in_transaction=walk.in_transaction,
        layout=walk.layout,
    )
    ahead.run()
    walk.endings = ahead.endings
    walk.ending.schema = ahead.endings.get(walk.transaction)
    walk.migration_ending.schema = ahead.schema


def knows_its_end(walk: Walk) -> bool:
    """Whether all steps so far can tell how their transactions end."""
    return walk.ending.schema is not None or not walk.session.in_transaction


class _Ahead(Walk):
    """Notes what each long transaction comes to."""

    _begun_at = 0

    def run(self, visit: Callable[[Step], None] | None = None) -> None:
        super().run(visit)
        self._note()

    def _end(self) -> None:
        if self.ending.schema is None:
            self.ending.schema = self.schema
        self._note()
        super()._end()
        self._begun_at = self.count

    def _note(self) -> None:
        if self.count - self._begun_at >= _FEW and self.ending.schema is not None:
            self.endings[self.transaction] = self.ending.schema
