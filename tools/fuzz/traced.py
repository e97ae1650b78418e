"""Generated migrations on a real server: locks, rewrites, index builds, scans and failures are those that lint predicts."""

from __future__ import annotations

import random
from collections.abc import Iterator, Set
from itertools import takewhile

from migrasafe.migrations.model import Migration
from migrasafe.migrations.one_text import read_text
from migrasafe.postgres.attempt import attempt
from migrasafe.postgres.catalog.introspect import load_schema
from migrasafe.postgres.connect import Connection, connect, run
from migrasafe.postgres.server.running import RunningServer
from migrasafe.postgres.watch.relations import Relation, read_relations
from migrasafe.postgres.watch.watched_session import CANNOT_RUN_IN_A_TRANSACTION
from migrasafe.rehearse.made_up.rows import Rows
from migrasafe.rehearse.migration.compare import Disagreement, disagreements
from migrasafe.rehearse.migration.expected import expect
from migrasafe.rehearse.migration.run import ABOUT_ROWS, Outcome, State, run_migration
from migrasafe.rehearse.migration.trace import COMPARED_KINDS
from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Moment, Table
from migrasafe.sql.source import Source
from migrasafe.sql.statements import AlterTable, Cluster, CreateTable, Statement, Transaction, Vacuum
from tools.fuzz.author import Author
from tools.fuzz.campaign import Check, Counts, Findings, failures_of
from tools.fuzz.on_server import KINDS, TABLES
from tools.fuzz.promises import read
from tools.replay.database import replay_database

_LENGTH = 60
"""Statements that are taken from a history before another begins, in a database of its own."""
_LONGEST = 4
"""Statements of one transaction; three in four migrations have one."""
_OTHERS = ("upkeep", "query", "query", "create_index", "change_index")
"""What the catalog stays the same after, and what takes locks."""


def fuzz_traced(server: RunningServer, seed: int, statements: int, findings: Findings) -> Iterator[tuple[Counts, int]]:
    """What was done so far, and how many statements ran whose locks and work were compared."""
    rng = random.Random(seed)
    author = Author(rng, unknown=0.01)
    counts, compared = Counts(), 0
    while counts.statements < statements:
        with replay_database(server) as dsn, connect(dsn) as session:
            compared += _History(dsn, session, server.major).grow(author, rng, counts, findings, _again(server))
        counts.texts += 1
        counts.classes = len(findings.classes)
        yield counts, compared


