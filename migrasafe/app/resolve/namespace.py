"""The names that an expression can see: the items of the FROM clauses around it, from the inside out.

https://www.postgresql.org/docs/current/queries-table-expressions.html
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.schema.model import ColumnRef, Ref
from migrasafe.sql.statements import TypeName

SYSTEM_COLUMNS = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})


class Col(Struct, frozen=True, kw_only=True):
    """A column that can be named."""

    name: str
    type: TypeName | None = None
    reads: tuple[ColumnRef, ...] = ()
    """The columns of relations that naming it reads. Those inside subqueries are counted where they stand."""
    origin: ColumnRef | None = None
    """The column of a relation that it shows unchanged, also through subqueries."""
    text: str | None = None
    """It is a string constant, whose type the place decides where it goes; seen from outside it is text."""


class Item(Struct, frozen=True, kw_only=True):
    """One item of a FROM clause."""

    alias: str
    """Empty: it has no name."""
    columns: tuple[Col, ...] = ()
    complete: bool = True
    """False: it may have columns that we do not know."""
    relation: Ref | None = None
    """The table or view that it is, if its columns' reads count against it."""
    schema: str | None = None
    """Of a relation without alias: `public.orders.id` names it too."""
    table: bool = False
    """It has system columns."""
    row_type: TypeName | None = None
    scalar: bool = False
    """A function that gives one value: its alias means the value, not a row of it."""
    shows_columns: bool = True
    """Its columns can be named without the alias: not those below a JOIN with merged columns, which the JOIN shows."""
    shows_name: bool = True
    """They can be named with it."""
    unsure: tuple[Item, ...] = ()
    """Of a JOIN that shows merged columns: the sides of which not all columns are known."""
    system: bool = False
    """One of PostgreSQL's own catalogs: a column that nothing else has is taken to be its."""

    def column(self, name: str) -> Col | None:
        for column in self.columns:
            if column.name == name:
                return column
        if self.table and name in SYSTEM_COLUMNS:
            return Col(name=name)
        return None

    def count(self, name: str) -> int:
        return sum(1 for column in self.columns if column.name == name)


class Names(Struct, frozen=True, kw_only=True):
    """The innermost level of names, and the levels around it."""

    items: tuple[Item, ...] = ()
    outer: Names | None = None
    ctes: tuple[Cte, ...] = ()
    """Those made by the WITH clause of this level."""
    parameters: tuple[Col, ...] = ()
    """The arguments of the SQL function whose body this is."""

    def inside(self, *items: Item) -> Names:
        """A new level with these items."""
        return Names(items=items, outer=self)

    def with_items(self, items: Iterable[Item]) -> Names:
        return replace(self, items=tuple(items))

    def cte(self, name: str) -> Cte | None:
        level: Names | None = self
        while level is not None:
            for cte in reversed(level.ctes):
                if cte.name == name:
                    return cte
            level = level.outer
        return None


class Cte(Struct, frozen=True, kw_only=True):
    """A query of a WITH clause."""

    name: str
    columns: tuple[Col, ...] = ()
    complete: bool = True


def inner(columns: Iterable[Col], names: tuple[str, ...] = ()) -> tuple[Col, ...]:
    """Columns as seen from outside of a subquery, renamed by its alias: naming them reads nothing more."""
    shown = []
    for place, column in enumerate(columns):
        name = names[place] if place < len(names) else column.name
        type_ = column.type if column.text is None else TypeName(name="text")
        shown.append(Col(name=name, type=type_, origin=column.origin))
    return tuple(shown)


def renamed(columns: tuple[Col, ...], names: tuple[str, ...]) -> tuple[Col, ...]:
    """The columns of a relation under the names that its alias gives them."""
    return tuple(
        replace(column, name=names[place]) if place < len(names) else column for place, column in enumerate(columns)
    )
