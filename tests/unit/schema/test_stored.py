"""Schemas as bytes: what comes back is what was written, and nothing else ever comes out of bytes."""

from __future__ import annotations

import pickle
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Moment, Schema
from migrasafe.schema.persistent_map import PersistentMap
from migrasafe.schema.stored import NotASchemaError, schema_from_bytes, schema_to_bytes
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import read_source
from migrasafe.sql.statements import Statement
from tests.unit.schema.histories import after, column, ref, table

_POOL: tuple[Statement, ...] = tuple(
    statement
    for path in sorted((Path(__file__).parents[3] / "fixtures").rglob("*.sql"))
    for statement in read_script(read_source(path)).statements
)


def plain(value: Any) -> Any:
    """By value all the way down: expressions are equal only to themselves."""
    if isinstance(value, PersistentMap):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, Struct):
        return type(value).__name__, *(plain(getattr(value, name)) for name in value.__struct_fields__)
    if isinstance(value, tuple):
        return tuple(plain(one) for one in value)
    return value


def _walked(schema: Schema, statements: list[Statement], migration: int) -> Schema:
    for number, statement in enumerate(statements):
        schema = evolve(schema, statement, Moment(migration, 0, number))
    return schema


@given(st.integers(0, 2**32), st.integers(0, 60), st.integers(0, 60))
@settings(max_examples=40, derandomize=True)
def test_what_comes_back_is_equal_and_goes_on_alike(seed: int, before: int, later: int) -> None:
    chance = random.Random(seed)
    first = _walked(Schema(), chance.choices(_POOL, k=before), 0)
    second = chance.choices(_POOL, k=later)
    walked = _walked(first, second, 1)
    back = schema_from_bytes(schema_to_bytes(first))
    went_on = _walked(back, second, 1)
    assert plain(went_on) == plain(walked)
    assert plain(schema_from_bytes(schema_to_bytes(went_on))) == plain(walked)  # partly looked up, partly not
    assert plain(schema_from_bytes(schema_to_bytes(back))) == plain(first)


def test_values_are_read_when_they_are_looked_up_and_then_stay_the_same_ones() -> None:
    read: list[bytes] = []

    def loud(stored: bytes) -> str:
        read.append(stored)
        return stored.decode()

    entries = {number: str(number).encode() for number in range(1000)}
    made = PersistentMap[int, str].unread(entries, loud)
    assert (len(made), 7 in made, len(list(made)), read) == (1000, True, 1000, [])
    assert made.get(7) is made[7]
    assert read == [b"7"]
    for number in range(100):  # enough for the differences to become part of the rest
        made = made.insert(2000 + number, "new")
    assert made.get(7) == "7"
    assert made.remove(7).get(7) is None
    assert read == [b"7"]
    assert made[2000] == "new"


def test_what_two_objects_share_they_share_afterwards() -> None:
    schema = after(
        "CREATE TABLE days (at date NOT NULL, price int DEFAULT least(1, 2)) PARTITION BY RANGE (at);"
        "CREATE TABLE today PARTITION OF days DEFAULT;"
    )
    back = schema_from_bytes(schema_to_bytes(schema))
    for one in (schema, back):
        assert column(one, "days", "price").default is column(one, "today", "price").default is not None


def test_what_was_dropped_stays_gone() -> None:
    schema = after("CREATE TABLE orders (id int, note text); CREATE TABLE gone (id int); DROP TABLE gone;")
    back = schema_from_bytes(schema_to_bytes(schema))
    assert ref("gone") not in back.relations
    assert list(back.relations) == [ref("orders")]
    changed = after("ALTER TABLE orders DROP COLUMN note, ADD COLUMN total int;", back, migration=1)
    assert [one.name for one in table(changed, "orders").columns] == ["id", "total"]
    assert column(back, "orders", "note").name == "note"


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"no schema",
        pickle.dumps({"relations": {}}),
        pickle.dumps(["a", "list"]),
        pickle.dumps(print),
        b"cos\nsystem\n(S'exit 1'\ntR.",
        b"cmigrasafe.sql.parse\nread_script\n(tR.",
        b"cmigrasafe.schema.stored\npickle.loads\n(tR.",
    ],
)
def test_other_bytes_are_refused(stored: bytes) -> None:
    with pytest.raises(NotASchemaError):
        schema_from_bytes(stored)


@given(st.data())
@settings(max_examples=100, derandomize=True)
def test_broken_bytes_are_refused_or_give_a_schema(data: st.DataObject) -> None:
    whole = bytearray(schema_to_bytes(after("CREATE TABLE orders (id int); CREATE INDEX ON orders (id);")))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(NotASchemaError):
        assert isinstance(schema_from_bytes(bytes(whole[: data.draw(st.integers(0, len(whole)))])), Schema)
