"""A view in the place of a table, so that both versions of the app find the names that they know.

https://www.postgresql.org/docs/current/sql-createview.html#SQL-CREATEVIEW-UPDATABLE-VIEWS
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.plan.definitions import name_of, with_suffix
from migrasafe.plan.model import Step
from migrasafe.schema.model import Ref, Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident

SECURITY_INVOKER_SINCE = 15
LIMITS = (
    "not through the view: COPY, TRUNCATE, LOCK, MERGE before PostgreSQL 17, ON CONFLICT ON CONSTRAINT, CREATE INDEX and"
    " ALTER TABLE by name, both names in one statement"
)


class Shim(Struct, frozen=True, kw_only=True):
    up: Step
    down: Step
    why: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()


def shim_for_column(ground: Ground, table: Table, old: str, new: str) -> Shim:
    """The table moves aside and its column gets the new name; a view in its place shows the column under both."""
    aside = Ref(table.ref.schema, with_suffix(table.ref.name, "__ms"))
    columns = [(new if column.name == old else column.name) for column in table.columns]
    shown = [quote_ident(column) for column in columns] + [f"{quote_ident(new)} AS {quote_ident(old)}"]
    # Not for the renamed column: with a default of its own, the view refuses an INSERT that names the other name.
    defaults = {column.name: column.default for column in table.columns if column.name != old}
    if not table.complete:
        raise NoPlanError(f"not every column of {table.ref} is known: give a dump or a DSN with --schema")
    rename = f"ALTER TABLE {name_of(aside)} RENAME COLUMN"
    there = f"ALTER TABLE {name_of(table.ref)} RENAME TO {quote_ident(aside.name)}"
    back = f"ALTER TABLE {name_of(aside)} RENAME TO {quote_ident(table.ref.name)}"
    make = tuple(_view(ground, table, aside, shown)) + tuple(
        f"ALTER VIEW {name_of(table.ref)} ALTER COLUMN {quote_ident(column)} SET DEFAULT {deparse_expression(default)}"
        for column, default in defaults.items()
        if default is not None and not _is_generated(table, column)
    )
    grants = tuple(_grants(table))
    drop = f"DROP VIEW {name_of(table.ref)}"
    standing = predicates.all_of(predicates.relation_exists(table.ref, "v"), predicates.column_exists(aside, new))
    over = predicates.all_of(
        predicates.relation_exists(table.ref),
        predicates.column_exists(table.ref, new),
        predicates.not_(predicates.column_exists(table.ref, old)),
    )
    return Shim(
        up=Step(
            title=f"Let a view show {table.ref} with {old} and {new}",
            statements=(there, f"{rename} {quote_ident(old)} TO {quote_ident(new)}", *make, *grants),
            done=standing,
            past=over,
            undo=(drop, f"{rename} {quote_ident(new)} TO {quote_ident(old)}", back),
        ),
        down=Step(
            title=f"Take the view away; {table.ref} is the table again",
            statements=(drop, back),
            done=over,
            undo=(there, *make, *grants),
        ),
        why=(
            "indexes, constraints, triggers, sequences and foreign keys stay where they are: nothing is copied or filled",
        ),
        assumed=tuple(_assumed(ground, table)),
        by_hand=(
            f"look for {LIMITS.removeprefix('not through the view: ')} on {table.ref.name} in the code of both versions",
            f"an ORM that reads the catalog sees {table.ref.name} as a view until the contract phase",
        ),
    )


def _view(ground: Ground, table: Table, aside: Ref, shown: list[str]) -> Iterator[str]:
    options = " WITH (security_invoker = true)" if ground.target.at_least(SECURITY_INVOKER_SINCE) else ""
    yield f"CREATE VIEW {name_of(table.ref)}{options} AS SELECT {', '.join(shown)} FROM {name_of(aside)}"
    if table.owner is not None:
        yield f"ALTER VIEW {name_of(table.ref)} OWNER TO {quote_ident(table.owner)}"


def _is_generated(table: Table, name: str) -> bool:
    column = table.column(name)
    return column is not None and column.generated is not None


_OF_VIEWS = frozenset({"select", "insert", "update", "delete"})


def _grants(table: Table) -> Iterator[str]:
    by_role: dict[str, list[str]] = {}
    for grant in sorted(table.grants):
        if grant.privilege in _OF_VIEWS:
            by_role.setdefault(grant.role, []).append(grant.privilege.upper())
    for role, privileges in by_role.items():
        to = "PUBLIC" if role == "public" else quote_ident(role)
        yield f"GRANT {', '.join(privileges)} ON {name_of(table.ref)} TO {to}"


def _assumed(ground: Ground, table: Table) -> Iterator[str]:
    if not ground.target.at_least(SECURITY_INVOKER_SINCE):
        yield (
            "PostgreSQL before 15 checks the privileges of the view's owner, not of who reads it: row security of"
            f" {table.ref} is that of its owner meanwhile"
            if table.row_security
            else f"the owner of the view may read and write {table.ref}: before PostgreSQL 15 its privileges count"
        )
