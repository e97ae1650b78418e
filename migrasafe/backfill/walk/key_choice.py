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


def choose_walk(
    session: ScriptSession,
    spec: Spec,
    table: Table,
    leaves: Sequence[Leaf],
    columns: dict[str, Column],
    *,
    clears: bool,
    major: int,
) -> KeyChoice:
    """The walk that the spec asks for, or the best there is. Raises InputError when there is none that ends well."""
    block_size = int(session.rows("SELECT current_setting('block_size')")[0][0])
    rows_per_block = (block_size - _PAGE_HEADER) // (_LINE_POINTER + _TUPLE_HEADER)
    blocks = KeyChoice(
        walk=BlockWalk(reads_ranges=major >= 14, rows_per_block=rows_per_block),
        columns=(),
        collations=(),
        rows_per_block=rows_per_block,
    )
    if spec.walk is WalkKind.BLOCKS:
        if spec.key:
            raise InputError("--walk blocks takes no --key: give one of them")
        return blocks
    per_leaf = [indexes_of(session, leaf.oid) for leaf in leaves] or [indexes_of(session, table.oid)]
    key = _named_key(spec, table, leaves, columns, per_leaf) if spec.key else _best_key(per_leaf)
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
    if _is_random(spec, session, leaves, columns, key, clears=clears, major=major):
        return blocks
    chosen = tuple(columns[name] for name in key)
    return KeyChoice(
        walk=KeyWalk(columns=tuple(KeyColumn(name=column.name, type=column.type) for column in chosen)),
        columns=key,
        collations=tuple(column.collation for column in chosen),
        rows_per_block=rows_per_block,
        warnings=_about_duplicates(spec, key, per_leaf),
    )


def _named_key(
    spec: Spec,
    table: Table,
    leaves: Sequence[Leaf],
    columns: dict[str, Column],
    per_leaf: Sequence[tuple[Index, ...]],
) -> tuple[str, ...]:
    """The columns of --key, if every table has a btree index that begins with them."""
    chosen = named_columns(spec.key, columns, table, "--key")
    names = tuple(column.name for column in chosen)
    nullable = [column.name for column in chosen if not column.not_null]
    if nullable:
        raise InputError(
            f"--key: {', '.join(nullable)} of {table.sql} may be NULL, and the walk would miss such rows: give a key that is "
            "NOT NULL, or --walk blocks"
        )
    for number, indexes in enumerate(per_leaf):
        if not any(index.columns[: len(names)] == names and index.is_comparable for index in indexes):
            of = leaves[number].sql if leaves else table.sql
            raise InputError(
                f"--key: no btree index of {of} begins with ({', '.join(names)}) in one direction, so each batch would read "
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


def _is_random(
    spec: Spec,
    session: ScriptSession,
    leaves: Sequence[Leaf],
    columns: Mapping[str, Column],
    key: tuple[str, ...],
    *,
    clears: bool,
    major: int,
) -> bool:
    """Whether blocks are the better walk: rows are in no order of the key, and the heap does not fit into memory."""
    if spec.walk is WalkKind.KEY or spec.key or not clears or major < 14 or spec.into is not None:
        return False
    in_memory = int(session.rows("SELECT pg_size_bytes(current_setting('shared_buffers'))")[0][0])
    return columns[key[0]].correlation < RANDOM_ORDER and sum(leaf.bytes for leaf in leaves) > in_memory


def _about_duplicates(spec: Spec, key: tuple[str, ...], per_leaf: Sequence[tuple[Index, ...]]) -> tuple[str, ...]:
    unique = all(any(index.is_unique and set(index.columns) <= set(key) for index in indexes) for indexes in per_leaf)
    if unique:
        return ()
    said = ", ".join(key)
    return (
        f"--key: ({said}) is not unique: rows with one value are always changed in one batch, however many they are",
    )
