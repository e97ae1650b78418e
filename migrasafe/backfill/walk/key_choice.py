"""Chooses how a table is walked: by a key that a btree index orders, or by its blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from migrasafe.backfill.job.spec import Spec, WalkKind
from migrasafe.backfill.walk.table import Column, Index, Leaf, Table, indexes_of, named_columns
from migrasafe.backfill.walk.ways import BlockWalk, KeyColumn, KeyWalk, Walk
from migrasafe.errors import InputError
from migrasafe.postgres.scripts import ScriptSession

RANDOM_ORDER = 0.3
"""A correlation below it: neighbours by key are anywhere in the heap, and each batch dirties as many pages as rows."""
_PAGE_HEADER, _LINE_POINTER, _TUPLE_HEADER = 24, 4, 24


class KeyChoice(Struct, frozen=True, kw_only=True):
    walk: Walk
    columns: tuple[str, ...]
    """Of the key; none for blocks."""
    collations: tuple[str, ...]
    rows_per_block: int
    warnings: tuple[str, ...] = ()


class Ground(Struct, frozen=True, kw_only=True):
    """What a choice rests on: the table, and the server that it is on."""

    table: Table
    leaves: tuple[Leaf, ...]
    columns: Mapping[str, Column]
    indexes: tuple[tuple[Index, ...], ...]
    """Of each leaf; of a table without any, its own."""
    block_bytes: int
    shared_bytes: int
    """What the server keeps of all tables in its own memory."""
    major: int


def ground_of(session: ScriptSession, table: Table, leaves: Sequence[Leaf], columns: Mapping[str, Column]) -> Ground:
    """What the server says that is needed for a choice."""
    block_bytes, shared_bytes = session.rows(
        "SELECT current_setting('block_size')::int, pg_size_bytes(current_setting('shared_buffers'))"
    )[0]
    return Ground(
        table=table,
        leaves=tuple(leaves),
        columns=columns,
        indexes=tuple(indexes_of(session, one.oid) for one in leaves or (table,)),
        block_bytes=block_bytes,
        shared_bytes=shared_bytes,
        major=session.major,
    )


def choose_walk(spec: Spec, ground: Ground, *, clears: bool) -> KeyChoice:
    """The walk that the spec asks for, or the best there is. Raises InputError when there is none that ends well."""
    table = ground.table
    rows_per_block = (ground.block_bytes - _PAGE_HEADER) // (_LINE_POINTER + _TUPLE_HEADER)
    blocks = KeyChoice(
        walk=BlockWalk(reads_ranges=ground.major >= 14, rows_per_block=rows_per_block),
        columns=(),
        collations=(),
        rows_per_block=rows_per_block,
    )
    if spec.walk is WalkKind.BLOCKS:
        if spec.key:
            raise InputError("--walk blocks takes no --key: give one of them")
        return blocks
    key = _named_key(spec, ground) if spec.key else _best_key(ground.indexes)
    if key is None:
        if spec.walk is WalkKind.KEY:
            raise InputError(
                f"--walk key: {table.sql} has no primary key and no other unique NOT NULL one: name one with --key"
            )
        if spec.into is not None:
            raise InputError(f"{table.sql} has no key, and rows that are copied by blocks could be missed or met twice")
        if not clears:
            raise InputError(
                f"{table.sql} has no primary key and no other unique NOT NULL one, so it is walked by blocks, where a changed "
                "row can turn up again: give a --where that the change makes false, or a --key that a btree index orders"
            )
        return blocks
    if _is_random(spec, ground, key, clears=clears):
        return blocks
    chosen = tuple(ground.columns[name] for name in key)
    return KeyChoice(
        walk=KeyWalk(columns=tuple(KeyColumn(name=column.name, type=column.type) for column in chosen)),
        columns=key,
        collations=tuple(column.collation for column in chosen),
        rows_per_block=rows_per_block,
        warnings=_about_duplicates(key, ground.indexes),
    )


def _named_key(spec: Spec, ground: Ground) -> tuple[str, ...]:
    """The columns of --key, if every table has a btree index that begins with them."""
    table = ground.table
    chosen = named_columns(spec.key, ground.columns, table, "--key")
    names = tuple(column.name for column in chosen)
    nullable = [column.name for column in chosen if not column.not_null]
    if nullable:
        raise InputError(
            f"--key: {', '.join(nullable)} of {table.sql} may be NULL, and the walk would miss such rows: give a key that is "
            "NOT NULL, or --walk blocks"
        )
    walked: tuple[Leaf | Table, ...] = ground.leaves or (table,)
    for one, indexes in zip(walked, ground.indexes, strict=True):
        if not any(index.columns[: len(names)] == names and index.is_comparable for index in indexes):
            raise InputError(
                f"--key: no btree index of {one.sql} begins with ({', '.join(names)}) in one direction, so each batch would read "
                "the whole table: create one CONCURRENTLY, name another key, or use --walk blocks"
            )
    return names


def _best_key(per_leaf: Sequence[tuple[Index, ...]]) -> tuple[str, ...] | None:
    """The primary key, or the first unique one without NULLs, that every table has."""
    for index in per_leaf[0]:
        if not (index.is_unique and index.is_not_null and index.is_comparable):
            continue
        if all(
            any(other.columns == index.columns and other.is_comparable for other in others) for others in per_leaf[1:]
        ):
            return index.columns
    return None


def _is_random(spec: Spec, ground: Ground, key: tuple[str, ...], *, clears: bool) -> bool:
    """Whether blocks are the better walk: rows are in no order of the key, and the heap does not fit into memory."""
    if spec.walk is WalkKind.KEY or spec.key or not clears or ground.major < 14 or spec.into is not None:
        return False
    heap_bytes = sum(leaf.bytes for leaf in ground.leaves)
    return ground.columns[key[0]].correlation < RANDOM_ORDER and heap_bytes > ground.shared_bytes


def _about_duplicates(key: tuple[str, ...], per_leaf: Sequence[tuple[Index, ...]]) -> tuple[str, ...]:
    unique = all(any(index.is_unique and set(index.columns) <= set(key) for index in indexes) for indexes in per_leaf)
    if unique:
        return ()
    said = ", ".join(key)
    return (
        f"--key: ({said}) is not unique: rows with one value are always changed in one batch, however many they are",
    )
