"""What PostgreSQL refuses since a name means another kind of thing, or is taken."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.articles import with_article
from migrasafe.effects.model import Failure, Trouble, unsupported
from migrasafe.effects.situation import Situation
from migrasafe.schema.model import Index, Relation, RelationKind, Sequence, Table, View
from migrasafe.sql.statements import Drop, Rename

_DROPPED_AS = {
    "TABLE": {RelationKind.TABLE, RelationKind.PARTITIONED_TABLE},
    "FOREIGN TABLE": {RelationKind.FOREIGN_TABLE},
    "VIEW": {RelationKind.VIEW},
    "MATERIALIZED VIEW": {RelationKind.MATERIALIZED_VIEW},
    "INDEX": {RelationKind.INDEX},
    "SEQUENCE": {RelationKind.SEQUENCE},
}


def refused_drop(statement: Drop, situation: Situation) -> Iterator[Failure]:
    if statement.kind == "INDEX" and statement.concurrently:
        names = ", ".join(str(dropped.name) for dropped in statement.objects)
        if len(statement.objects) > 1:
            yield unsupported("DROP INDEX CONCURRENTLY takes one index: write a statement for each", names)
        elif statement.cascade:
            yield unsupported("DROP INDEX CONCURRENTLY does not take CASCADE", names)
    kinds = _DROPPED_AS.get(statement.kind)
    for dropped in statement.objects if kinds is not None else ():
        ref = situation.ref(dropped.name)
        kind = _kind_of(situation.schema.relation(ref))
        if kind is not None and kinds is not None and kind not in kinds:
            yield Failure(
                trouble=Trouble.WRONG_OBJECT,
                reason=f"{dropped.name} is no {statement.kind.lower()} but {with_article(kind.value)}",
                objects=(str(ref),),
            )


def _kind_of(relation: Relation | None) -> RelationKind | None:
    """None where it is not known: a table that was never seen being made may be a view."""
    match relation:
        case Table():
            return relation.kind if relation.complete else None
        case View():
            return relation.kind
        case Index():
            return RelationKind.INDEX
        case Sequence():
            return RelationKind.SEQUENCE
    return None


def refused_rename(statement: Rename, situation: Situation) -> Iterator[Failure]:
    """A column whose new name another column has."""
    table = situation.table(statement.name)
    if statement.kind != "COLUMN" or table is None or table.column(statement.part or "") is None:
        return
    if table.column(statement.new_name) is not None:
        yield Failure(
            trouble=Trouble.DUPLICATE_COLUMN,
            reason=f"column {statement.new_name} of table {table.ref.name} exists already",
            objects=(f"{table.ref}.{statement.new_name}",),
        )
