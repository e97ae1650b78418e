"""A column that counts the rows of another table: triggers keep it, and lock the row that they count for."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.dual_write.kept_phases import Kept, kept_phases, key_to, missing_triggers, refuse, unindexed
from migrasafe.plan.model import Gate
from migrasafe.plan.objects.kept import Counted, Keeper
from migrasafe.schema.definitions import name_of, names
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ColumnDef, Name

_NUMBERS = ("int2", "int4", "int8")


class CountColumn(Struct, frozen=True, kw_only=True):
    table: Name
    column: ColumnDef
    child: Name
    by: str | None = None
    """The first column of the foreign key; None: there is one only."""
    has_triggers: bool = True
    """Whether the migration makes the functions and triggers itself, as the plan does."""

    def keeper(self, ground: Ground) -> Keeper:
        """What keeps the column. Raises NoPlanError."""
        return self.counted(ground).keeper()

    def counted(self, ground: Ground) -> Counted:
        """Which rows it counts. Raises NoPlanError."""
        table, child = table_of(ground, self.table), table_of(ground, self.child)
        by = key_to(child, table, self.by)
        if by.deferrable:
            raise NoPlanError(
                f"{by.name} of {child.ref} is DEFERRABLE: rows could come before the one they belong to, and would not be"
                " counted; make it NOT DEFERRABLE before"
            )
        on_update = by.references.on_update if by.references is not None else "NO ACTION"
        if on_update not in ("NO ACTION", "RESTRICT"):
            raise NoPlanError(
                f"{by.name} of {child.ref} is ON UPDATE {on_update}: rows that follow a key would be counted twice; plan"
                f' `replace-foreign-key {child.ref}.{by.name} "ON UPDATE NO ACTION"` before'
            )
        return Counted(table=table, column=self.column.name, child=child, by=by, search_path=ground.schema.search_path)

    def plan(self, ground: Ground) -> Draft:
        """Nobody writes the column but triggers, for good. Raises NoPlanError."""
        counted = self.counted(ground)
        table, child, column = counted.table, counted.child, quote_ident(self.column.name)
        refuse(table, self.column)
        if self.column.type is None or self.column.type.array or self.column.type.name not in _NUMBERS:
            raise NoPlanError(f"{self.column.name} counts: it has to be bigint, or a smaller whole number")
        if self.column.default is None or deparse_expression(self.column.default) != "0":
            raise NoPlanError(f"{self.column.name} needs DEFAULT 0: a new row of {table.ref} has nothing to count yet")
        says = f"how many rows of {child.ref} belong to the row"
        kept = Kept(
            ground=ground,
            table=table,
            column=self.column,
            keeper=counted.keeper(),
            value=counted.counted_now,
            apart=f"{column} IS DISTINCT FROM ({_counted_in_snapshot(counted)})",
            says=says,
            same=_same(counted, says),
        )
        return Draft(
            title=f"keep {table.ref}.{self.column.name}, a count of {child.ref}",
            tables=(table.ref, child.ref),
            phases=tuple(kept_phases(kept)),
            why=(
                f"both versions write {child.ref}, and the old one knows nothing of {self.column.name}: triggers count, and stay"
                " when the old version has gone",
                "the triggers add and take away once for each statement and row; a backfill counts under the lock of the row, with"
                f" {counted.function}(), so that what is counted meanwhile is counted once",
            ),
            differs=() if self.has_triggers else (missing_triggers(self.column.name, counted.keeper()),),
            by_hand=tuple(_by_hand(ground, counted)),
        )


def _counted_in_snapshot(counted: Counted) -> str:
    """The count that a statement sees with the row itself: counted anew, it would be ahead of the row while others write."""
    named = [
        (quote_ident(here), f"migrasafe_{place}", quote_ident(there))
        for place, (here, there) in enumerate(counted.pairs)
    ]
    listed = ", ".join(f"{here} AS {alias}" for here, alias, _ in named)
    pairs = " AND ".join(f"kept_there.{alias} = {there}" for _, alias, there in named)
    return f"SELECT count(*) FROM (SELECT {listed} FROM {name_of(counted.child.ref)}) AS kept_there WHERE {pairs}"


def _same(counted: Counted, says: str) -> Gate:
    table, child = name_of(counted.table.ref), name_of(counted.child.ref)
    listed = names(here for here, _ in counted.pairs)
    pairs = " AND ".join(f"there.{quote_ident(here)} = here.{quote_ident(there)}" for here, there in counted.pairs)
    return Gate(
        id="same",
        question=f"Does {counted.column} say {says}, in every row of {counted.table.ref}?",
        query=(
            f"SELECT count(*) FROM {table} AS here LEFT JOIN (SELECT {listed}, count(*) AS kept_n FROM {child}"
            f" GROUP BY {listed}) AS there ON {pairs}"
            f" WHERE here.{quote_ident(counted.column)} IS DISTINCT FROM coalesce(there.kept_n, 0)"
        ),
        expected="0",
        otherwise="Run the backfill again; if rows come back, something else writes the column.",
    )


def _by_hand(ground: Ground, counted: Counted) -> Iterator[str]:
    table, child, column = counted.table.ref, counted.child.ref, counted.column
    yield (
        f"who adds or deletes a row of {child} locks its row of {table} until COMMIT, and the next one waits: keep such"
        f" transactions short. Where hundreds a second go to one row of {table}, let the app sum up a table of changes instead"
    )
    yield (
        f"a transaction that adds rows for several rows of {table}, one statement after another, locks them in that order: two"
        " with another order meet a deadlock (40P01), and one has to try again; in one statement they are locked by key"
    )
    action = counted.by.references.on_delete if counted.by.references is not None else "NO ACTION"
    if action == "CASCADE":
        yield (
            f"who deletes a row of {table}, with its rows of {child}, and who deletes one of those at the same moment, wait for each"
            " other: a deadlock (40P01), and one has to try again"
        )
    yield f"{column} is a number that nobody writes: leave it out of what the models write, or a stale one is written back"
    yield from unindexed(ground, counted.child, counted.by.columns, "each row of the backfill would read all of it")
    yield (
        f"session_replication_role = replica, and a restore of one of the two tables, go past the triggers: UPDATE"
        f" {name_of(table)} SET {quote_ident(column)} = {counted.counted_now} WHERE {quote_ident(column)} <>"
        f" {counted.counted_now} puts it right at any time"
    )
