"""The sequences that belong to tables."""

from __future__ import annotations

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.model import Ref, Sequence


def sequences_owned_by(draft: Draft, table: Ref, column: str | None = None) -> list[Sequence]:
    """Sequences that belong to a table, or to one of its columns."""
    found = []
    for ref in draft.links.of(table):
        relation = draft.relations.get(ref)
        if isinstance(relation, Sequence) and relation.owned_by is not None:
            owner, owner_column = relation.owned_by
            if owner == table and column in (None, owner_column):
                found.append(relation)
    return found
