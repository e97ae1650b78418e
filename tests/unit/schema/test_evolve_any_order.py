"""Any statement, in any order, on any schema: nothing is raised, and the catalog stays in one piece."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Moment, Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import read_source
from tools.fuzz.promises import contradictions

SCRIPTS = sorted((Path(__file__).parents[2] / "postgres" / "evolve_scripts").glob("*.sql"))
STATEMENTS = [statement for path in SCRIPTS for statement in read_script(read_source(path)).statements]


@settings(max_examples=15)
@given(seed=st.integers(), complete=st.booleans(), guarded=st.booleans())
def test_any_order_of_any_statements_keeps_the_catalog_in_one_piece(
    seed: int, *, complete: bool, guarded: bool
) -> None:
    statements = list(STATEMENTS) * 2
    random.Random(seed).shuffle(statements)
    schema = Schema(complete=complete)
    for number, statement in enumerate(statements):
        schema = evolve(schema, statement, Moment(0, 0, number), guarded=guarded)
    assert list(contradictions(schema)) == []
