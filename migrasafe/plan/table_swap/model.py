"""Two tables of which one has the name that people know: what each is called, and how their rows are told apart."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.beside import name_beside, ref_aside, ref_beside
from migrasafe.plan.changes.model import Ground
from migrasafe.schema.attached import Beside, WrittenStatistics
from migrasafe.schema.model import Index, Ref, RelationKind, Table
from migrasafe.sql.statements import Persistence


class TableSwap(Struct, frozen=True, kw_only=True):
    ground: Ground
    table: Table
    """The old one, whose definition the new one has."""
    key: tuple[str, ...]
    """The columns by which rows of both are told apart: a key of the old one."""
    is_new: str
    """A question to the catalog: whether the table under the known name is of the new kind."""
    persistence: Persistence = Persistence.PERMANENT
    words: str = ""
    """What stands behind the columns where it is made: `PARTITION BY …`, `TABLESPACE …`, `USING …`."""
    parts: tuple[tuple[Ref, str], ...] = ()
    """The partitions of the new one, each with its bound as SQL; they have their names from the beginning."""
    wider: tuple[str, ...] = ()
    """Columns that every key of the new one needs beside its own, since it is partitioned by them."""
    marks: tuple[str, ...] = ()
    """Statements about the new one, under the known name, that nothing else carries …"""
    unmarks: tuple[str, ...] = ()
    """… and those that take them back."""

    @property
    def ready(self) -> Ref:
        return ref_beside(self.table.ref)

    @property
    def parked(self) -> Ref:
        return ref_aside(self.table.ref)

    @property
    def is_partitioned(self) -> bool:
        """Whether the new one is."""
        return self.words.startswith("PARTITION BY")

    @property
    def was_partitioned(self) -> bool:
        return self.table.kind is RelationKind.PARTITIONED_TABLE

    @property
    def columns(self) -> tuple[str, ...]:
        """Those that are copied: PostgreSQL works the others out."""
        return tuple(one.name for one in self.table.columns if one.generated is None)

    @property
    def beside(self) -> Beside:
        return (self.ground.beside or {}).get(self.table.ref, Beside())

    def indexes(self) -> Iterator[tuple[Index, str, str]]:
        """Each index, what it is called on the table that waits, and on the one that is parked."""
        for number, index in enumerate(self.ground.schema.indexes_of(self.table), start=1):
            yield (
                index,
                name_beside(index.ref.name, f"{number}"),
                name_beside(index.ref.name, f"{number}_dropped"),
            )

    def statistics(self) -> Iterator[tuple[WrittenStatistics, Ref, Ref]]:
        """Likewise each of its extended statistics."""
        for number, one in enumerate(self.beside.statistics, start=1):
            names = (name_beside(one.name, f"s{number}{end}") for end in ("", "_dropped"))
            waits, parked = (Ref(one.schema, name) for name in names)
            yield one, waits, parked

    @property
    def is_swapped(self) -> str:
        """Whether the new one has the name, and the old one is still there."""
        return predicates.all_of(self.is_new, predicates.relation_exists(self.parked))

    @property
    def is_over(self) -> str:
        gone = (predicates.not_(predicates.relation_exists(one)) for one in (self.ready, self.parked))
        return f"({predicates.all_of(self.is_new, *gone)})"

    @property
    def is_past(self) -> str:
        """Whether the new one has the name already."""
        return f"({self.is_over} OR ({self.is_swapped}))"
