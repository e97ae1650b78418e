"""DROP of anything."""

from __future__ import annotations

from collections.abc import Callable

from migrasafe.schema.evolve.access import remove_policy
from migrasafe.schema.evolve.cascade import lose, remove_functions, remove_relation, remove_type
from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.functions import overloads_meant, remove_trigger
from migrasafe.schema.model import Sequence, Table, View
from migrasafe.sql.statements import Drop, DroppedObject, Name


def drop(draft: Draft, statement: Drop) -> None:
    """Take out each object with what belongs to it and what depends on it."""
    remove = _DROPS.get(statement.kind)
    if remove is None:
        return
    objects = statement.objects
    if len(objects) > 1 and statement.kind in _BY_THEIR_PATH:
        # All are looked up before any is gone: what one of them hid is not meant by the next.
        meant = dict.fromkeys(draft.resolve(*dropped.name) for dropped in objects)
        objects = tuple(DroppedObject(name=Name(*ref)) for ref in meant)
    for dropped in objects:
        remove(draft, dropped)


def _relation(kind: type[View] | type[Sequence]) -> Callable[[Draft, DroppedObject], None]:
    def remove(draft: Draft, dropped: DroppedObject) -> None:
        ref = draft.resolve(*dropped.name)
        if isinstance(draft.relations.get(ref), kind):
            remove_relation(draft, ref)

    return remove


def _table(draft: Draft, dropped: DroppedObject) -> None:
    ref = draft.resolve(*dropped.name)
    relation = draft.relations.get(ref)
    if isinstance(relation, Table):
        remove_relation(draft, ref)
    elif relation is None and not draft.complete:
        # Never seen being made, but views and keys that mention it go with it.
        for dependent in draft.links.take(ref, is_shared=draft.names_more(ref, draft.relations)):
            lose(draft, dependent, ref)


def _index(draft: Draft, dropped: DroppedObject) -> None:
    ref = draft.resolve(*dropped.name)
    if draft.index(ref) is not None:
        remove_relation(draft, ref)


def _type(draft: Draft, dropped: DroppedObject) -> None:
    remove_type(draft, draft.find_type(dropped.name))


def _function(draft: Draft, dropped: DroppedObject) -> None:
    _of_kind(draft, dropped, "FUNCTION")


def _procedure(draft: Draft, dropped: DroppedObject) -> None:
    _of_kind(draft, dropped, "PROCEDURE")


def _routine(draft: Draft, dropped: DroppedObject) -> None:
    _of_kind(draft, dropped, "ROUTINE")


def _of_kind(draft: Draft, dropped: DroppedObject, kind: str) -> None:
    """DROP FUNCTION: a procedure of that name stays, which IF EXISTS does not mind."""
    ref = draft.find_function(dropped.name)
    gone = overloads_meant(draft, ref, dropped.arguments, kind)
    if gone:
        remove_functions(draft, ref, gone)


def _trigger(draft: Draft, dropped: DroppedObject) -> None:
    if dropped.table is not None:
        remove_trigger(draft, dropped.table, dropped.name.name)


def _policy(draft: Draft, dropped: DroppedObject) -> None:
    if dropped.table is not None:
        remove_policy(draft, dropped.table, dropped.name.name)


def _publication(draft: Draft, dropped: DroppedObject) -> None:
    if dropped.name.name in draft.publications:
        draft.publications = draft.publications.remove(dropped.name.name)


def _extension(draft: Draft, dropped: DroppedObject) -> None:
    if dropped.name.name in draft.extensions:
        draft.extensions = draft.extensions.remove(dropped.name.name)


def _schema(draft: Draft, dropped: DroppedObject) -> None:
    """Everything in it goes: the one statement that has to look at every object."""
    schema = dropped.name.name
    for ref in sorted(ref for ref in draft.relations if ref.schema == schema):
        remove_relation(draft, ref)
    for ref in sorted(ref for ref in draft.types if ref.schema == schema):
        remove_type(draft, ref)
    for ref in sorted(ref for ref in draft.functions if ref.schema == schema):
        remove_functions(draft, ref, draft.functions.get(ref, ()))
    for place in [one for one in draft.default_grants if one[0] == schema]:
        draft.default_grants = draft.default_grants.remove(place)
    if schema in draft.schemas:
        draft.schemas = draft.schemas.remove(schema)


_BY_THEIR_PATH = frozenset({"TABLE", "FOREIGN TABLE", "VIEW", "MATERIALIZED VIEW", "SEQUENCE", "INDEX"})

_DROPS: dict[str, Callable[[Draft, DroppedObject], None]] = {
    "TABLE": _table,
    "FOREIGN TABLE": _table,
    "VIEW": _relation(View),
    "MATERIALIZED VIEW": _relation(View),
    "SEQUENCE": _relation(Sequence),
    "INDEX": _index,
    "TYPE": _type,
    "DOMAIN": _type,
    "FUNCTION": _function,
    "PROCEDURE": _procedure,
    "ROUTINE": _routine,
    "AGGREGATE": _function,
    "TRIGGER": _trigger,
    "POLICY": _policy,
    "PUBLICATION": _publication,
    "EXTENSION": _extension,
    "SCHEMA": _schema,
}
