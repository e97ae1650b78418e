"""Schemas made by SQL, for tests."""

from __future__ import annotations

from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Column, Constraint, Index, Moment, Ref, Schema, Sequence, Table, View
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source


def after(sql: str, schema: Schema | None = None, migration: int = 0) -> Schema:
    """The schema after each statement of `sql`, at moments counted from 0."""
    current = schema if schema is not None else Schema()
    for number, statement in enumerate(read_script(Source(path="history.sql", text=sql)).statements):
        current = evolve(current, statement, Moment(migration, 0, number))
    return current


def ref(name: str) -> Ref:
    schema, _, rest = name.rpartition(".")
    return Ref(schema or "public", rest)


def table(schema: Schema, name: str) -> Table:
    found = schema.table(ref(name))
    assert found is not None, f"no table {name}"
    return found


def column(schema: Schema, table_name: str, name: str) -> Column:
    found = table(schema, table_name).column(name)
    assert found is not None, f"no column {name}"
    return found


def constraint(schema: Schema, table_name: str, name: str) -> Constraint:
    found = table(schema, table_name).constraint(name)
    assert found is not None, f"no constraint {name}"
    return found


def index(schema: Schema, name: str) -> Index:
    found = schema.index(ref(name))
    assert found is not None, f"no index {name}"
    return found


def view(schema: Schema, name: str) -> View:
    found = schema.view(ref(name))
    assert found is not None, f"no view {name}"
    return found


def sequence(schema: Schema, name: str) -> Sequence:
    found = schema.relation(ref(name))
    assert isinstance(found, Sequence), f"no sequence {name}"
    return found


def column_names(schema: Schema, name: str) -> list[str]:
    return [one.name for one in table(schema, name).columns]


def constraint_names(schema: Schema, name: str) -> set[str]:
    return {one.name for one in table(schema, name).constraints}
