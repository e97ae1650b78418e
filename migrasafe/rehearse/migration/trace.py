"""Replays one project: every migration in order, its rows, its statements, its schema afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from msgspec.structs import replace

from migrasafe.migrations.model import Migration
from migrasafe.postgres.catalog.introspect import load_schema
from migrasafe.postgres.connect import connect
from migrasafe.postgres.watch.relations import read_relations
from migrasafe.rehearse.made_up.rows import Rows
from migrasafe.rehearse.migration.compare import Disagreement, disagreements
from migrasafe.rehearse.migration.expected import expect
from migrasafe.rehearse.migration.run import Outcome, State, run_migration
from migrasafe.schema.compare import differences
from migrasafe.schema.model import Schema
from migrasafe.schema.names import BEFORE_HISTORY
from migrasafe.sql.statements import Call, DoBlock

COMPARED_KINDS = frozenset({"r", "p", "f", "v", "m"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A statement with what was seen of it and where the prediction was wrong."""

    outcome: Outcome
    disagreements: tuple[Disagreement, ...]
    schema_differences: tuple[str, ...]
    """What the predicted schema has otherwise than the server since this statement, if that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One migration, replayed."""

    id: str
    path: str
    statements: tuple[Judged, ...]
    without_rows: tuple[str, ...]
    """Tables that could not be filled before it."""
    schema_differences: tuple[str, ...]
    """What the evolved schema has otherwise than the server since this migration: `here` is ours, `there` the server's."""

    @property
    def branches(self) -> bool:
        """Whether a block decided while it ran what it did: the schema predicted is that of every branch."""
        return any(isinstance(judged.outcome.expected.statement, DoBlock | Call) for judged in self.statements)

    @property
    def contradicted(self) -> int:
        """How many things were not as predicted."""
        return len(self.wrong) + (0 if self.branches else len(self.schema_differences))

    def count(self, state: State) -> int:
        return sum(judged.outcome.state is state for judged in self.statements)

    @property
    def wrong(self) -> tuple[Judged, ...]:
        return tuple(judged for judged in self.statements if judged.disagreements)

    @property
    def schema_differs(self) -> bool:
        return bool(self.schema_differences) or any(judged.schema_differences for judged in self.statements)


def replay(
    migrations: Sequence[Migration],
    dsn: str,
    major: int,
    *,
    first: int = 0,
    rows: Rows | None = None,
    each_statement: bool = False,
) -> Iterator[Replayed]:
    """Run migrations in a database, one by one, on top of what is there; those before `first` have run.

    After a statement that the server refused, prediction goes on from the server's own schema: what comes later stands
    on what is really there. With `each_statement` the schemas are compared after each, otherwise after each migration.
    """
    rows = rows or Rows()
    known: Counter[str] = Counter()
    with connect(dsn) as session:
        schema = load_schema(session)
    for place, migration in enumerate(migrations[first:], start=first):
        expected = expect(migration, place, schema, major)
        with connect(dsn) as session:
            without_rows = rows.fill(session)
            tables = frozenset(
                str(relation) for relation in read_relations(session).values() if relation.kind in COMPARED_KINDS
            )
        outcomes = run_migration(dsn, expected, rows, look=load_schema if each_statement else None)
        with connect(dsn) as session:
            there = load_schema(session)
        after = _with_schemas(expected.after, (name for one in outcomes for name in one.made_first))
        stopped = any(outcome.state is not State.RAN for outcome in outcomes)
        now = Counter(differences(after, there))
        yield Replayed(
            id=migration.id,
            path=migration.path,
            statements=tuple(_judged(outcomes, tables, known)),
            without_rows=without_rows,
            schema_differences=() if stopped else tuple((now - known).elements()),
        )
        schema, known = (there, Counter()) if stopped else (after, now)


def _with_schemas(schema: Schema, names: Iterable[str]) -> Schema:
    schemas = schema.schemas
    for name in names:
        schemas = schemas.insert(name, BEFORE_HISTORY)
    return replace(schema, schemas=schemas)


def _judged(outcomes: Sequence[Outcome], tables: Set[str], known: Counter[str]) -> Iterator[Judged]:
    for outcome in outcomes:
        since = outcome.schema - known
        known = known | outcome.schema
        yield Judged(
            outcome=outcome, disagreements=disagreements(outcome, tables), schema_differences=tuple(since.elements())
        )
