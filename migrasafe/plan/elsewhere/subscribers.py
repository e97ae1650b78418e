"""What subscribers of a published table have to do when a phase changes it: what comes before the publisher's steps, what after.

A subscriber that lacks a column or a table which it is sent stops at the first such row, loses nothing, and goes on when it has
it; what it has beside does not disturb it. So what is new is there before, and what goes stays until after.
https://www.postgresql.org/docs/current/logical-replication-restrictions.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct

from migrasafe.plan.beside import is_aside
from migrasafe.plan.elsewhere import subscriber_steps
from migrasafe.plan.model import Gate, Step
from migrasafe.schema.model import Publication, Ref, Schema, Table
from migrasafe.schema.publishing import publications_of
from migrasafe.sql.statements import Persistence

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
    found = _Found()
    for before, after in pairwise(schemas):
        if before.relations is after.relations and before.publications is after.publications:
            continue
        for name in sorted(before.publications):
            known, now = before.publications[name], after.publications.get(name)
            if now is not None:
                _tables(before, after, known, now, found)
    for ref, was in _published(schemas[0]):
        ends = schemas[-1].table(ref)
        if ends is not None:
            for column in _gone(was, ends, schemas):
                found.after(subscriber_steps.drop(ref, column))
    return found.script()


class _Found:
    """What the steps of a phase want of subscribers, each thing once."""

    def __init__(self) -> None:
        self._first: dict[str, Step] = {}
        self._last: dict[str, Step] = {}
        self._notes: dict[str, None] = {}

    def before(self, step: Step) -> None:
        self._first[step.title] = step

    def after(self, step: Step) -> None:
        self._last[step.title] = step

    def note(self, text: str) -> None:
        self._notes[text] = None

    def script(self) -> Script:
        notes = (*self._notes, _CAUGHT_UP) if self._first or self._last else tuple(self._notes)
        return Script(first=tuple(self._first.values()), last=tuple(self._last.values()), notes=notes)


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
    found: _Found,
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
            if not is_aside(ref.name):
                found.after(subscriber_steps.rename_table(old, ref))
                found.note(_stalls(f"{old} is {ref}"))
    for ref in new:
        if will_be[ref].persistence is Persistence.PERMANENT and will_be[ref].partition_of is None:
            found.before(subscriber_steps.make(will_be[ref]))
    if new or [ref for ref in gone if not is_aside(ref.name)]:
        found.after(subscriber_steps.learn_of(now.name, [*new, *gone]))
    for ref in sorted(sent.keys() & will_be.keys()):
        if sent[ref].columns is not will_be[ref].columns or known is not now:
            _columns(sent[ref], will_be[ref], _listed(now, ref), found)


def _listed(publication: Publication, ref: Ref) -> tuple[str, ...]:
    return next((part.columns for part in publication.parts if part.table == ref), ())


def _columns(
    was: Table,
    now: Table,
    listed: tuple[str, ...],
    found: _Found,
) -> None:
    renamed = dict(_renamed(was, now))
    swapped = bool(set(renamed) & set(renamed.values()))
    for old, new in renamed.items():
        if is_aside(new) and not swapped:
            continue
        if swapped or not is_aside(old):
            found.after(subscriber_steps.rename_columns(now.ref, renamed))
            said = ", ".join(f"{one} is {other}" for one, other in renamed.items())
            found.note(_stalls(f"{said} in {now.ref}"))
            break
    for column in now.columns:
        known = was.column(column.name)
        if column.generated is not None or (listed and column.name not in listed):
            continue
        is_renamed = column.name in renamed.values() and (swapped or not is_aside(column.name))
        if known is None and not is_renamed:
            found.before(subscriber_steps.add(now.ref, column))
        elif known is not None and known.type != column.type and not swapped and column.type is not None:
            found.before(subscriber_steps.retype(now.ref, known, column))
    for column in was.columns:
        if (
            now.column(column.name) is None
            and column.not_null
            and not swapped
            and (column.name not in renamed or is_aside(renamed[column.name]))
        ):
            found.before(subscriber_steps.let_be_null(now.ref, column))


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
            if any(is_aside(column) and column.startswith(name) for column in (one.name for one in ends.columns)):
                continue  # it is only out of sight, and may come back
            yield name


def _real_renames(one: Schema, other: Schema, ref: Ref) -> Iterator[str]:
    was, now = one.table(ref), other.table(ref)
    if was is None or now is None:
        return
    renamed = dict(_renamed(was, now))
    swapped = bool(set(renamed) & set(renamed.values()))
    yield from (old for old, new in renamed.items() if swapped or not is_aside(new))


def _stalls(what: str) -> str:
    return (
        f"subscribers: {what} there after the publisher's step, which their own file sees to; replication waits meanwhile, and"
        " nothing is lost. Run it when replication has caught up, or has stopped because of the new name: a row from before"
        " that comes after it would stop replication, until the file is taken back there, and run again later"
    )
