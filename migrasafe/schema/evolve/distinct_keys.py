"""Of keys that say the same, PostgreSQL makes one: `UNIQUE UNIQUE`, a UNIQUE over the columns of the primary key, two EXCLUDE
of the same columns, operators and WHERE."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from migrasafe.sql.expressions import without_places
from migrasafe.sql.statements import ConstraintDef, ConstraintKind

INDEXED = (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE, ConstraintKind.EXCLUDE)
_PRIMARY_KEY = ConstraintKind.PRIMARY_KEY


def distinct_keys(definitions: Iterable[ConstraintDef]) -> list[ConstraintDef]:
    """PRIMARY KEY, UNIQUE and EXCLUDE, the primary key first, and only one of those that say the same."""
    indexed = [d for d in definitions if d.kind in INDEXED]
    if len(indexed) < 2:
        return indexed
    keys: dict[object, ConstraintDef] = {}
    indexed.sort(key=lambda d: d.kind is not _PRIMARY_KEY)
    for definition in indexed:
        same = (
            definition.columns,
            definition.include,
            definition.nulls_not_distinct,
            definition.deferrable,
            definition.initially_deferred,
            definition.without_overlaps,
            definition.exclude_method,
            *(str(without_places(one.node)) for one in (definition.expression, *definition.exclusions) if one),
        )
        first = keys.get(same)
        if first is None:
            keys[same] = definition
        elif first.name is None and definition.name is not None:
            keys[same] = replace(first, name=definition.name)
    return list(keys.values())
