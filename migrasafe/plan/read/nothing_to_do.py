"""Statements whose IF EXISTS, IF NOT EXISTS or block leaves them nothing to do."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan.changes.model import Draft, Ground


class NothingToDo(Struct, frozen=True, kw_only=True):
    statement: str
    """Its first words."""

    def plan(self, ground: Ground) -> Draft:
        """Nothing, and what that rests on."""
        told = f"the schema says that {self.statement} has nothing to do, so the plan leaves it out"
        return Draft(title="", tables=(), phases=(), assumed=(told,))
