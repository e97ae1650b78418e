"""A table and the tables below it: partitions and inheritance children."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.model import Table


def children_of(draft: Draft, table: Table) -> Iterator[Table]:
    """The partitions and inheritance children of a table."""
    for ref in (*table.partitions, *table.children):
        child = draft.table(ref)
        if child is not None:
            yield child


def below(draft: Draft, table: Table) -> list[Table]:
    """Every table below one, nearest first, each once, as it stands now."""
    if not table.partitions and not table.children:
        return []
    found: dict[object, Table] = {}
    level = [table]
    while level:
        level = [child for one in level for child in children_of(draft, one) if child.ref not in found]
        found.update((child.ref, child) for child in level)
    found.pop(table.ref, None)
    return list(found.values())


def is_within(draft: Draft, table: Table, above: Table) -> bool:
    """Whether a table is the other, or somewhere below it: PostgreSQL refuses to put that one below the table."""
    return any(one.ref == table.ref for one in (above, *below(draft, above)))


def family(draft: Draft, table: Table, *, only: bool) -> list[Table]:
    """The table, and unless `only` every table below it."""
    return [table] if only else [table, *below(draft, table)]
