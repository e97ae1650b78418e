"""Statements inside plpgsql bodies."""

from __future__ import annotations

from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Call, DoBlock


def test_calls_of_procedures_in_a_body_are_read_in_their_place() -> None:
    source = Source(path="", text="DO $$ BEGIN\n  CALL fill_orders(1);\nEND $$")
    [block] = read_script(source).statements
    assert isinstance(block, DoBlock)
    [guarded] = block.body.statements
    assert isinstance(guarded.statement, Call)
    assert source.text[slice(*guarded.statement.span)] == "CALL fill_orders(1)"
