"""IMMUTABLE for a function that reads tables or asks for the time: indexes and generated columns keep its old answers."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.sql.builtin.changing import changing_words
from migrasafe.sql.expressions import relations_in
from migrasafe.sql.statements import CreateFunction


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, CreateFunction)
    if statement.volatility != "immutable" or statement.procedure:
        return
    why = next(_reasons(statement), None)
    if why is None:
        return
    ref = step.schema.resolve_function(statement.name.schema, statement.name.name)
    yield step.finding(
        RULE.id,
        f"{ref.name}() is declared IMMUTABLE and {why}: an index, a generated column or a plan that was made with it keeps "
        "what it said then, and queries miss rows.",
        severity=Severity.WARNING,
        help="Declare it STABLE; then PostgreSQL refuses it where only an immutable function is safe.",
        objects=(str(ref),),
    )


def _reasons(statement: CreateFunction) -> Iterator[str]:
    """What it does that an immutable function must not."""
    if statement.body is not None:
        for guarded in statement.body.statements:
            query = getattr(guarded.statement, "query", None)
            for one in relations_in(query) if query is not None else ():
                yield f"reads {one}"
    for name in changing_words(statement.source_text or ""):
        yield f"calls {name}" if name.endswith("()") else f"asks for {name}"


RULE = Rule(id="function-wrongly-immutable", check=check, on=(CreateFunction,))
