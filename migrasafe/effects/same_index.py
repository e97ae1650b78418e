"""Whether an index that is there is the one that is wanted: PostgreSQL then attaches it to the index of the parent."""

from __future__ import annotations

from migrasafe.schema.model import Index
from migrasafe.sql.expressions import same_or_none


def same_index(a: Index, b: Index) -> bool:
    if (a.unique, a.method, a.include, len(a.elements)) != (b.unique, b.method, b.include, len(b.elements)):
        return False
    return same_or_none(a.predicate, b.predicate) and all(
        left.column == right.column and same_or_none(left.expression, right.expression)
        for left, right in zip(a.elements, b.elements, strict=True)
    )