class _History:
    """One database, and what was run in it."""

    def __init__(self, dsn: str, session: Connection, major: int) -> None:
        self._dsn = dsn
        self._session = session
        self._major = major
        self._rows = Rows()
        self._schema = load_schema(session)
        self._migrations = 0
        self.ran = 0
        run(session, "SET statement_timeout = '5s'")

    def grow(self, author: Author, rng: random.Random, counts: Counts, findings: Findings, again: Check) -> int:
        """Write migrations and run them, each on top of what the server then has, until there are enough."""
        taken: list[str] = []
        while self.ran < _LENGTH:
            author.learn(self._schema)
            written = self._written(author, rng, counts)
            if not written:
                continue
            text = written[0] if len(written) == 1 else ";\n".join(("BEGIN", *written, "COMMIT"))
            taken.append(text)
            failures = failures_of(text, self.differences)
            if failures:
                counts.failures += 1
                for failure in failures:
                    findings.note(failure, taken, again)
        return self.ran

    def differences(self, text: str) -> Iterator[str]:
        """Run a migration, and say what it does otherwise than predicted."""
        migration = read_text(Source(path="<fuzz>", text=text))
        for outcome, one in self._run(migration):
            kind = _kind(outcome.expected.statement)
            yield f"{kind}: {one.about} on {one.relation}: predicted {one.predicted}; observed {one.observed}"

    def _run(self, migration: Migration) -> Iterator[tuple[Outcome, Disagreement]]:
        expected = expect(migration, self._migrations, self._schema, self._major)
        self._migrations += 1
        self._rows.fill(self._session)
        before = self._relations()
        outcomes = run_migration(self._dsn, expected, self._rows)
        after = {one.oid: one for one in self._relations()}
        tables = frozenset(map(str, before))
        taken_out = any(outcome.failed_with_rows for outcome in outcomes)
        empty = {str(one) for one in before if taken_out or not min(one.size_bytes, after.get(one.oid, one).size_bytes)}
        for outcome in takewhile(lambda one: one.state is State.RAN, outcomes):  # what was refused, others may stand on
            self.ran += not isinstance(outcome.expected.statement, Transaction)
            for one in disagreements(outcome, tables):
                if not _cannot_be_seen(outcome, one, empty):
                    yield outcome, one
        self._schema = load_schema(self._session)

    def _relations(self) -> list[Relation]:
        return [one for one in read_relations(self._session).values() if one.kind in COMPARED_KINDS]

    def _written(self, author: Author, rng: random.Random, counts: Counts) -> list[str]:
        """Statements that the server takes one after the other; none is kept."""
        session, schema, taken = self._session, self._schema, list[str]()
        wanted = 1 if rng.random() < 3 / 4 else rng.randint(2, _LONGEST)
        few = sum(isinstance(one, Table) for one in schema.relations.values()) < TABLES
        run(session, "BEGIN")
        for number in range(wanted):
            sql = author.statement("create_table" if few and rng.random() < 1 / 2 else rng.choice((*KINDS, *_OTHERS)))
            counts.statements += 1
            script = read(sql)
            if len(script.statements) != 1 or isinstance(script.statements[0], Transaction):
                continue
            run(session, "SAVEPOINT before")
            error = attempt(session, sql)
            if error is not None:
                run(session, "ROLLBACK TO before")
            else:
                schema = evolve(schema, script.statements[0], Moment(self._migrations, 0, number))
                author.learn(schema)
            alone = wanted == 1 and error is not None and error.code in CANNOT_RUN_IN_A_TRANSACTION
            if error is None or error.code.startswith(ABOUT_ROWS) or alone:
                taken.append(sql)
        run(session, "ROLLBACK")
        return taken


def _cannot_be_seen(outcome: Outcome, one: Disagreement, empty: Set[str]) -> bool:
    """Work on a table without rows leaves no trace; of a statement in several transactions only some locks are sampled; and
    the server's messages name a table without its schema, where a new one may have the name of another."""
    sampled = outcome.observed is not None and not outcome.observed.command
    if one.about == "lock":
        return sampled and one.observed == "none"
    if one.observed != "none" and isinstance(outcome.expected.statement, CreateTable):
        return True
    return one.relation in empty and (
        one.observed == "none" or isinstance(outcome.expected.statement, Cluster | Vacuum)
    )


def _kind(statement: Statement) -> str:
    """Its class, and of ALTER TABLE those of its actions."""
    actions = statement.actions if isinstance(statement, AlterTable) else ()
    return " ".join(type(one).__name__ for one in (statement, *actions))


def _again(server: RunningServer) -> Check:
    """The check of a whole history, in a database of its own."""

    def check(text: str) -> Iterator[str]:
        with replay_database(server, "migrasafe_again") as dsn, connect(dsn) as session:
            history = _History(dsn, session, server.major)
            for migration in migrations_in(text):
                yield from history.differences(migration)

    return check


def migrations_in(text: str) -> Iterator[str]:
    """The texts of migrations that stand one after the other: a transaction is one, and every other statement."""
    begun_at = None
    for statement in read(text).statements:
        span = statement.span
        if isinstance(statement, Transaction) and statement.verb == "begin":
            begun_at = span.start
        elif isinstance(statement, Transaction) and begun_at is not None:
            yield text[begun_at : span.end]
            begun_at = None
        elif begun_at is None:
            yield text[span.start : span.end]
