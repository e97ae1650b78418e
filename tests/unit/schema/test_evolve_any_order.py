"""Any statement, in any order, on any schema: nothing is raised, and the catalog stays in one piece."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Index, Moment, Schema, Table, View
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import read_source

SCRIPTS = sorted((Path(__file__).parents[2] / "postgres" / "evolve_scripts").glob("*.sql"))
STATEMENTS = [statement for path in SCRIPTS for statement in read_script(read_source(path)).statements]


def contradictions(schema: Schema) -> list[str]:
    """Where two parts of the catalog disagree."""
    found = []
    for ref, relation in schema.relations.items():
        if relation.ref != ref:
            found.append(f"{ref} calls itself {relation.ref}")
        if isinstance(relation, Index):
            target = schema.relation(relation.table)
            if not isinstance(target, Table | View) or ref not in target.indexes:
                found.append(f"index {ref} is not listed by {relation.table}")
        if isinstance(relation, Table | View):
            listed = [schema.index(one) for one in relation.indexes]
            if any(one is None or one.table != ref for one in listed):
                found.append(f"{ref} lists an index that is not its own")
        if isinstance(relation, Table):
            found.extend(table_contradictions(schema, relation))
    return found


def table_contradictions(schema: Schema, table: Table) -> list[str]:
    found = []
    for name in table.partitions:
        below = schema.table(name)
        if below is None or below.partition_of != table.ref:
            found.append(f"{table.ref} lists {name}, which is no partition of it")
    for name in table.children:
        below = schema.table(name)
        if below is None or table.ref not in below.inherits:
            found.append(f"{table.ref} lists {name}, which is no child of it")
    if table.partition_of is not None:
        above = schema.table(table.partition_of)
        if above is None or table.ref not in above.partitions:
            found.append(f"{table.ref} is a partition that {table.partition_of} does not list")
    found.extend(
        f"{table.ref} has a constraint {one.name} without its index {one.index}"
        for one in table.constraints
        if one.index is not None and one.index not in table.indexes
    )
    if len({column.name for column in table.columns}) < len(table.columns):
        found.append(f"{table.ref} has two columns of one name")
    return found


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(), complete=st.booleans(), guarded=st.booleans())
def test_any_order_of_any_statements_keeps_the_catalog_in_one_piece(
    seed: int, *, complete: bool, guarded: bool
) -> None:
    statements = list(STATEMENTS) * 2
    random.Random(seed).shuffle(statements)
    schema = Schema(complete=complete)
    for number, statement in enumerate(statements):
        schema = evolve(schema, statement, Moment(0, 0, number), guarded=guarded)
    assert contradictions(schema) == []
