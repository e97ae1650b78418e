"""What a plan stands on, in one short word: the shape of its tables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from migrasafe.schema.model import Ref, Schema, Table, View
from migrasafe.sql.quote import spell_type
from migrasafe.sql.statements import ConstraintKind


def fingerprint(schema: Schema, tables: Iterable[Ref]) -> str:
    """The same for the same columns, constraints and indexes, wherever the schema was read from."""
    lines = sorted(line for ref in tables for line in _facts(schema, ref))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _facts(schema: Schema, ref: Ref) -> Iterator[str]:
    relation = schema.relation(ref)
    if isinstance(relation, View):
        yield f"{ref} view {' '.join(relation.columns)}"
    if not isinstance(relation, Table):
        return
    for column in relation.columns:
        kind = spell_type(column.type) if column.type is not None else "?"
        yield f"{ref}.{column.name} {kind}{' NOT NULL' if column.not_null else ''}"
    for constraint in relation.constraints:
        if constraint.kind is not ConstraintKind.NOT_NULL:  # the column says it; only 18 names it
            yield f"{ref} {constraint.kind.value} {constraint.name} {' '.join(sorted(constraint.columns))} {constraint.valid}"
    for index in schema.indexes_of(relation):
        yield f"{ref} index {index.ref.name} {' '.join(sorted(index.reads))} {index.unique} {index.valid}"
