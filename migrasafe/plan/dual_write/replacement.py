"""Old columns and those that take their place under names of their own, while both are there."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.beside import name_aside
from migrasafe.plan.changes.model import Ground
from migrasafe.plan.dual_write.triggers import (
    DualWrite,
    Mapped,
    differs,
    drop_functions_sql,
    drop_triggers_sql,
    functions_sql,
    inconsistent,
    row_of,
)
from migrasafe.plan.model import Step
from migrasafe.schema.attached import Beside
from migrasafe.schema.definitions import name_of, type_of
from migrasafe.schema.model import Column, ColumnRef, Table
from migrasafe.sql.deparse import deparse_expression, parse_expression, renamed, substituted
from migrasafe.sql.quote import quote_ident, spell_type
from migrasafe.sql.statements import ColumnDef, Expression


class Replacement(Struct, frozen=True, kw_only=True):
    ground: Ground
    table: Table
    old: tuple[Column, ...]
    new: tuple[ColumnDef, ...]
    up: tuple[Expression, ...]
    """Of each new column, over the old ones."""
    down: tuple[Expression, ...]

    @staticmethod
    def type_of(column: ColumnDef) -> str:
        """The type of a new column as SQL."""
        assert column.type is not None  # whoever plans has seen to it
        return spell_type(column.type)

    @property
    def dropped(self) -> dict[str, str]:
        """What the old columns are called between their soft drop and their end."""
        return {column.name: name_aside(column.name) for column in self.old}

    def dual(self, *, dropped: bool = False) -> DualWrite:
        """The dual write, while the old columns have their names, or once they are `dropped` out of sight."""
        now = self.dropped if dropped else {}
        return DualWrite(
            table=self.table.ref,
            id=self.ground.id,
            old=tuple(
                Mapped(column=now.get(column.name, column.name), type=type_of(column), value=value)
                for column, value in zip(self.old, self.down, strict=True)
            ),
            new=tuple(
                Mapped(
                    column=column.name,
                    type=self.type_of(column),
                    value=Expression(node=renamed(value.node, now)),
                )
                for column, value in zip(self.new, self.up, strict=True)
            ),
            search_path=(*self.ground.schema.search_path, self.table.ref.schema),
        )

    @property
    def assignments(self) -> tuple[str, ...]:
        return tuple(
            f"{quote_ident(one.column)} = ({deparse_expression(one.value)})::{one.type}" for one in self.dual().new
        )

    @property
    def apart(self) -> str:
        """The condition of rows in which neither side follows from the other."""
        return inconsistent(self.dual())

    @property
    def to_fill(self) -> str:
        """The condition of rows that a backfill has to change: also those whose old values say the same as none at all."""
        came, was = self.dual().new, [quote_ident(column.name) for column in self.old]
        empty = " AND ".join(f"{quote_ident(one.column)} IS NULL" for one in came)
        given = " OR ".join(f"{one} IS NOT NULL" for one in was)
        follows = differs(row_of(quote_ident(one.column) for one in came), self._ups)
        return f"({self.apart}) OR ({empty} AND ({given}) AND {follows})"

    @property
    def nothing_came_of_it(self) -> str:
        """The condition of rows of which the new columns say nothing, though the old ones do."""
        given = " OR ".join(f"{quote_ident(column.name)} IS NOT NULL" for column in self.old)
        empty = " AND ".join(f"{quote_ident(column.name)} IS NULL" for column in self.new)
        return f"({given}) AND {empty}"

    @property
    def loses_something(self) -> str:
        """The condition of rows whose old values the new columns cannot give back."""
        back = []
        for column, value in zip(self.old, self.down, strict=True):
            node = value.node
            for one in self.dual().new:
                cast = parse_expression(f"({deparse_expression(one.value)})::{one.type}")
                node = substituted(node, one.column, cast.node)
            back.append(f"({deparse_expression(Expression(node=node))})::{type_of(column)}")
        return differs(row_of(quote_ident(column.name) for column in self.old), row_of(back))

    @property
    def given_back(self) -> dict[str, Expression]:
        """Of each old column, its value over the new ones, with its type."""
        return {
            one.column: parse_expression(f"({deparse_expression(one.value)})::{one.type}") for one in self.dual().old
        }

    @property
    def beside(self) -> Beside | None:
        """What the server keeps beside the table; None where none was asked."""
        return None if self.ground.beside is None else self.ground.beside.get(self.table.ref, Beside())

    @property
    def attached_grants(self) -> tuple[str, ...]:
        """The old columns with privileges of their own."""
        known = self.ground.attached or {}
        refs = ((column.name, known.get(ColumnRef(self.table.ref, column.name))) for column in self.old)
        return tuple(name for name, attached in refs if attached is not None and attached.grants)

    @property
    def is_over(self) -> str:
        """Whether the old columns are gone for good."""
        ref = self.table.ref
        there = [predicates.column_exists(ref, column.name) for column in self.new]
        gone = predicates.columns_are_gone(ref, *self.dropped, *self.dropped.values())
        return f"({predicates.all_of(*there, gone)})"

    @property
    def _ups(self) -> str:
        return row_of(f"({deparse_expression(one.value)})::{one.type}" for one in self.dual().new)


def soft_drop(made: Replacement) -> Step:
    """The old columns under other names, still fed: whoever still needs them fails, and nothing is lost.

    Their defaults stay with them: a row of the new version without a value must get past their NOT NULL.
    """
    table, ref = name_of(made.table.ref), made.table.ref
    there, back = [], []
    for old, dropped in made.dropped.items():
        there.append(f"ALTER TABLE {table} RENAME COLUMN {quote_ident(old)} TO {quote_ident(dropped)}")
        back.append(f"ALTER TABLE {table} RENAME COLUMN {quote_ident(dropped)} TO {quote_ident(old)}")
    there += functions_sql(made.dual(dropped=True))
    back += functions_sql(made.dual())
    for new in made.new:
        if new.default is not None:
            default = deparse_expression(new.default)
            there.append(f"ALTER TABLE {table} ALTER COLUMN {quote_ident(new.name)} SET DEFAULT {default}")
            back.append(f"ALTER TABLE {table} ALTER COLUMN {quote_ident(new.name)} DROP DEFAULT")
    listed = ", ".join(made.dropped)
    kept = [predicates.column_exists(ref, dropped) for dropped in made.dropped.values()]
    return Step(
        title=f"Take {listed} out of sight; kept up to date as {', '.join(made.dropped.values())}",
        statements=tuple(there),
        done=predicates.all_of(*kept, predicates.columns_are_gone(ref, *made.dropped)),
        past=made.is_over,
        undo=tuple(back),
        undoable=predicates.all_of(*kept),
    )


def hard_drop(made: Replacement) -> Step:
    """The end of the old columns, with the triggers in one transaction."""
    table, dual = name_of(made.table.ref), made.dual(dropped=True)
    drops = ", ".join(f"DROP COLUMN {quote_ident(dropped)}" for dropped in made.dropped.values())
    return Step(
        title=f"Drop {', '.join(made.dropped.values())} for good",
        statements=(*drop_triggers_sql(dual), f"ALTER TABLE {table} {drops}", *drop_functions_sql(dual)),
        done=made.is_over,
        loses=f"{', '.join(made.dropped)}: from here on the way back is a plan of its own",
    )
