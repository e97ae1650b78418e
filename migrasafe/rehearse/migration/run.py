"""Runs a migration on a server as its tool would, and goes on where something is in the way that is not its fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from migrasafe.locks import LockMode
from migrasafe.migrations.model import TransactionMode
from migrasafe.postgres.attempt import missing_role, missing_schema
from migrasafe.postgres.connect import Connection, connect, run
from migrasafe.postgres.watch.observed import Observed, SqlState
from migrasafe.postgres.watch.watched_session import TOUCHES_NO_TABLE, WatchedSession
from migrasafe.rehearse.made_up.rows import Rows
from migrasafe.rehearse.migration.expected import Expected, ExpectedMigration
from migrasafe.rehearse.sandbox.ground import beyond_reach
from migrasafe.schema.compare import differences
from migrasafe.schema.model import Schema
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import CreateExtension

ABOUT_ROWS = ("22", "23", "P0001")
"""What SQLSTATEs begin with that made-up rows can be the reason of: data exceptions, integrity constraint violations,
and what a body raises that does not like what it finds."""


class State(Enum):
    RAN = "ran"
    FAILED_AS_PREDICTED = "failed as predicted"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A statement, what was predicted of it, and what the server did."""

    expected: Expected
    state: State
    observed: Observed | None = None
    held_before: Mapping[str, LockMode] = field(default_factory=dict)
    """The strongest locks that the transaction held before it."""
    reason: str = ""
    """Why it failed or was skipped."""
    failed_with_rows: str = ""
    """Why it failed before the tables were emptied."""
    made_first: tuple[str, ...] = ()
    """Schemas that it names, that nothing had made, and that were made for it."""
    schema: Counter[str] = field(default_factory=Counter)
    """What the schema predicted after it has otherwise than the server's catalog, where that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planned:
    expected: Expected
    begins: bool
    """A transaction is begun before it, unless one is open."""
    commits: bool
    """The transaction ends after it."""


Look = Callable[[Connection], Schema]
"""Reads the catalog as a session sees it."""


def run_migration(
    dsn: str, migration: ExpectedMigration, rows: Rows, *, look: Look | None = None
) -> tuple[Outcome, ...]:
    """Run the statements one by one, those that the server refuses left out, and say of each what happened.

    Where rows are in the way, the tables are emptied; roles and schemas that are missing are created. With `look`, the catalog is
    compared with the schema predicted, after each statement that stands on nothing left out.
    """

    def connected() -> Connection:
        return connect(dsn)

    with connected() as session, connected() as watcher:
        return _Run(session, watcher, connected, tuple(_plan(migration)), rows, look).outcomes()


class _Run:
    def __init__(
        self,
        session: Connection,
        watcher: Connection,
        connected: Callable[[], Connection],
        plan: tuple[_Planned, ...],
        rows: Rows,
        look: Look | None,
    ) -> None:
        self._session = session
        self._other = watcher
        self._watched = WatchedSession(session, watcher, connected)
        self._plan = plan
        self._rows = rows
        self._look = look
        self._outcomes: dict[int, Outcome] = {}
        self._left_out = {
            place: Outcome(expected=planned.expected, state=State.SKIPPED, reason=why)
            for place, planned in enumerate(plan)
            if (why := beyond_reach(planned.expected.statement))
        }
        self._failed_with_rows: dict[int, str] = {}
        self._roles: set[str] = set()
        self._schemas: dict[str, int] = {}
        """Those that were made, each with the place of the statement that names it first."""

    def outcomes(self) -> tuple[Outcome, ...]:
        committed = 0  # the first statement whose effects are not committed
        place = 0
        held: Mapping[str, LockMode] = {}
        while place < len(self._plan):
            planned = self._plan[place]
            if place not in self._left_out:
                if planned.begins and not self._watched.is_open():
                    self._watched.begin()
                seen = self._watched.statement(place, planned.expected.sql)
                if seen.error is not None:
                    self._mend(place, seen.error)
                    place, held = committed, {}
                    continue
                self._outcomes[place] = Outcome(
                    expected=planned.expected,
                    state=State.RAN,
                    observed=seen,
                    held_before=held,
                    failed_with_rows=self._failed_with_rows.get(place, ""),
                    made_first=tuple(name for name, needs in self._schemas.items() if needs == place),
                    schema=self._compared(place, seen),
                )
                held = {**held, **seen.held} if self._watched.is_open() else {}
            if planned.commits or place == len(self._plan) - 1:
                error = self._watched.end(commit=True)
                if error is not None:
                    self._mend(place, error)
                    place, held = committed, {}
                    continue
            place += 1
            if not self._watched.is_open():
                committed, held = place, {}
        return tuple(self._left_out.get(place) or self._outcomes[place] for place in range(len(self._plan)))

    def _compared(self, place: int, seen: Observed) -> Counter[str]:
        after = self._plan[place].expected.after
        if self._look is None or after is None or self._left_out or seen.command in TOUCHES_NO_TABLE:
            return Counter()
        return Counter(differences(after, self._look(self._session)))

    def _mend(self, place: int, error: SqlState) -> None:
        """Take out of the way what made a statement fail, be it the statement itself."""
        self._watched.end(commit=False)
        expected = self._plan[place].expected
        role = missing_role(error)
        if role is not None and role not in self._roles:
            self._roles.add(role)
            run(self._other, f"CREATE ROLE {quote_ident(role)}")
            return
        schema = missing_schema(error)
        if schema is not None and schema not in self._schemas:
            self._schemas[schema] = place
            run(self._other, f"CREATE SCHEMA {quote_ident(schema)}")
            return
        reason = f"{error.code}: {error.message}"
        if error.code.startswith(ABOUT_ROWS) and not self._failed_with_rows:
            self._failed_with_rows[place] = reason
            self._rows.take_out(self._other)
        elif error.code in {failure.trouble.value for failure in expected.possible.failures}:
            self._leave_out(place, State.FAILED_AS_PREDICTED, reason)
        elif isinstance(expected.statement, CreateExtension):
            self._leave_out(place, State.SKIPPED, reason)
        else:
            self._leave_out(place, State.FAILED, reason)

    def _leave_out(self, place: int, state: State, reason: str) -> None:
        self._left_out[place] = Outcome(expected=self._plan[place].expected, state=state, reason=reason)


def _plan(migration: ExpectedMigration) -> Iterator[_Planned]:
    parts = migration.migration.parts
    for number, (part, statements) in enumerate(zip(parts, migration.parts, strict=True)):
        alone = part.transaction is TransactionMode.IMPLICIT and len(statements) == 1
        goes_on = number + 1 < len(parts) and not parts[number + 1].own_transaction
        for place, expected in enumerate(statements):
            begins = part.transaction is not TransactionMode.NONE and not alone
            if part.transaction is TransactionMode.ONE:
                begins = place == 0
            ends = place == len(statements) - 1 and not goes_on and part.transaction is not TransactionMode.NONE
            yield _Planned(expected=expected, begins=begins, commits=ends)
