"""Who depends on whom, while one statement changes it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from migrasafe.schema.added import different
from migrasafe.schema.evolve.needs import Part
from migrasafe.schema.model import Ref, Table
from migrasafe.schema.persistent_map import NOTHING, PersistentMap


class Dependents:
    """Schema.dependents being changed."""

    __slots__ = ("listed",)

    def __init__(self, listed: PersistentMap[Ref, PersistentMap[Ref, None]]) -> None:
        self.listed = listed

    def of(self, ref: Ref) -> list[Ref]:
        """In the order of names, so that the same history always gives the same schema."""
        return sorted(self.listed.get(ref, ()))

    def depend(self, dependent: Ref, on: Iterable[Ref]) -> None:
        for need in on:
            if need == dependent:
                continue
            known = self.listed.get(need)
            if known is None:
                self.listed = self.listed.insert(need, PersistentMap(((dependent, None),)))
            elif dependent not in known:
                self.listed = self.listed.insert(need, known.insert(dependent, None))

    def forget(self, dependent: Ref, on: Iterable[Ref]) -> None:
        for need in on:
            known = self.listed.get(need)
            if known is not None and dependent in known:
                rest = known.remove(dependent)
                self.listed = self.listed.insert(need, rest) if rest else self.listed.remove(need)

    def take(self, ref: Ref, *, is_shared: bool) -> list[Ref]:
        """What depended on something that is gone; no longer listed, unless something else of that name is left."""
        found = self.of(ref)
        if found and not is_shared:
            self.listed = self.listed.remove(ref)
        return found

    def move(self, old: Ref, new: Ref, *, is_shared: bool) -> list[Ref]:
        """List under the new name what depended on the old one, which keeps it if something else is called so; returns it."""
        moved = self.listed.get(old)
        if moved is None:
            return []
        both = PersistentMap((*self.listed.get(new, NOTHING).items(), *moved.items()))
        self.listed = (self.listed if is_shared else self.listed.remove(old)).insert(new, both)
        return sorted(moved)


def parts_changed(old: Table, new: Table) -> tuple[list[Part], list[Part]]:
    """The parts of a table that are new, and those that are gone."""
    pairs: tuple[tuple[Sequence[Part], Sequence[Part]], ...] = (
        (old.columns, new.columns),
        (old.constraints, new.constraints),
        (old.triggers, new.triggers),
        (old.policies, new.policies),
    )
    added: list[Part] = []
    removed: list[Part] = []
    for before, after in pairs:
        if before is not after:
            gone, made = different(before, after)
            added.extend(made)
            removed.extend(gone)
    return added, removed
