"""Generated statements on a real server: after each one that it takes, its catalog is what evolve says."""

from __future__ import annotations

import random
from collections.abc import Iterator

from psycopg import Error

from migrasafe.postgres.catalog.introspect import load_schema
from migrasafe.postgres.connect import Connection, run
from migrasafe.schema.compare import differences
from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Moment
from migrasafe.sql.statements import Transaction
from tools.fuzz.author import Author
from tools.fuzz.campaign import Counts, Failure, Findings
from tools.fuzz.promises import read

_LENGTH = 60
"""Statements that are taken from a history before it is rolled back and another begins."""
_KINDS = (
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
    while len(taken) < _LENGTH:
        author.learn(schema)
        sql = author.statement(rng.choice(_KINDS))
        counts.statements += 1
        script = read(sql)
        if len(script.statements) != 1 or isinstance(script.statements[0], Transaction):
            continue
        if not _is_taken(session, sql):
            continue
        taken.append(sql)
        try:
            schema = evolve(schema, script.statements[0], Moment(0, 0, len(taken)))
            found = differences(schema, load_schema(session))
        except Exception as error:  # a crash is a difference, too
            found = (f"{type(error).__name__}: {error}",)
        if found:
            counts.failures += 1
            kind = f"{type(script.statements[0]).__name__}: {_without_names(found[0])}"
            findings.note(Failure(kind=kind, message=found[0]), taken, lambda _: iter(()))
            return len(taken)
    return len(taken)


def _is_taken(session: Connection, sql: str) -> bool:
    run(session, "SAVEPOINT before")
    try:
        run(session, sql)
    except Error:
        run(session, "ROLLBACK TO before")
        return False
    run(session, "RELEASE before")
    return True


def _without_names(difference: str) -> str:
    return " ".join(word for word in difference.split() if "." not in word)[:60]
