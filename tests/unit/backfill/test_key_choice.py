"""By what a table is walked: the key that people name, the one that all of its parts have, or its blocks."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from migrasafe.backfill.job.spec import Spec, WalkKind
from migrasafe.backfill.walk.key_choice import RANDOM_ORDER, Ground, KeyChoice, choose_walk
from migrasafe.backfill.walk.table import Column, Index, Leaf, Table
from migrasafe.backfill.walk.ways import BlockWalk, KeyColumn, KeyWalk
from migrasafe.errors import InputError

MEMORY = 128 * 2**20
ORDERS = Table(oid=1, schema="public", name="orders", is_partitioned=False)
ORDERS_PAGE = Leaf(oid=1, schema="public", name="orders", filenode=1, rows=10, bytes=MEMORY, blocks=MEMORY // 8192)
FILLS = Spec(table="orders", set="a = 1", where="a IS NULL")


def column(name: str, type_: str = "bigint", **facts: Any) -> Column:
    usual: dict[str, Any] = {
        "category": "N",
        "not_null": True,
        "collation": "",
        "has_default": False,
        "is_generated": False,
        "is_partition_key": False,
        "correlation": 1.0,
    }
    return Column(name=name, type=type_, **(usual | facts))


def index(
    *columns: str, primary: bool = False, unique: bool = True, not_null: bool = True, comparable: bool = True
) -> Index:
    return Index(
        name="_".join(columns),
        is_primary=primary,
        is_unique=unique,
        columns=columns,
        is_not_null=not_null,
        is_comparable=comparable,
    )


COLUMNS = {
    one.name: one
    for one in (
        column("id"),
        column("shop", "int"),
        column("code", "text", collation='pg_catalog."default" 2.36'),
        column("note", "text", not_null=False),
        column("Mixed"),
    )
}


def ground(*indexes: Index, **changes: Any) -> Ground:
    usual: dict[str, Any] = {
        "table": ORDERS,
        "leaves": (ORDERS_PAGE,),
        "columns": COLUMNS,
        "indexes": (indexes,),
        "block_bytes": 8192,
        "shared_bytes": MEMORY,
        "major": 15,
    }
    return Ground(**(usual | changes))


def chosen(on: Ground, spec: Spec = FILLS, *, clears: bool = True) -> KeyChoice:
    return choose_walk(spec, on, clears=clears)


def refused(on: Ground, spec: Spec, *, clears: bool = True) -> str:
    with pytest.raises(InputError) as error:
        choose_walk(spec, on, clears=clears)
    return str(error.value)


def test_a_key_comes_with_what_its_cursor_is_read_by() -> None:
    assert chosen(ground(index("shop", "code", primary=True))) == KeyChoice(
        walk=KeyWalk(columns=(KeyColumn(name="shop", type="int"), KeyColumn(name="code", type="text"))),
        columns=("shop", "code"),
        collations=("", 'pg_catalog."default" 2.36'),
        rows_per_block=291,
        warnings=(),
    )


@pytest.mark.parametrize(
    ("indexes", "columns"),
    [
        ((index("id", primary=True), index("shop")), ("id",)),
        ((index("shop", unique=False), index("id")), ("id",)),
        ((index("note", not_null=False), index("id")), ("id",)),
        ((index("shop", "code", comparable=False), index("id")), ("id",)),
        ((index("note", not_null=False),), ()),
        ((), ()),
    ],
)
def test_the_first_key_that_meets_each_row_once_and_in_order_is_taken(
    indexes: tuple[Index, ...], columns: tuple[str, ...]
) -> None:
    assert chosen(ground(*indexes)).columns == columns


@pytest.mark.parametrize(
    ("of_the_other", "columns"),
    [
        ((index("shop"), index("id")), ("id",)),
        ((index("id", unique=False), index("shop")), ("id",)),
        ((index("shop"),), ("shop",)),
        ((index("id", comparable=False), index("shop")), ("shop",)),
        ((index("id", "shop"),), ()),
    ],
)
def test_a_key_is_one_of_all_partitions(of_the_other: tuple[Index, ...], columns: tuple[str, ...]) -> None:
    other = replace(ORDERS_PAGE, oid=2, name="orders_2")
    on = ground(leaves=(ORDERS_PAGE, other), indexes=((index("id"), index("shop")), of_the_other))
    assert chosen(on).columns == columns


@pytest.mark.parametrize(("major", "reads_ranges"), [(13, False), (14, True), (15, True)])
def test_blocks_are_read_as_the_server_can(major: int, *, reads_ranges: bool) -> None:
    blocks = chosen(ground(major=major))
    assert blocks == KeyChoice(
        walk=BlockWalk(reads_ranges=reads_ranges, rows_per_block=291), columns=(), collations=(), rows_per_block=291
    )
    assert chosen(ground(block_bytes=32768)).rows_per_block == 1169


def test_blocks_that_are_asked_for_are_taken_whatever_keys_there_are() -> None:
    asked = replace(FILLS, walk=WalkKind.BLOCKS)
    assert chosen(ground(index("id", primary=True)), asked, clears=False).columns == ()
    said = refused(ground(index("id")), replace(asked, key=("id",)))
    assert said == "--walk blocks takes no --key: give one of them"


def test_without_a_key_only_a_change_that_ends_itself_is_made() -> None:
    assert isinstance(chosen(ground()).walk, BlockWalk)
    assert refused(ground(), replace(FILLS, walk=WalkKind.KEY)).endswith("name one with --key")
    assert refused(ground(), replace(FILLS, into="orders_new")).endswith("could be missed or met twice")
    said = refused(ground(), FILLS, clears=False)
    assert "a changed row can turn up again: give a --where that the change makes false, or a --key" in said


RANDOM = {**COLUMNS, "id": column("id", correlation=RANDOM_ORDER - 0.01)}
BIG = replace(ORDERS_PAGE, bytes=MEMORY + 1)


@pytest.mark.parametrize(
    ("on", "spec", "clears", "by_blocks"),
    [
        ({}, {}, True, True),
        (
            {"leaves": (replace(BIG, bytes=MEMORY), replace(BIG, bytes=1)), "indexes": ((index("id"),),) * 2},
            {},
            True,
            True,
        ),
        ({"major": 14}, {}, True, True),
        ({"major": 13}, {}, True, False),
        ({"leaves": (replace(BIG, bytes=MEMORY),)}, {}, True, False),
        ({"columns": {**COLUMNS, "id": column("id", correlation=RANDOM_ORDER)}}, {}, True, False),
        ({}, {"walk": WalkKind.KEY}, True, False),
        ({}, {"key": ("id",)}, True, False),
        ({}, {"into": "orders_new"}, True, False),
        ({}, {}, False, False),
    ],
)
def test_a_heap_in_another_order_than_its_key_that_does_not_fit_into_memory_is_walked_by_blocks(
    on: dict[str, Any], spec: dict[str, Any], *, clears: bool, by_blocks: bool
) -> None:
    usual = {"columns": RANDOM, "leaves": (BIG,)}
    found = chosen(ground(index("id", primary=True), **(usual | on)), replace(FILLS, **spec), clears=clears)
    assert isinstance(found.walk, BlockWalk) is by_blocks
    assert found.columns == (() if by_blocks else ("id",))


def test_the_first_column_of_a_key_says_in_which_order_the_heap_is() -> None:
    both = index("shop", "id", primary=True), index("id", "shop")
    assert chosen(ground(*both, columns=RANDOM, leaves=(BIG,))).columns == ("shop", "id")


def by(*key: str) -> Spec:
    return replace(FILLS, key=key)


def test_a_key_that_is_named_needs_an_index_that_begins_with_it() -> None:
    on = ground(index("id", primary=True), index("shop", "code", unique=False))
    assert chosen(on, by("id")).columns == ("id",)
    assert chosen(on, by("shop")).columns == ("shop",)
    assert chosen(on, by("SHOP", "code")).columns == ("shop", "code")
    no_index = "--key: no btree index of public.orders begins with (code) in one direction"
    assert refused(on, by("code")).startswith(no_index)
    backwards = ground(index("shop", "code", comparable=False))
    assert "begins with (shop, code) in one direction" in refused(backwards, by("shop", "code"))


def test_the_partition_without_an_index_on_the_key_is_named() -> None:
    other = replace(ORDERS_PAGE, oid=2, name="Orders 2")
    on = ground(leaves=(ORDERS_PAGE, other), indexes=((index("id"),), (index("shop"),)))
    assert 'no btree index of public."Orders 2" begins with (id)' in refused(on, by("id"))
    empty = ground(leaves=(), indexes=((index("shop"),),))
    assert "no btree index of public.orders begins with (id)" in refused(empty, by("id"))


def test_a_key_that_is_named_holds_no_nulls() -> None:
    on = ground(index("note", "id", not_null=False))
    assert refused(on, by("note", "id")).startswith("--key: note of public.orders may be NULL, and the walk would miss")
    assert refused(on, by("mixed")).startswith("--key: public.orders has no column mixed; did you mean Mixed?")


def test_a_key_whose_values_are_of_several_rows_is_warned_of() -> None:
    doubled = (
        "--key: (shop, code) is not unique: rows with one value are always changed in one batch, however many they are"
    )
    plain = index("shop", "code", unique=False)
    assert chosen(ground(plain), by("shop", "code")).warnings == (doubled,)
    assert chosen(ground(plain, index("code")), by("shop", "code")).warnings == ()
    assert chosen(ground(plain, index("code", "id")), by("shop", "code")).warnings == (doubled,)
    other = replace(ORDERS_PAGE, oid=2, name="orders_2")
    on = ground(leaves=(ORDERS_PAGE, other), indexes=((index("shop", "code"),), (plain,)))
    assert chosen(on, by("shop", "code")).warnings == (doubled,)
