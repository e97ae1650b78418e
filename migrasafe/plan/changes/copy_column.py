"""A column that says what another table says, so that nobody has to join: triggers keep it."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.dual_write.kept_phases import Kept, kept_phases, key_to, missing_triggers, refuse, unindexed
from migrasafe.plan.dual_write.triggers import differs, row_of
from migrasafe.plan.model import Gate
from migrasafe.plan.objects.kept import Copied, Keeper
from migrasafe.schema.definitions import name_of, type_of
from migrasafe.sql.quote import quote_ident, spell_type
from migrasafe.sql.statements import ColumnDef, Name


class CopyColumn(Struct, frozen=True, kw_only=True):
    table: Name
    column: ColumnDef
    source: Name
    value: str
    """The column of `source` that it copies."""
    by: str | None = None
    """The first column of the foreign key; None: there is one only."""
    has_triggers: bool = True
    """Whether the migration makes the functions and triggers itself, as the plan does."""

    def keeper(self, ground: Ground) -> Keeper:
        """What keeps the column. Raises NoPlanError."""
        return self.copied(ground).keeper()

    def copied(self, ground: Ground) -> Copied:
        """Which column of which row it copies. Raises NoPlanError."""
        table, source = table_of(ground, self.table), table_of(ground, self.source)
        column_of(source, self.value)
        by = key_to(table, source, self.by)
        if by.deferrable:
            raise NoPlanError(
                f"{by.name} of {table.ref} is DEFERRABLE: a row could come before the one it refers to, and nothing would copy"
                " then; make it NOT DEFERRABLE before"
            )
        if table.primary_key is None:
            raise NoPlanError(f"{table.ref} has no primary key that is known: nothing tells its rows apart")
        return Copied(
            table=table,
            column=self.column.name,
            source=source,
            value=self.value,
            by=by,
            search_path=ground.schema.search_path,
        )

    def plan(self, ground: Ground) -> Draft:
        """Nobody writes the column but triggers, for good. Raises NoPlanError."""
        copied = self.copied(ground)
        table, source = copied.table, copied.source
        refuse(table, self.column)
        value = column_of(source, self.value)
        if self.column.type != value.type:
            assert self.column.type is not None  # refuse() has seen to it
            raise NoPlanError(
                f"{source.ref}.{value.name} is {type_of(value)}, and {self.column.name} would be {spell_type(self.column.type)}: a"
                " copy has the type of what it copies"
            )
        if self.column.default is not None:
            raise NoPlanError(f"{self.column.name} needs no DEFAULT: it says what {source.ref}.{value.name} says")
        nullable = [one for one in copied.by.columns if not column_of(table, one).not_null]
        if self.column.not_null and (nullable or not value.not_null):
            raise NoPlanError(
                f"{self.column.name} cannot be NOT NULL: {nullable[0] if nullable else f'{source.ref}.{value.name}'} may be null"
            )
        says = f"what {source.ref}.{value.name} says"
        kept = Kept(
            ground=ground,
            table=table,
            column=self.column,
            keeper=copied.keeper(),
            value=copied.source_value,
            apart=differs(row_of([quote_ident(self.column.name)]), row_of([copied.source_value])),
            says=says,
            same=_same(copied, says),
        )
        return Draft(
            title=f"keep {table.ref}.{self.column.name} as {source.ref}.{value.name} says",
            tables=(table.ref, source.ref),
            phases=tuple(kept_phases(kept)),
            why=(
                f"both versions write {source.ref} and {table.ref}, and the old one knows nothing of {self.column.name}: triggers"
                " keep it, and stay when the old version has gone",
                f"a row that comes while {source.ref} changes is looked at again at COMMIT, under a lock of that instant: two who"
                " do not see each other yet cannot leave an old value behind",
            ),
            differs=() if self.has_triggers else (missing_triggers(self.column.name, copied.keeper()),),
            by_hand=tuple(_by_hand(ground, copied)),
        )


def _same(copied: Copied, says: str) -> Gate:
    table, column = name_of(copied.table.ref), quote_ident(copied.column)
    pairs = " AND ".join(f"there.{quote_ident(there)} = here.{quote_ident(here)}" for here, there in copied.pairs)
    apart = differs(row_of([f"here.{column}"]), row_of([f"there.{quote_ident(copied.value)}"]))
    return Gate(
        id="same",
        question=f"Does {copied.column} say {says} in every row of {copied.table.ref}?",
        query=f"SELECT count(*) FROM {table} AS here LEFT JOIN {name_of(copied.source.ref)} AS there ON {pairs} WHERE {apart}",
        expected="0",
        otherwise="Run the backfill again; if rows come back, a trigger of your own changes the column after ours.",
    )


def _by_hand(ground: Ground, copied: Copied) -> Iterator[str]:
    table, source = copied.table.ref, copied.source.ref
    yield (
        f"one change of {source}.{copied.value} changes every row of {table} that belongs to it, in the same transaction: how many"
        f" that are at most, SELECT count(*) FROM {name_of(table)} GROUP BY {', '.join(map(quote_ident, copied.by.columns))}"
        " ORDER BY 1 DESC LIMIT 1 tells"
    )
    yield (
        f"what an app writes into {copied.column} is replaced by what {source} says, without an error: leave it out of what the"
        " models write"
    )
    yield from unindexed(
        ground,
        copied.table,
        copied.by.columns,
        f"every change of {source}.{copied.value} would read all of {table}",
    )
    yield (
        "session_replication_role = replica, and a restore of one of the two tables, go past the triggers: the gate's query finds"
        " the rows, the backfill puts them right"
    )
