"""The SQL that a walk is made of, word for word: what a batch reads and changes is decided here, and run on servers elsewhere."""

from __future__ import annotations

import pytest

from migrasafe.backfill.walk.ways import BlockWalk, Change, KeyColumn, KeyWalk

ONE = KeyWalk(columns=(KeyColumn(name="id", type="bigint"),))
TWO = KeyWalk(columns=(KeyColumn(name="shop", type="int"), KeyColumn(name="No", type="text")))
RANGES, LISTS = BlockWalk(reads_ranges=True), BlockWalk(reads_ranges=False)


def test_a_row_is_found_again_by_its_key() -> None:
    assert ONE.is_key("w", ("5",)) == "w.id = '5'::bigint"
    assert TWO.is_key("w", ("5", "x")) == "(w.shop, w.\"No\") = ('5'::int, 'x'::text)"
    assert RANGES.is_key("w", ("7", "2")) == "w.ctid = '(7,2)'"


def test_two_aliases_stand_for_one_row() -> None:
    assert TWO.same_row("a", "b") == 'a.shop = b.shop AND a."No" = b."No"'
    assert RANGES.same_row("a", "b") == "a.ctid = b.ctid"


@pytest.mark.parametrize(
    ("low", "high", "condition"),
    [
        (None, ("9",), "w.ctid >= '(0,0)' AND w.ctid < '(10,0)'"),
        (("4",), ("9",), "w.ctid >= '(5,0)' AND w.ctid < '(10,0)'"),
        (("4", "7"), ("9", "3"), "w.ctid > '(4,7)' AND w.ctid <= '(9,3)'"),
    ],
)
def test_blocks_behind_the_cursor_are_left_out_and_the_end_is_met(
    low: tuple[str], high: tuple[str], condition: str
) -> None:
    assert RANGES.inside("w", low, high) == condition
    assert RANGES.count("t", low, high) == f"SELECT count(*) FROM ONLY t AS w WHERE {condition}"


@pytest.mark.parametrize(("low", "first"), [(None, 0), (("4",), 5), (("4", "7"), 4)])
def test_before_version_14_places_are_listed_block_by_block(low: tuple[str] | None, first: int) -> None:
    listed = LISTS.inside("w", low, ("9",))
    assert f"generate_series({first}, 9) AS b, generate_series(1, 291) AS i" in listed
    assert listed.endswith(RANGES.inside("w", low, ("9",)))


def test_a_batch_of_blocks_ends_at_the_end() -> None:
    assert RANGES.after(None, ("9",), 4) == ("3",)
    assert RANGES.after(("3",), ("9",), 4) == ("7",)
    assert RANGES.after(("7",), ("9",), 4) == ("9",)
    assert RANGES.after(("3", "5"), ("9",), 0) == ("3",)


def test_what_is_left_is_what_the_condition_says() -> None:
    without, within = (Change(alias="t", set="a = 1", where=where) for where in (None, "a IS NULL"))
    assert without.left("orders", "x") == "SELECT count(*) FROM ONLY orders AS t WHERE x AND true"
    assert within.statement("orders", "x", ONE) == "UPDATE ONLY orders AS t SET\na = 1\nWHERE x AND (\na IS NULL\n)"
