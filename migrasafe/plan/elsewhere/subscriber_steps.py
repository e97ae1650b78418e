"""The steps that subscribers of a published table run."""

from __future__ import annotations

from collections.abc import Sequence

from migrasafe.plan import predicates
from migrasafe.plan.beside import is_aside
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import formatted_type, name_of, type_of
from migrasafe.schema.model import Column, Ref, Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident, quote_literal

SUBSCRIBER = "subscriber"


def add(ref: Ref, column: Column) -> Step:
    default = ""
    if (
        not is_aside(column.name)
        and column.default is not None
        and column.identity is None
        and "nextval" not in deparse_expression(column.default)
    ):
        default = f" DEFAULT {deparse_expression(column.default)}"
    alter = f"ALTER TABLE {name_of(ref)}"
    return Step(
        title=f"Have a column {column.name} in {ref}",
        statements=(f"{alter} ADD COLUMN {quote_ident(column.name)} {type_of(column)}{default}",),
        done=f"({predicates.column_exists(ref, column.name)} OR {predicates.relation(ref)} IS NULL)",
        undo=(f"{alter} DROP COLUMN {quote_ident(column.name)}",),
        undoable=predicates.column_exists(ref, column.name),
        database=SUBSCRIBER,
    )


def let_be_null(ref: Ref, column: Column) -> Step:
    alter = f"ALTER TABLE {name_of(ref)} ALTER COLUMN {quote_ident(column.name)}"
    not_null = predicates.column_is_not_null(ref, column.name)
    return Step(
        title=f"Let {ref}.{column.name} be null: it gets no values soon",
        statements=(f"{alter} DROP NOT NULL",),
        done=f"NOT {not_null}",
        undo=(),
        stays=f"{ref}.{column.name} may be null on the subscriber",
        database=SUBSCRIBER,
    )


def retype(ref: Ref, known: Column, column: Column) -> Step:
    assert column.type is not None  # of which it is called
    alter = f"ALTER TABLE {name_of(ref)} ALTER COLUMN {quote_ident(column.name)} TYPE"
    return Step(
        title=f"Give {ref}.{column.name} the type {type_of(column)}, into which the old values fit as well",
        statements=(f"{alter} {type_of(column)}",),
        done=predicates.column_has_type(ref, column.name, formatted_type(column.type)),
        undo=(f"{alter} {type_of(known)} USING {quote_ident(column.name)}::{type_of(known)}",) if known.type else (),
        long=True,
        database=SUBSCRIBER,
    )


def drop(ref: Ref, column: str) -> Step:
    return Step(
        title=f"Drop {ref}.{column}, which gets no values any more, when replication has caught up",
        statements=(f"ALTER TABLE {name_of(ref)} DROP COLUMN {quote_ident(column)}",),
        done=predicates.columns_are_gone(ref, column),
        loses=f"the values of {column} on the subscriber",
        database=SUBSCRIBER,
    )


def rename_columns(ref: Ref, renamed: dict[str, str]) -> Step:
    # What makes room comes first: a new name may be one that another column has had.
    order = sorted(renamed.items(), key=lambda one: one[1] in renamed)
    names = tuple(
        f"ALTER TABLE {name_of(ref)} RENAME COLUMN {quote_ident(old)} TO {quote_ident(new)}" for old, new in order
    )
    back = tuple(
        f"ALTER TABLE {name_of(ref)} RENAME COLUMN {quote_ident(new)} TO {quote_ident(old)}"
        for old, new in reversed(order)
    )
    gone = [old for old in renamed if old not in renamed.values()]
    there = [new for new in renamed.values() if new not in renamed]
    return Step(
        title=f"Rename in {ref}: {', '.join(f'{old} to {new}' for old, new in order)}",
        statements=names,
        done=predicates.all_of(
            *(predicates.column_exists(ref, one) for one in there), predicates.columns_are_gone(ref, *gone)
        ),
        undo=back,
        undone_late=True,
        database=SUBSCRIBER,
    )


def rename_table(old: Ref, new: Ref) -> Step:
    def renamed(one: Ref, other: Ref) -> tuple[str, ...]:
        if one.schema != other.schema:
            return (f"ALTER TABLE {name_of(one)} SET SCHEMA {quote_ident(other.schema)}",)
        return (f"ALTER TABLE {name_of(one)} RENAME TO {quote_ident(other.name)}",)

    return Step(
        title=f"Give {old} the name {new}",
        statements=renamed(old, new),
        done=predicates.relation_exists(new),
        undo=renamed(new, old),
        undone_late=True,
        database=SUBSCRIBER,
    )


def make(table: Table) -> Step:
    lines = [
        f"{quote_ident(one.name)} {type_of(one)}{' NOT NULL' if one.not_null else ''}"
        for one in table.columns
        if one.generated is None and one.type is not None
    ]
    key = table.primary_key
    if key is not None:
        lines.append(f"PRIMARY KEY ({', '.join(map(quote_ident, key.columns))})")
    return Step(
        title=f"Have a table {table.ref}",
        statements=(f"CREATE TABLE {name_of(table.ref)} ({', '.join(lines)})",),
        done=predicates.relation_exists(table.ref),
        undo=(f"DROP TABLE {name_of(table.ref)}",),
        database=SUBSCRIBER,
    )


def learn_of(publication: str, tables: Sequence[Ref]) -> Step:
    """The subscription's name is known only there."""
    here = "(SELECT oid FROM pg_database WHERE datname = current_database())"
    ours = f"{quote_literal(publication)} = ANY (subpublications) AND subdbid = {here}"
    again = (
        "SELECT pg_catalog.format('ALTER SUBSCRIPTION %I REFRESH PUBLICATION', subname) FROM pg_catalog.pg_subscription"
        f" WHERE {ours} \\gexec\n"
    )
    listed = ", ".join(map(str, tables))
    return Step(
        title=f"Learn of {listed} in {publication}: rows that are there already are copied",
        statements=(again,),
        done="false",
        undo=(again,),
        undoable="true",
        long=True,
        database=SUBSCRIBER,
    )
