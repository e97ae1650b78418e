"""What subscribers of a published table have to do when a phase changes it: what comes before the publisher's steps, what after.

A subscriber that lacks a column or a table which it is sent stops at the first such row, loses nothing, and goes on when it has
it; what it has beside does not disturb it. So what is new is there before, and what goes stays until after.
https://www.postgresql.org/docs/current/logical-replication-restrictions.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.model import Gate, Step
from migrasafe.rules.publishing import publications_of
from migrasafe.schema.definitions import formatted_type, name_of, type_of
from migrasafe.schema.model import Column, Publication, Ref, Schema, Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import Persistence

SUBSCRIBER = "subscriber"
_ASIDE = "__ms_dropped"
_CAUGHT_UP = (
    "subscribers: let replication catch up before a file drops something there, also on the way back: here,"
    " `SELECT pg_current_wal_lsn()`, and wait until confirmed_flush_lsn in pg_replication_slots is behind it; a row from before that"
    " comes after would stop replication until the column is there again"
)


class Script(Struct, frozen=True, kw_only=True):
    """Of one phase."""

    first: tuple[Step, ...] = ()
    last: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def gates(self) -> tuple[Gate, ...]:
        if not self.first:
            return ()
        return (
            Gate(
                id="subscribers-first",
                question="Has every subscriber run its file of this phase that comes first?",
                query=None,
                otherwise="Run it there: a subscriber that lacks what it is sent stops at the first such row, and this server keeps"
                " all WAL for it meanwhile.",
            ),
        )


def script_of(schemas: Sequence[Schema]) -> Script:
    """`schemas`: before the phase, and after each of its steps."""
    first: dict[str, Step] = {}
    last: dict[str, Step] = {}
    notes: dict[str, None] = {}
    for before, after in pairwise(schemas):
        if before.relations is after.relations and before.publications is after.publications:
            continue
        for name in sorted(before.publications):
            known, now = before.publications[name], after.publications.get(name)
            if now is not None:
                _tables(before, after, known, now, first, last, notes)
    for ref, was in _published(schemas[0]):
        ends = schemas[-1].table(ref)
        if ends is not None:
            for column in _gone(was, ends, schemas):
                step = _drop(ref, column)
                last[step.title] = step
    if first or last:
        notes[_CAUGHT_UP] = None
    return Script(first=tuple(first.values()), last=tuple(last.values()), notes=tuple(notes))


def _published(schema: Schema) -> Iterator[tuple[Ref, Table]]:
    if not schema.publications:
        return
    for ref in sorted(schema.relations):
        table = schema.table(ref)
        if table is not None and any(publications_of(schema, table)):
            yield ref, table


def _tables(
    before: Schema,
    after: Schema,
    known: Publication,
    now: Publication,
    first: dict[str, Step],
    last: dict[str, Step],
    notes: dict[str, None],
) -> None:
    sent, will_be = (
        {ref: table for ref, table in _published(schema) if one in publications_of(schema, table)}
        for schema, one in ((before, known), (after, now))
    )
    gone, new = sorted(sent.keys() - will_be.keys()), sorted(will_be.keys() - sent.keys())
    for old, ref in zip(list(gone), list(new), strict=False):
        if sent[old].columns == will_be[ref].columns and after.table(old) is None and before.table(ref) is None:
            gone.remove(old)
            new.remove(ref)
            if not ref.name.endswith(_ASIDE):
                step = _rename_table(old, ref)
                last[step.title] = step
                notes[_stalls(f"{old} is {ref}")] = None
    for ref in new:
        if will_be[ref].persistence is Persistence.PERMANENT and will_be[ref].partition_of is None:
            step = _make(will_be[ref])
            first[step.title] = step
    if new or [ref for ref in gone if not ref.name.endswith(_ASIDE)]:
        step = _refresh(now.name, [*new, *gone])
        last[step.title] = step
    for ref in sorted(sent.keys() & will_be.keys()):
        if sent[ref].columns is not will_be[ref].columns or known is not now:
            _columns(sent[ref], will_be[ref], _listed(now, ref), first, last, notes)


def _listed(publication: Publication, ref: Ref) -> tuple[str, ...]:
    return next((part.columns for part in publication.parts if part.table == ref), ())


def _columns(
    was: Table,
    now: Table,
    listed: tuple[str, ...],
    first: dict[str, Step],
    last: dict[str, Step],
    notes: dict[str, None],
) -> None:
    renamed = dict(_renamed(was, now))
    swapped = bool(set(renamed) & set(renamed.values()))
    for old, new in renamed.items():
        if new.endswith(_ASIDE) and not swapped:
            continue
        if swapped or not old.endswith(_ASIDE):
            step = _rename_columns(now.ref, renamed)
            last[step.title] = step
            said = ", ".join(f"{one} is {other}" for one, other in renamed.items())
            notes[_stalls(f"{said} in {now.ref}")] = None
            break
    for column in now.columns:
        known = was.column(column.name)
        if column.generated is not None or (listed and column.name not in listed):
            continue
        is_renamed = column.name in renamed.values() and (swapped or not column.name.endswith(_ASIDE))
        if known is None and not is_renamed:
            step = _add(now.ref, column)
            first[step.title] = step
        elif known is not None and known.type != column.type and not swapped and column.type is not None:
            step = _retype(now.ref, known, column)
            first[step.title] = step
    for column in was.columns:
        if (
            now.column(column.name) is None
            and column.not_null
            and not swapped
            and renamed.get(column.name, _ASIDE).endswith(_ASIDE)
        ):
            step = _nullable(now.ref, column)
            first[step.title] = step


def _renamed(was: Table, now: Table) -> Iterator[tuple[str, str]]:
    """Old name → new one: a renamed column keeps its place, its type and its birth."""
    if len(was.columns) != len(now.columns):
        return
    for old, new in zip(was.columns, now.columns, strict=True):
        if old.name != new.name and old.type == new.type:
            yield old.name, new.name


def _gone(was: Table, ends: Table, schemas: Sequence[Schema]) -> Iterator[str]:
    """The columns that subscribers have and are sent no more, those that were put aside among them."""
    seen: dict[str, bool] = {}
    for schema in schemas:
        table = schema.table(was.ref)
        for column in table.columns if table is not None else ():
            seen[column.name] = column.generated is not None
    renamed = {old for one, other in pairwise(schemas) for old in _real_renames(one, other, was.ref)}
    for name, generated in seen.items():
        if ends.column(name) is None and not generated and name not in renamed:
            if any(
                column.endswith(_ASIDE) and column.startswith(name) for column in (one.name for one in ends.columns)
            ):
                continue  # it is only out of sight, and may come back
            yield name


def _real_renames(one: Schema, other: Schema, ref: Ref) -> Iterator[str]:
    was, now = one.table(ref), other.table(ref)
    if was is None or now is None:
        return
    renamed = dict(_renamed(was, now))
    swapped = bool(set(renamed) & set(renamed.values()))
    yield from (old for old, new in renamed.items() if swapped or not new.endswith(_ASIDE))


def _stalls(what: str) -> str:
    return (
        f"subscribers: {what} there after the publisher's step, which their own file sees to; replication waits meanwhile, and"
        " nothing is lost. Run it when replication has caught up, or has stopped because of the new name: a row from before"
        " that comes after it would stop replication, until the file is taken back there, and run again later"
    )


def _add(ref: Ref, column: Column) -> Step:
    default = ""
    is_aside = column.name.endswith(_ASIDE)
    if (
        not is_aside
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


def _nullable(ref: Ref, column: Column) -> Step:
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


def _retype(ref: Ref, known: Column, column: Column) -> Step:
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


def _drop(ref: Ref, column: str) -> Step:
    return Step(
        title=f"Drop {ref}.{column}, which gets no values any more, when replication has caught up",
        statements=(f"ALTER TABLE {name_of(ref)} DROP COLUMN {quote_ident(column)}",),
        done=predicates.columns_are_gone(ref, column),
        loses=f"the values of {column} on the subscriber",
        database=SUBSCRIBER,
    )


def _rename_columns(ref: Ref, renamed: dict[str, str]) -> Step:
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


def _rename_table(old: Ref, new: Ref) -> Step:
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


def _make(table: Table) -> Step:
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


def _refresh(publication: str, tables: Sequence[Ref]) -> Step:
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
