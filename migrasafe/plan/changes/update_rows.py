"""UPDATE in a migration: as a job that changes the rows in batches, while everybody goes on reading and writing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from migrasafe.plan import phases
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.dual_write.fill_trigger import fill_while_missing, no_fill_any_more
from migrasafe.plan.dual_write.triggers import differs, row_of
from migrasafe.plan.model import Backfill, Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of, names, type_of
from migrasafe.schema.model import Table
from migrasafe.sql.builtin.called import function_calls, volatility_of
from migrasafe.sql.deparse import Path, deparse_expression, map_columns
from migrasafe.sql.expressions import columns_read, names_of, walk
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Expression, Name

_SETTLED = frozenset({"lower", "upper", "btrim", "ltrim", "rtrim", "coalesce"})
"""Functions that change nothing any more in what they have made."""


class UpdateRows(Struct, frozen=True, kw_only=True):
    table: Name
    assignments: tuple[tuple[str, Expression | None], ...]
    where: Expression | None = None
    added: frozenset[str] = frozenset()
    """Columns that the same migration adds: what the new version writes there meanwhile must stay."""

    def plan(self, ground: Ground) -> Draft:
        """A backfill, and the question whether rows are left. Raises NoPlanError for what cannot be cut into batches."""
        table = table_of(ground, self.table)
        values: dict[str, Expression] = {}
        for name, value in self.assignments:
            if value is None:
                raise NoPlanError("UPDATE … SET (a, b) = … has no plan yet: say each column for itself")
            column_of(table, name)
            values[name] = without_table(value)
        for name, value in values.items():
            _refuse(ground, table, name, value, values)
        news = [f"({deparse_expression(value)})::{type_of(column_of(table, name))}" for name, value in values.items()]
        changed = differs(row_of(map(quote_ident, values)), row_of(news))
        new = [name for name in values if name in self.added]
        untouched = " AND ".join(one for name in new for one in _as_added(ground, table, name))
        changed = f"{untouched} AND {changed}" if untouched else changed
        where = changed if self.where is None else f"({deparse_expression(without_table(self.where))}) AND {changed}"
        listed = names(values)
        fills = tuple(self._fills(ground, table, values))
        return Draft(
            title=f"update {listed} of {table.ref}",
            tables=(table.ref,),
            phases=tuple(self._phases(ground, table, values, where, fills)),
            by_hand=tuple(self._by_hand(listed, is_new=bool(untouched), fills=bool(fills))),
        )

    def _phases(
        self, ground: Ground, table: Table, values: Mapping[str, Expression], where: str, fills: tuple[Step, ...]
    ) -> Iterator[Phase]:
        listed = names(values)
        if fills:
            yield Phase(
                name=PhaseName.DUAL_WRITE,
                title=f"{listed}: what the old version leaves out is filled in",
                old_app="goes on as before",
                new_app="is not deployed yet",
                steps=fills,
            )
        yield Phase(
            name=PhaseName.BACKFILL,
            title=f"{listed}: the rows are changed, in batches",
            old_app="goes on as before" if fills else "reads old values and new ones, and goes on writing as before",
            new_app="is not deployed yet, or can do with both",
            backfills=(
                Backfill(
                    table=name_of(table.ref),
                    assignments=tuple(
                        f"{quote_ident(name)} = {deparse_expression(value)}" for name, value in values.items()
                    ),
                    where=where,
                    overwrites=not self.added.issuperset(values),
                ),
            ),
        )
        yield Phase(
            name=PhaseName.VERIFY,
            title=f"{listed}: no row is left",
            old_app="goes on as before",
            new_app="finds the new values",
            gates=(
                phases.none_left(
                    "no-row-left",
                    f"Is no row of {table.ref} left that the UPDATE would change?",
                    name_of(table.ref),
                    where,
                    "Run the backfill, with --restart where it has run before; if rows come back, the old version goes on"
                    " writing them: ask again when it has ended.",
                ),
            ),
        )
        if fills:
            yield phases.deploy(f"writes {listed} itself", "goes on as before: what it leaves out is filled in")
            yield phases.contract(
                f"Nobody fills in {listed} any more",
                f"writes {listed} itself",
                tuple(map(no_fill_any_more, reversed(fills))),
                needed=f"the trigger that fills in {listed}",
                old_application_name=ground.old_application_name,
            )

    def _fills(self, ground: Ground, table: Table, values: Mapping[str, Expression]) -> Iterator[Step]:
        """For columns that come with the migration, and are empty: triggers that do to new rows what it does to old ones."""
        told = (*values.values(), *(() if self.where is None else (self.where,)))
        if not self.added.issuperset(values) or not all(_can_be_said_of_a_new_row(one, table) for one in told):
            return
        if any(column_of(table, name).default is not None for name in values):
            return
        for number, (name, value) in enumerate(values.items(), start=1):
            id = ground.id if number == 1 else f"{ground.id}_{number}"
            where = None if self.where is None else without_table(self.where)
            yield fill_while_missing(table.ref, name, value, id, ground.schema.search_path, where)

    def _by_hand(self, listed: str, *, is_new: bool, fills: bool) -> Iterator[str]:
        if fills:
            yield (
                f"until the contract phase a row that is written without {listed} gets what the UPDATE says, also from the new"
                " version; what the old one changes later in the columns that it is worked out from is not carried over"
            )
            return
        if not is_new:
            yield (
                f"what somebody writes into {listed} while the job runs is changed, too, where the UPDATE's WHERE lets it:"
                " say one that only rows from before pass, if that is not meant"
            )
            yield f"there is no way back from new values of {listed}: keep the old ones somewhere if they may be wanted"
            return
        yield (
            f"rows that the old version writes after the job have no {listed} but the default: run the job again, with --restart,"
            " when that version has ended"
        )


def _as_added(ground: Ground, table: Table, name: str) -> Iterator[str]:
    """The condition of rows that have in a new column what it was added with; none where that is another each time."""
    column = column_of(table, name)
    if column.default is None:
        yield f"{quote_ident(name)} IS NULL"
    elif not volatility_of(column.default, lambda *_: None, pg_version=ground.target.pg_version).volatile_functions:
        given = f"({deparse_expression(column.default)})::{type_of(column)}"
        yield f"NOT {differs(row_of([quote_ident(name)]), row_of([given]))}"


def without_table(value: Expression) -> Expression:
    """Without what the table is called in the statement."""

    def change(path: Path) -> Path:
        return path[-1:]

    if any(kind == "SubLink" for kind, _ in walk(value.node)):
        return value
    return Expression(node=map_columns(value.node, change))


def _can_be_said_of_a_new_row(value: Expression, table: Table) -> bool:
    """Whether it is plain which columns are those of the row: in a sub-select, they say so."""
    if not any(kind == "SubLink" for kind, _ in walk(value.node)):
        return True
    paths = (names_of(fields.get("fields", [])) for kind, fields in walk(value.node) if kind == "ColumnRef")
    return all(len(path) > 1 for path in paths)


def _own_columns(value: Expression, table: Table) -> frozenset[str]:
    """The columns of the row itself that a value reads; in a sub-select those of other tables say whose they are."""
    if not any(kind == "SubLink" for kind, _ in walk(value.node)):
        return columns_read(value)
    paths = (names_of(fields.get("fields", [])) for kind, fields in walk(value.node) if kind == "ColumnRef")
    return frozenset(path[-1] for path in paths if path and (len(path) == 1 or path[-2] == table.ref.name))


def _refuse(
    ground: Ground, table: Table, name: str, value: Expression, assigned: Sequence[str] | dict[str, Expression]
) -> None:
    verdict = volatility_of(value, lambda *_: None, pg_version=ground.target.pg_version)
    if verdict.volatile_functions:
        raise NoPlanError(
            f"{name} = {deparse_expression(value)} gives another value each time, so nothing tells which rows are done: write the"
            f" job yourself for `migrasafe backfill`, with a WHERE that does, such as {quote_ident(name)} IS NULL"
        )
    again = _own_columns(value, table) & set(assigned)
    calls = {call.name for call in function_calls(value.node)}
    operators = any(kind == "A_Expr" for kind, _ in walk(value.node))
    if again and (operators or calls - _SETTLED):
        raise NoPlanError(
            f"{name} = {deparse_expression(value)} is worked out from {names(sorted(again))}, which the same UPDATE changes: run"
            " twice, it would change rows twice; put the result into a column of its own"
        )
