"""Which objects differ between two schemas, by bare name: only queries that name one of them are looked at again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from migrasafe.app.resolve import Ever
from migrasafe.schema.model import ColumnRef, Ref, Relation, Schema, Table, View


def changed_names(before: Schema, after: Schema) -> frozenset[str]:
    """The bare names of all relations, types and functions that are not the same, of the tables they refer to, and of
    those that are published otherwise."""
    names: set[str] = set()
    for ref, relation in _differing(before, after):
        names.add(ref.name)
        table = getattr(relation, "table", None)
        if isinstance(table, Ref):
            names.add(table.name)
        for constraint in relation.constraints if isinstance(relation, Table) else ():
            if constraint.target is not None:
                names.add(constraint.target.name)
    names.update(ref.name for ref in (*before.types, *after.types) if before.types.get(ref) is not after.types.get(ref))
    functions = (*before.functions, *after.functions)
    names.update(ref.name for ref in functions if before.functions.get(ref) is not after.functions.get(ref))
    if before.publications is not after.publications:
        names.update(_published_otherwise(before, after))
    return frozenset(names)


def _published_otherwise(before: Schema, after: Schema) -> Iterator[str]:
    """The tables that may be in another publication than before."""
    for name in {*before.publications, *after.publications}:
        ours = [schema.publications.get(name) for schema in (before, after)]
        if ours[0] == ours[1]:
            continue
        for one in ours:
            for ref, relation in after.relations.items() if one is not None else ():
                if one is not None and (one.all_tables or ref.schema in one.schemas or ref in one.tables):
                    yield ref.name
                    yield from (part.name for part in relation.partitions) if isinstance(relation, Table) else ()


def _differing(before: Schema, after: Schema) -> Iterator[tuple[Ref, Relation]]:
    if before.relations is after.relations:
        return
    for ref, relation in before.relations.items():
        if after.relations.get(ref) is not relation:
            yield ref, relation
    for ref, relation in after.relations.items():
        if before.relations.get(ref) is not relation:
            yield ref, relation


def ever(schemas: Iterable[Schema]) -> Ever:
    """All that any of the schemas has."""
    relations: dict[Ref, Relation] = {}
    columns: set[ColumnRef] = set()
    functions: set[Ref] = set()
    types: set[Ref] = set()
    for schema in schemas:
        functions.update(schema.functions)
        types.update(schema.types)
        for ref, relation in schema.relations.items():
            if relations.get(ref) is relation:
                continue
            relations[ref] = relation
            if isinstance(relation, Table):
                columns.update(ColumnRef(ref, column.name) for column in relation.columns)
            elif isinstance(relation, View):
                columns.update(ColumnRef(ref, name) for name in relation.columns)
    return Ever(
        relations=frozenset(relations),
        columns=frozenset(columns),
        functions=frozenset(functions),
        types=frozenset(types),
    )


def columns_gone(before: Schema, after: Schema) -> frozenset[ColumnRef]:
    """The columns that a migration drops or renames in tables and views that stay."""
    if before.relations is after.relations:
        return frozenset()
    gone: set[ColumnRef] = set()
    for ref, relation in before.relations.items():
        now = after.relations.get(ref)
        if now is relation or not isinstance(relation, (Table, View)) or not isinstance(now, (Table, View)):
            continue
        gone.update(ColumnRef(ref, name) for name in _names(relation) if name not in _names(now))
    return frozenset(gone)


def _names(relation: Table | View) -> tuple[str, ...]:
    return relation.columns if isinstance(relation, View) else tuple(column.name for column in relation.columns)
