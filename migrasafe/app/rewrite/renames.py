"""What a migration renames: columns, tables and views, labels of enums, from the names before it to those after it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.migrations.model import Migration
from migrasafe.schema.model import ColumnRef, Ref, Schema
from migrasafe.sql.statements import DoBlock, Rename, RenameEnumValue, Statement

_RELATIONS = frozenset({"TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE"})


class Renames(Struct, frozen=True, kw_only=True):
    """Under the names of before."""

    columns: dict[ColumnRef, str]
    relations: dict[Ref, str]
    labels: dict[tuple[Ref, str], str]
    """(type, label) → the new label."""

    def __bool__(self) -> bool:
        return bool(self.columns or self.relations or self.labels)


def renames(migration: Migration, before: Schema) -> Renames:
    """All renames of a migration; one of a thing that was renamed already counts for its first name."""
    found = Renames(columns={}, relations={}, labels={})
    first_name: dict[Ref, Ref] = {}
    for statement in _statements(migration):
        if isinstance(statement, RenameEnumValue):
            found.labels[before.resolve_type(*statement.type), statement.label] = statement.new_label
        if not isinstance(statement, Rename):
            continue
        now = before.resolve(*statement.name)
        ref = first_name.get(now, now)
        if statement.kind in _RELATIONS:
            found.relations[ref] = statement.new_name
            first_name[Ref(now.schema, statement.new_name)] = ref
        elif statement.kind == "COLUMN" and statement.part is not None:
            known = [one for one, new in found.columns.items() if one.relation == ref and new == statement.part]
            found.columns[known[0] if known else ColumnRef(ref, statement.part)] = statement.new_name
    return found


def _statements(migration: Migration) -> Iterator[Statement]:
    for part in migration.parts:
        for statement in part.script.statements:
            yield statement
            if isinstance(statement, DoBlock):
                yield from (guarded.statement for guarded in statement.body.statements)
