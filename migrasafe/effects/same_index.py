"""Whether an index that is there is the one that is wanted: PostgreSQL then attaches it to the index of the parent."""

from __future__ import annotations

from migrasafe.schema.model import Index
from migrasafe.sql.expressions import same_expression


def same_index(a: Index, b: Index) -> bool:
    if (a.unique, a.method, a.include, len(a.elements)) != (b.unique, b.method, b.include, len(b.elements)):
        return False
    if (a.predicate is None) != (b.predicate is None):
        return False
    if a.predicate is not None and b.predicate is not None and not same_expression(a.predicate, b.predicate):
        return False
    for left, right in zip(a.elements, b.elements, strict=True):
        if left.column != right.column:
            return False
        if left.expression is not None and right.expression is not None:
            if not same_expression(left.expression, right.expression):
                return False
        elif left.expression is not right.expression:
            return False
    return True
