"""Which constraints, indexes and sequences a table has, by the migrations that ran before: Django looks their names up."""

from __future__ import annotations

from typing import Any

from migrasafe.migrations.django.runner.journal import Journal
from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import BEFORE_HISTORY, Schema
from migrasafe.schema.objects import Sequence
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import ConstraintKind


class Catalog:
    """The schema after everything in the journal; worked out when it is asked for, as most migrations never ask."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._schema = Schema()
        self._counted = 0
        """How many of the earlier statements are in `_schema`."""

    def schema(self) -> Schema:
        """The schema now."""
        for sql in self._journal.earlier[self._counted :]:
            self._schema = _after(self._schema, sql)
        self._counted = len(self._journal.earlier)
        schema = self._schema
        for one in self._journal.executed:
            schema = _after(schema, one.sql)
        return schema


def constraints_of(schema: Schema, table_name: str) -> dict[str, dict[str, Any]]:
    """As DatabaseIntrospection.get_constraints: by name, what it is and of which columns."""
    ref = schema.resolve(None, table_name.strip('"'))
    table = schema.table(ref)
    found: dict[str, dict[str, Any]] = {}
    if table is None:
        return found
    for constraint in table.constraints:
        kind = constraint.kind
        one_column = len(constraint.target_columns) == 1
        target = (constraint.target.name, constraint.target_columns[0]) if constraint.target and one_column else None
        found[constraint.name] = {
            **_NOTHING,
            "columns": list(constraint.columns),
            "primary_key": kind is ConstraintKind.PRIMARY_KEY,
            "unique": kind in (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE),
            "foreign_key": target,
            "check": kind is ConstraintKind.CHECK,
        }
    for name in table.indexes:
        index = schema.index(name)
        if index is None or index.constraint is not None:
            continue
        found[index.ref.name] = {
            **_NOTHING,
            "columns": [element.column for element in index.elements],
            "unique": index.unique,
            "index": True,
            "type": "idx" if index.method == "btree" else index.method,
            "orders": ["ASC" for _ in index.elements],
        }
    return found


def sequences_of(schema: Schema, table_name: str) -> list[dict[str, str]]:
    """As DatabaseIntrospection.get_sequences: those of serial and identity columns."""
    table = schema.resolve(None, table_name.strip('"'))
    return [
        {"name": one.ref.name, "table": table.name, "column": one.owned_by.column}
        for one in schema.relations.values()
        if isinstance(one, Sequence) and one.owned_by and one.owned_by.relation == table and one.owned_by.column
    ]


_NOTHING: dict[str, Any] = {
    "columns": [],
    "primary_key": False,
    "unique": False,
    "foreign_key": None,
    "check": False,
    "index": False,
    "definition": None,
    "options": None,
}


def _after(schema: Schema, sql: str) -> Schema:
    for statement in read_script(Source(path="", text=sql)).statements:
        schema = evolve(schema, statement, BEFORE_HISTORY)
    return schema
