"""Whether an index that is there is the one that is wanted: PostgreSQL then attaches it to the index of the parent."""

from __future__ import annotations

from migrasafe.schema.model import Index
from migrasafe.sql.expressions import same_or_none


def same_index(one: Index, other: Index) -> bool:
    """CompareIndexInfo: never for EXCLUDE, whose operators PostgreSQL does not compare."""
    return (
        not _excludes(one)
        and not _excludes(other)
        and one.unique == other.unique
        and one.method == other.method
        and one.include == other.include
        and one.nulls_not_distinct == other.nulls_not_distinct
        and len(one.elements) == len(other.elements)
        and all(
            a.column == b.column
            and same_or_none(a.expression, b.expression)
            and a.opclass == b.opclass
            and a.collation == b.collation
            for a, b in zip(one.elements, other.elements, strict=True)
        )
        and same_or_none(one.predicate, other.predicate)
    )


def _excludes(index: Index) -> bool:
    return index.constraint is not None and not index.unique
