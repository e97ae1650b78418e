"""Generated names that are free: PostgreSQL tries one number after the other, and a table may have thousands of them."""

from __future__ import annotations

from collections.abc import Callable

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.generated_names import first_free_from

_MANY = 8
"""So many numbers are tried again for each name, before what was found is kept."""


def free_name(
    draft: Draft, schema: str, first: str, second: str | None, label: str, is_taken: Callable[[str], bool]
) -> str:
    """`first_second_label`, numbered where it is taken. Names that were, are still: none became free since, or
    `Draft.numbered` would not know of them any more. `label` says which names count."""
    key = (schema, first, second or "", label)
    name, number = first_free_from(draft.numbered.get(key, 0), first, second, label, is_taken)
    if number > _MANY and not draft.reserved:
        draft.numbered = draft.numbered.insert(key, number)
    return name
