"""Generated statements on a real server: after each one that it takes, its catalog is what evolve says."""

from __future__ import annotations

import random
from collections.abc import Iterator

from psycopg import Error

from migrasafe.postgres.catalog.introspect import load_schema
from migrasafe.postgres.connect import Connection, run
from migrasafe.schema.compare import differences
from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Moment, Schema, Table
from migrasafe.sql.statements import Statement, Transaction
from tools.fuzz.author import Author
from tools.fuzz.campaign import Check, Counts, Findings, failures_of
from tools.fuzz.promises import read

_LENGTH = 60
"""Statements that are taken from a history before it is rolled back and another begins."""
TABLES = 4
"""As long as there are fewer, every other statement makes one: most statements are about a table, and refused without."""
KINDS = (
    *(["create_table"] * 8), *(["alter_table"] * 22), *(["create_index"] * 4), *(["change_index"] * 2),
    *(["create_view"] * 3), *(["change_view"] * 2), *(["type_statement"] * 3), *(["sequence_statement"] * 2),
    *(["function_statement"] * 2), *(["policy_statement"] * 2), *(["schema_statement"] * 2), *(["drop_table"] * 3),
    *(["access"] * 2), "query",
)  # fmt: skip


def fuzz_on_server(session: Connection, seed: int, statements: int, findings: Findings) -> Iterator[tuple[Counts, int]]:
    """What was done so far, and after how many statements the catalog was compared. Leaves nothing in the database."""
    rng = random.Random(seed)
    author = Author(rng, unknown=0.01)
    counts, compared = Counts(), 0
    while counts.statements < statements:
        run(session, "BEGIN")
        run(session, "SET LOCAL statement_timeout = '5s'")
        compared += _history(session, author, rng, counts, findings)
        run(session, "ROLLBACK")
        counts.texts += 1
        counts.classes = len(findings.classes)
        yield counts, compared


def _history(session: Connection, author: Author, rng: random.Random, counts: Counts, findings: Findings) -> int:
    schema = load_schema(session)
    taken: list[str] = []
    while len(taken) < _LENGTH and "public" in schema.schemas:
        author.learn(schema)
        few = sum(isinstance(one, Table) for one in schema.relations.values()) < TABLES
        sql = author.statement("create_table" if few and rng.random() < 1 / 2 else rng.choice(KINDS))
        counts.statements += 1
        script = read(sql)
        if len(script.statements) != 1 or isinstance(script.statements[0], Transaction):
            continue
        if not _is_taken(session, sql):
            continue
        taken.append(sql)

        after: list[Schema] = []
        failures = failures_of(sql, _continued(session, schema, script.statements[0], len(taken), after))
        if failures:
            counts.failures += 1
            findings.note(failures[0], taken, _again(session))
            break
        (schema,) = after
    return len(taken)


def _continued(session: Connection, schema: Schema, statement: Statement, number: int, after: list[Schema]) -> Check:
    """The check of one statement that the server took; the schema that it leads to goes into `after`."""

    def check(_: str) -> Iterator[str]:
        after.append(evolve(schema, statement, Moment(0, 0, number)))
        yield from _first_difference(statement, after[-1], session)

    return check


def _first_difference(statement: Statement, schema: Schema, session: Connection) -> Iterator[str]:
    for found in differences(schema, load_schema(session))[:1]:
        yield f"{type(statement).__name__}: {found}"


def _again(session: Connection) -> Check:
    """The check of a whole history, which begins the transaction anew."""

    def check(text: str) -> Iterator[str]:
        script = read(text)
        run(session, "ROLLBACK")
        run(session, "BEGIN")
        schema = load_schema(session)
        for number, statement in enumerate(script.statements):
            if not _is_taken(session, text[statement.span.start : statement.span.end]):
                continue
            schema = evolve(schema, statement, Moment(0, 0, number))
            found = list(_first_difference(statement, schema, session))
            if found:
                yield from found
                return

    return check


def _is_taken(session: Connection, sql: str) -> bool:
    run(session, "SAVEPOINT before")
    try:
        run(session, sql)
    except Error:
        run(session, "ROLLBACK TO before")
        return False
    run(session, "RELEASE before")
    return True
