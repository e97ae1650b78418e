"""A view in the place of a table, so that both versions of the app find the names that they know.

https://www.postgresql.org/docs/current/sql-createview.html#SQL-CREATEVIEW-UPDATABLE-VIEWS
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.beside import ref_beside
from migrasafe.plan.changes.model import Ground, NoPlanError
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref, Sequence, Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident, quote_literal, quote_role

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
    aside = ref_beside(table.ref)
    columns = [quote_ident(new if column.name == old else column.name) for column in table.columns]
    shown = [*columns, f"{quote_ident(new)} AS {quote_ident(old)}"]
    there, back = _renames(table.ref, aside)
    column_there = f"ALTER TABLE {name_of(aside)} RENAME COLUMN {quote_ident(old)} TO {quote_ident(new)}"
    column_back = f"ALTER TABLE {name_of(aside)} RENAME COLUMN {quote_ident(new)} TO {quote_ident(old)}"
    # No default for the renamed column: with one, the view would refuse an INSERT that says the other name.
    view = tuple(_view(ground, table, aside, shown, without_default=old))
    drop = f"DROP VIEW {name_of(table.ref)}"
    over = predicates.all_of(
        predicates.relation_exists(table.ref),
        predicates.column_exists(table.ref, new),
        predicates.columns_are_gone(table.ref, old),
    )
    return Shim(
        up=Step(
            title=f"Let a view show {table.ref} with {old} and {new}",
            statements=(there, column_there, *view),
            done=predicates.all_of(predicates.relation_exists(table.ref, "v"), predicates.column_exists(aside, new)),
            past=over,
            undo=(drop, column_back, back),
        ),
        down=Step(
            title=f"Take the view away; {table.ref} is the table again",
            statements=(drop, back),
            done=over,
            undo=(there, *view),
        ),
        why=(_WHY,),
        assumed=tuple(_assumed(ground, table)),
        by_hand=_by_hand(table),
    )


def shim_for_table(ground: Ground, table: Table, new: Ref) -> Shim:
    """The table gets its new name, or its new schema; a view under the old one shows all of it."""
    moves = new.schema != table.ref.schema
    there, back = _moves(table.ref, new) if moves else _renames(table.ref, new)
    view = tuple(_view(ground, table, new, [quote_ident(column.name) for column in table.columns]))
    drop = f"DROP VIEW {name_of(table.ref)}"
    over = predicates.all_of(
        predicates.relation_exists(new), predicates.not_(predicates.relation_exists(table.ref, "rpv"))
    )
    return Shim(
        up=Step(
            title=f"{'Move' if moves else 'Rename'} {table.ref} to {new.schema if moves else new.name}, and let a view keep the old"
            " name",
            statements=(there, *view),
            done=predicates.all_of(predicates.relation_exists(table.ref, "v"), predicates.relation_exists(new)),
            past=over,
            undo=(drop, back),
        ),
        down=Step(title=f"Take the view {table.ref} away", statements=(drop,), done=over, undo=view),
        why=(_WHY,),
        assumed=tuple(_assumed(ground, table)),
        by_hand=_by_hand(table),
    )


_WHY = "indexes, constraints, triggers, sequences and foreign keys stay on the table: nothing is copied, nothing filled"


def _renames(old: Ref, new: Ref) -> tuple[str, str]:
    return (
        f"ALTER TABLE {name_of(old)} RENAME TO {quote_ident(new.name)}",
        f"ALTER TABLE {name_of(new)} RENAME TO {quote_ident(old.name)}",
    )


def _moves(old: Ref, new: Ref) -> tuple[str, str]:
    return (
        f"ALTER TABLE {name_of(old)} SET SCHEMA {quote_ident(new.schema)}",
        f"ALTER TABLE {name_of(new)} SET SCHEMA {quote_ident(old.schema)}",
    )


def _by_hand(table: Table) -> tuple[str, ...]:
    return (
        f"look for {LIMITS.removeprefix('not through the view: ')} on {table.ref.name} in the code of both versions",
        f"an ORM that reads the catalog sees {table.ref.name} as a view until the contract phase",
    )


def _view(
    ground: Ground, table: Table, aside: Ref, shown: list[str], *, without_default: str | None = None
) -> Iterator[str]:
    """The view with the defaults, the owner and the privileges of the table it stands for."""
    if not table.complete:
        raise NoPlanError(f"not every column of {table.ref} is known: give a dump or a DSN with --schema")
    name = name_of(table.ref)
    options = " WITH (security_invoker = true)" if ground.target.at_least(SECURITY_INVOKER_SINCE) else ""
    yield f"CREATE VIEW {name}{options} AS SELECT {', '.join(shown)} FROM {name_of(aside)}"
    for column in table.columns:
        if column.default is not None and column.name != without_default:
            default = _with_moved(ground, table, aside.schema, deparse_expression(column.default))
            yield f"ALTER VIEW {name} ALTER COLUMN {quote_ident(column.name)} SET DEFAULT {default}"
    if table.owner is not None:
        yield f"ALTER VIEW {name} OWNER TO {quote_ident(table.owner)}"
    yield from _grants(table)


def _with_moved(ground: Ground, table: Table, schema: str, default: str) -> str:
    """A default whose sequences have gone to another schema with the table that owns them."""
    if schema == table.ref.schema:
        return default
    for ref in sorted(ground.schema.dependents_of(table.ref)):
        one = ground.schema.relation(ref)
        if isinstance(one, Sequence) and one.owned_by is not None and one.owned_by.relation == table.ref:
            moved = quote_literal(name_of(Ref(schema, ref.name)))
            for said in (quote_literal(name_of(ref)), quote_literal(quote_ident(ref.name))):
                default = default.replace(said, moved)
    return default


_OF_VIEWS = frozenset({"select", "insert", "update", "delete"})


def _grants(table: Table) -> Iterator[str]:
    by_role: dict[str, list[str]] = {}
    for grant in sorted(table.grants):
        if grant.privilege in _OF_VIEWS:
            by_role.setdefault(grant.role, []).append(grant.privilege.upper())
    for role, privileges in by_role.items():
        yield f"GRANT {', '.join(privileges)} ON {name_of(table.ref)} TO {quote_role(role)}"


def _assumed(ground: Ground, table: Table) -> Iterator[str]:
    if not ground.target.at_least(SECURITY_INVOKER_SINCE):
        yield (
            "PostgreSQL before 15 checks the privileges of the view's owner, not of who reads it: row security of"
            f" {table.ref} is that of its owner meanwhile"
            if table.row_security
            else f"the owner of the view may read and write {table.ref}: before PostgreSQL 15 its privileges count"
        )
