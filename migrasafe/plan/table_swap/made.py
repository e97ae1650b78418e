"""The new table, made beside the old one with all that belongs to it but what only one of the two can have."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from migrasafe.plan import predicates
from migrasafe.plan.carry_over.constraint_comments import comment_again
from migrasafe.plan.carry_over.extended_statistics import statistics_on
from migrasafe.plan.model import Step
from migrasafe.plan.objects.keys import kept_like
from migrasafe.plan.table_swap.belongings import given
from migrasafe.plan.table_swap.model import TableSwap
from migrasafe.schema.definitions import constraint_body, create_index, name_of, settings
from migrasafe.schema.model import Index, Ref
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import ConstraintKind, IndexElement, Persistence

_COPIED = ("DEFAULTS", "GENERATED", "CONSTRAINTS", "STORAGE", "COMMENTS")
_COMPRESSION_SINCE = 14


def make(swap: TableSwap) -> Step:
    """All in one transaction, while it is empty: no index is built, nothing is checked."""
    return Step(
        title=f"Make {swap.ready} beside {swap.table.ref}, with the same keys, indexes, checks and privileges",
        statements=(
            *create(swap, swap.ready, like=swap.table.ref),
            *belonging(swap, swap.ready),
        ),
        done=predicates.relation_exists(swap.ready),
        past=swap.is_past,
        undo=(f"DROP TABLE {name_of(swap.ready)}",),
    )


def belonging(swap: TableSwap, table: Ref) -> Iterator[str]:
    """Keys, indexes, statistics, and what else only one of the two need not have, for an empty `table`: under the names that
    they have while it waits, or the known ones, where it has the known name."""
    yield from _keys(swap, table)
    yield from _indexes(swap, table)
    yield from _statistics(swap, table)
    yield from given(swap.ground, swap.table, table)
    yield from _known_by(swap, table)


def create(swap: TableSwap, as_: Ref, *, like: Ref) -> Iterator[str]:
    """CREATE TABLE like the old one, and its partitions."""
    target = swap.ground.target
    copied = [*_COPIED, *(("COMPRESSION",) if target.at_least(_COMPRESSION_SINCE) else ())]
    likes = " ".join(f"INCLUDING {one}" for one in copied)
    options = settings(swap.table.options)
    unlogged = "UNLOGGED " if swap.persistence is Persistence.UNLOGGED else ""
    # A partitioned table has no storage of its own: its partitions have the parameters.
    own = f" WITH ({options})" if options and not swap.is_partitioned else ""
    using, by = (swap.words, "") if swap.words.startswith("USING") else ("", swap.words)
    words = f"{f' {by}' if swap.is_partitioned else ''}{f' {using}' if using else ''}{own}"
    words += f" {by}" if by and not swap.is_partitioned else ""
    yield f"CREATE {unlogged}TABLE {name_of(as_)} (LIKE {name_of(like)} {likes}){words}"
    for ref, bound in swap.parts:
        storage = f" WITH ({options})" if options else ""
        yield f"CREATE {unlogged}TABLE {name_of(ref)} PARTITION OF {name_of(as_)} {bound}{storage}"
        if swap.table.owner is not None:
            yield f"ALTER TABLE {name_of(ref)} OWNER TO {quote_ident(swap.table.owner)}"


def widened(swap: TableSwap, index: Index) -> Index:
    """A key of the new table, which has to have the columns that it is partitioned by."""
    have = {one.column for one in index.elements}
    more = tuple(IndexElement(column=one) for one in swap.wider if one not in have)
    return replace(index, elements=(*index.elements, *more)) if index.constraint is not None and more else index


def _keys(swap: TableSwap, table: Ref) -> Iterator[str]:
    for one, waits in _named(swap, table):
        key = swap.table.constraint(one.constraint) if one.constraint is not None else None
        if key is None or key.kind not in (ConstraintKind.PRIMARY_KEY, ConstraintKind.UNIQUE):
            continue
        index, name = widened(swap, one), quote_ident(waits)
        over = tuple(element.column for element in index.elements if element.column is not None)
        body = constraint_body(kept_like(replace(key, columns=over), index))
        yield f"ALTER TABLE {name_of(table)} ADD CONSTRAINT {name} {body}"
        yield from comment_again(swap.beside, table, key.name, now=waits)


def _indexes(swap: TableSwap, table: Ref) -> Iterator[str]:
    comments = dict(swap.beside.index_comments)
    for one, waits in _named(swap, table):
        ref = Ref(one.ref.schema, waits)
        if one.constraint is None:
            # Nobody reads it yet: there is no need for CONCURRENTLY, which a transaction does not allow.
            yield create_index(replace(one, ref=ref, table=table)).replace(" CONCURRENTLY", "", 1)
        if one.ref.name in comments:
            yield f"COMMENT ON INDEX {name_of(ref)} IS {quote_literal(comments[one.ref.name])}"


def _statistics(swap: TableSwap, table: Ref) -> Iterator[str]:
    for one, ready, _ in swap.statistics():
        waits = Ref(one.schema, one.name) if table == swap.table.ref else ready
        yield statistics_on(one, table, waits)
        if one.target is not None:
            yield f"ALTER STATISTICS {name_of(waits)} SET STATISTICS {one.target}"


def _known_by(swap: TableSwap, table: Ref) -> Iterator[str]:
    """How subscribers know its rows, where that is an index."""
    identity = swap.beside.identity_index
    for one, waits in _named(swap, table):
        if swap.table.replica_identity == "index" and one.ref.name == identity:
            yield f"ALTER TABLE {name_of(table)} REPLICA IDENTITY USING INDEX {quote_ident(waits)}"


def _named(swap: TableSwap, table: Ref) -> Iterator[tuple[Index, str]]:
    return ((one, one.ref.name if table == swap.table.ref else waits) for one, waits, _ in swap.indexes())
