"""Generated histories: several migrations over one schema, all of them read and evolved, some of them linted."""

from __future__ import annotations

import random
from collections.abc import Iterator

from migrasafe.schema.model import Schema
from tools.fuzz.author import Author
from tools.fuzz.campaign import Check, Counts, Findings, failures_of, joined
from tools.fuzz.promises import broken_promises, contradictions, evolved, left_out, linted, read

_MIGRATIONS = 5
_STATEMENTS = 24


def fuzz_histories(seed: int, statements: int, lint_one_in: int, findings: Findings) -> Iterator[Counts]:
    """Run at least `statements` statements, and yield what was done so far after each history."""
    rng = random.Random(seed)
    author = Author(rng)
    counts = Counts()
    while counts.statements < statements:
        _history(author, rng, lint_one_in, counts, findings)
        counts.classes = len(findings.classes)
        yield counts


def _history(author: Author, rng: random.Random, lint_one_in: int, counts: Counts, findings: Findings) -> None:
    schema = Schema()
    written: list[str] = []
    for number in range(_MIGRATIONS):
        author.learn(schema)
        new = [author.statement() for _ in range(_STATEMENTS)]
        written.extend(new)
        text = joined(new)
        counts.texts += 1
        counts.statements += _STATEMENTS
        version = rng.randint(12, 18) if rng.random() * lint_one_in < 1 else None
        counts.linted += _STATEMENTS if version is not None else 0
        after: list[Schema] = []
        failures = failures_of(text, _continued(schema, number, version, after))
        if failures:
            counts.failures += 1
            findings.note(failures[0], written, _from_nothing(version or 15))
            return
        schema = after[0]


def _continued(schema: Schema, number: int, version: int | None, after: list[Schema]) -> Check:
    """The check of one migration of a history; the schema that it leads to goes into `after`."""

    def check(text: str) -> Iterator[str]:
        if version is None:
            script = read(text)
            yield from left_out(script)
        else:
            migration, result = linted(text, pg_version=version, schema=schema)
            yield from broken_promises(text, migration, result)
            script = migration.parts[0].script
        end = evolved(script, schema, number)
        yield from contradictions(end)
        after.append(end)

    return check


def _from_nothing(version: int) -> Check:
    """The check of a whole history as one text."""

    def check(text: str) -> Iterator[str]:
        migration, result = linted(text, pg_version=version)
        yield from broken_promises(text, migration, result)
        yield from contradictions(evolved(migration.parts[0].script, Schema()))

    return check
