"""What a change is planned from, and what its planning brings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from migrasafe.errors import InputError
from migrasafe.plan.app_code.model import Kept, Worked
from migrasafe.plan.model import Moved, Phase
from migrasafe.schema.attached import Attached, Beside
from migrasafe.schema.model import Column, ColumnRef, Ref, Schema, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Name
from migrasafe.target import Target


class Ground(Struct, frozen=True, kw_only=True):
    """What the plan is made on."""

    schema: Schema
    target: Target
    id: str
    """Names what the plan makes in the database."""
    attached: Mapping[ColumnRef, Attached] | None = None
    """What the server keeps beside columns; None: no server was asked."""
    beside: Mapping[Ref, Beside] | None = None
    """What the server keeps beside tables and views; None: no server was asked."""
    old_application_name: str | None = None
    """The LIKE pattern of what sessions of the old version call themselves."""
    quiet_seconds: float | None = None
    """How long the old version must have written nothing; None: its writes are not counted."""
    tolerated: float | None = None
    """The part of the rows in which both sides may say different things; None: no row may."""


class Draft(Struct, frozen=True, kw_only=True):
    """A planned change: its phases, and what people have to know of it."""

    title: str
    tables: tuple[Ref, ...]
    phases: tuple[Phase, ...]
    why: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    lets_go: tuple[str, ...] = ()
    """What becomes of values that do not convert, as somebody has decided."""
    kept: tuple[Kept, ...] = ()
    """Columns that have two names for a while."""
    worked: tuple[Worked, ...] = ()
    """Columns that the app writes beside those that they take the place of."""
    moved: Moved | None = None
    """The table whose rows go to another database."""
    names_gone: tuple[ColumnRef, ...] = ()
    """What only the old version says: columns, and tables (without a column)."""
    stand_ins: tuple[Ref, ...] = ()
    """Names that a view has from the expand phase to the contract phase, where something else had them."""
    second_names: tuple[Ref, ...] = ()
    """Likewise names of types that a domain has."""
    late_names: tuple[Ref, ...] = ()
    """Names of types that are there from the contract phase on."""


class Change(Protocol):
    """A change that somebody wants, said in words or found in a migration."""

    def plan(self, ground: Ground) -> Draft:
        """The way there. Raises NoPlanError where there is none."""


class NoPlanError(InputError):
    """A change that has no plan: why, and what a person can do."""


def table_of(ground: Ground, name: Name) -> Table:
    """The table that a change is about. Raises NoPlanError where it is not known."""
    ref = ground.schema.resolve(*name)
    table = ground.schema.table(ref)
    if table is None:
        alike = [one for one in ground.schema.relations if str(one).lower() == str(ref).lower()]
        if alike:
            raise NoPlanError(
                f"the schema has no table {name}, but {alike[0]}: names with capitals are quoted, in the shell as"
                f" '{quote_ident(alike[0].schema)}.{quote_ident(alike[0].name)}'"
            )
        raise NoPlanError(
            f"the schema has no table {name}: give the one it is in with --schema (a dump, a DSN, or the migrations)"
        )
    return table


def column_of(table: Table, name: str) -> Column:
    """A column that a change is about. Raises NoPlanError where it is not known."""
    column = table.column(name)
    if column is None:
        known = ", ".join(one.name for one in table.columns[:12])
        raise NoPlanError(f"{table.ref} has no column {name}: it has {known or 'none that is known'}")
    if column.type is None:
        raise NoPlanError(f"the type of {table.ref}.{name} is not known: give a dump or a DSN with --schema")
    return column
