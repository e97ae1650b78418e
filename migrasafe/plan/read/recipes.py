"""Several statements of a migration that are one change, because people have no shorter way to say it."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan.changes.model import Change
from migrasafe.sql.statements import Statement


class Recipe(Struct, frozen=True, kw_only=True):
    change: Change
    first: Statement
    """The statement in the place of which the change stands."""
    parts: tuple[object, ...]
    """The statements, and the actions of an ALTER TABLE, that belong to it."""

    def owns(self, part: object) -> bool:
        return any(part is one for one in self.parts)
