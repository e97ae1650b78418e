"""Sequences."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.schema.evolve.cascade import remove_relation
from migrasafe.schema.evolve.draft import Draft
from migrasafe.schema.evolve.type_names import is_composite
from migrasafe.schema.model import ColumnRef, Sequence
from migrasafe.sql.statements import AlterSequence, CreateSequence, Name


def create_sequence(draft: Draft, statement: CreateSequence) -> None:
    ref = draft.place(statement.name, statement.persistence)
    if statement.if_not_exists and is_composite(draft, ref):
        return
    if ref in draft.relations:
        if statement.if_not_exists or draft.existing_stays:
            return
        remove_relation(draft, ref)
    owner = _owner(draft, statement.owned_by)
    draft.put(Sequence(ref=ref, type=statement.type, owned_by=owner, born=draft.moment))


def alter_sequence(draft: Draft, statement: AlterSequence) -> None:
    sequence = draft.relations.get(draft.resolve(*statement.name))
    if not isinstance(sequence, Sequence):
        return
    changed = sequence
    if statement.type is not None:
        changed = replace(changed, type=statement.type)
    if statement.owned_by is not None or "owned_by" in statement.options:
        changed = replace(changed, owned_by=_owner(draft, statement.owned_by))
    if changed is not sequence:
        draft.put(changed)


def _owner(draft: Draft, owned_by: tuple[Name, str] | None) -> ColumnRef | None:
    if owned_by is None:
        return None
    table, column = owned_by
    return ColumnRef(draft.resolve(*table), column)
