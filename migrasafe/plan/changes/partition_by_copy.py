"""A table becomes partitioned, or partitioned otherwise: the new one follows it, and takes its place when all rows are copied."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import steps
from migrasafe.plan.beside import ref_beside
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.model import Step
from migrasafe.plan.objects.partition_bounds import bound_sql, is_attached
from migrasafe.plan.table_swap.model import TableSwap
from migrasafe.plan.table_swap.partitioned import (
    by_sql,
    fits,
    marked_unchecked,
    refuse_partitioned,
    weaker,
    widened_key,
)
from migrasafe.plan.table_swap.refused import key_of, refuse
from migrasafe.plan.table_swap.way import WHY, by_hand, way_beside
from migrasafe.schema.model import Index, Ref, Schema, Table
from migrasafe.sql.statements import IndexElement, Name, PartitionBound, PartitionBy


class PartitionByCopy(Struct, frozen=True, kw_only=True):
    table: Name
    by: PartitionBy
    parts: tuple[tuple[Ref, PartitionBound], ...]
    key: tuple[str, ...] = ()
    """The columns of its primary key afterwards, where they are said."""

    def plan(self, ground: Ground) -> Draft:
        """Raises NoPlanError for what cannot be partitioned so, or would lose something."""
        table = table_of(ground, self.table)
        if not self.parts:
            raise NoPlanError(f"{table.ref} would be partitioned, and have no partition")
        for ref, _ in self.parts:
            if ground.schema.relation(ref) is not None:
                raise NoPlanError(f"there is a relation {ref} already: give the new partition another name")
        refuse(ground, table, partitioned=True)
        refuse_partitioned(ground, table, self.by)
        wider = widened_key(table, self.by, self.key)
        swap = TableSwap(
            ground=ground,
            table=table,
            key=key_of(ground, table),
            is_new=is_attached(table.ref, self.parts[0][0]),
            persistence=table.persistence,
            words=by_sql(self.by),
            parts=tuple((ref, bound_sql(bound)) for ref, bound in self.parts),
            wider=wider,
        )
        key = table.primary_key
        wide = (*key.columns, *wider) if key is not None and wider else ()
        made = way_beside(
            swap,
            first=steps.superseded(wide_key(ground, table, wide), swap.is_past) if wide else (),
            deployed=said_of_key(table, wide) if wide else None,
            needed=f"ON CONFLICT ({', '.join(key.columns)})" if key is not None else "",
        )
        bounds = tuple(bound for _, bound in self.parts)
        first = replace(made[0], gates=(*made[0].gates, *fits(table, self.by, bounds)))
        return Draft(
            title=f"partition {table.ref} by {self.by.strategy} ({', '.join(map(str, self.by.columns))})",
            tables=(table.ref, swap.ready, swap.parked),
            phases=(first, *made[1:]),
            why=(
                *WHY,
                "the rows are copied, so that each lies in the partition that its bound says; `migrasafe plan partition-from` makes"
                " the table as it is the first partition instead, without a copy: faster, where the old rows may stay together",
            ),
            by_hand=tuple(by_hand(swap)),
            differs=(*weaker(table, wider), *marked_unchecked(ground, table), *kept_whatever_is_said(table)),
        )


def wide_key(ground: Ground, table: Table, columns: tuple[str, ...]) -> tuple[Step, ...]:
    """A unique index with all columns of the new key, so that the new version can say ON CONFLICT with it before the swap."""
    return (steps.build_index(wide_index(ground.schema, table, columns)),)


def wide_index(schema: Schema, table: Table, columns: tuple[str, ...]) -> Index:
    key = table.primary_key
    narrow = schema.index(key.index) if key is not None and key.index is not None else None
    return Index(
        ref=ref_beside(table.ref, "key"),
        table=table.ref,
        elements=tuple(IndexElement(column=one) for one in columns),
        unique=True,
        options=narrow.options if narrow is not None else (),
        tablespace=narrow.tablespace if narrow is not None else None,
    )


def said_of_key(table: Table, columns: tuple[str, ...]) -> tuple[str, str]:
    """What the new version says of the key, and what the old one still may say."""
    key = table.primary_key
    before = ", ".join(key.columns) if key is not None else ""
    name = table.ref.name
    return (
        f"says ON CONFLICT ({', '.join(columns)}) of {name}, or none",
        f"may say ON CONFLICT ({before}) of {name}",
    )


def kept_whatever_is_said(table: Table) -> tuple[str, ...]:
    return (
        f"{table.ref} keeps its privileges, triggers, policies, comments and publications, whatever the migration says of them",
    )
