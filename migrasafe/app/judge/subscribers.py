"""Logical subscribers of the tables that a migration changes: they are changed by hand, and some of it comes first.

https://www.postgresql.org/docs/current/logical-replication-restrictions.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrasafe.app.verdict import MigrationVerdict, ReleaseStep, StepKind, SubscriberChange
from migrasafe.schema.model import Publication, Ref, Schema, Table
from migrasafe.schema.publishing import publications_of
from migrasafe.sql.quote import quote_ident, spell_type


def subscriber_changes(before: Schema, after: Schema) -> Iterator[SubscriberChange]:
    """What the subscribers of published tables have to change, in the order of the names of the tables."""
    if not before.publications or before.relations is after.relations:
        return
    for ref in sorted(ref for ref, one in after.relations.items() if before.relations.get(ref) is not one):
        table, was = after.table(ref), before.table(ref)
        for publication in publications_of(after, table) if table is not None else ():
            known = before.publications.get(publication.name)
            if table is None or known is None:
                continue
            if was is None and not _is_sent_whole(known, before, ref) and ref in publication.tables:
                yield _renamed(publication, ref)
            elif was is not None and was.columns is not table.columns:
                yield from _columns(publication, was, table)


def _is_sent_whole(publication: Publication, schema: Schema, ref: Ref) -> bool:
    """Whether a new table is in it because all are: it is sent once the subscriber has refreshed its list."""
    return publication.all_tables or ref.schema in publication.schemas


def _renamed(publication: Publication, ref: Ref) -> SubscriberChange:
    return SubscriberChange(
        publication=publication.name,
        table=ref,
        first=True,
        message=f'logical replication target relation "{ref}" does not exist',
        do=f"give the table the name {quote_ident(ref.name)}",
    )


def _columns(publication: Publication, was: Table, now: Table) -> Iterator[SubscriberChange]:
    listed = next((part.columns for part in publication.parts if part.table == now.ref), ())
    old = {column.name: column for column in was.columns}
    new = {column.name: column for column in now.columns}
    for column in now.columns:
        known = old.get(column.name)
        shown = spell_type(column.type) if column.type is not None else "of the same type"
        name = quote_ident(column.name)
        if column.generated is not None or (listed and column.name not in listed):
            continue
        if known is None:
            message = f'logical replication target relation "{now.ref}" is missing replicated column: "{column.name}"'
            yield _change(publication, now, f"add the column {name} {shown}", message, first=True)
        elif known.type != column.type:
            message = f'column "{column.name}" is sent as {shown} and read as the type that it has there'
            yield _change(publication, now, f"give the column {name} the type {shown}", message, first=True)
    for column in was.columns:
        if column.name not in new and column.generated is None and not listed:  # a list holds no column that is gone
            name = quote_ident(column.name)
            message = f'null value in column "{column.name}" of relation "{now.ref.name}" violates not-null constraint'
            if column.not_null:
                yield _change(publication, now, f"let the column {name} be NULL", message, first=True)
            yield _change(publication, now, f"drop the column {name}, which gets no values any more", "", first=False)


def _change(publication: Publication, table: Table, do: str, message: str, *, first: bool) -> SubscriberChange:
    return SubscriberChange(publication=publication.name, table=table.ref, first=first, message=message, do=do)


def with_subscribers(migrations: Sequence[MigrationVerdict], steps: Sequence[ReleaseStep]) -> tuple[ReleaseStep, ...]:
    """The steps of a release, with those on the subscribers before and after the migrations that need them."""
    needed = {one.id: one.subscribers for one in migrations if one.subscribers}
    found: list[ReleaseStep] = []
    for step in steps:
        ids = [migration for migration in step.migrations if migration in needed]
        found.extend(_step(one, needed[one], first=True) for one in ids if any(x.first for x in needed[one]))
        found.append(step)
        found.extend(_step(one, needed[one], first=False) for one in ids if not all(x.first for x in needed[one]))
        for one in ids:
            del needed[one]
    return tuple(found)


def _step(migration: str, changes: Sequence[SubscriberChange], *, first: bool) -> ReleaseStep:
    ours = [one for one in changes if one.first is first]
    names = ", ".join(dict.fromkeys(one.publication for one in ours))
    what = "; ".join(dict.fromkeys(f"{one.table}: {one.do}" for one in ours))
    when = f"before {migration}" if first else f"after {migration}"
    text = f"On every subscriber of {names}, {when}: {what}."
    return ReleaseStep(kind=StepKind.SUBSCRIBER, text=text, migrations=(migration,))
