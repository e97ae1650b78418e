"""REINDEX without CONCURRENTLY: readers wait too, since their planner opens every index."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause
from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import outside_transaction, outside_words
from migrasafe.rules.wording import shown
from migrasafe.sql.edit import insert_after
from migrasafe.sql.statements import Reindex


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, Reindex)
    catalogs = statement.kind == "SYSTEM"
    place = insert_after(step.script.source.text, statement.span, statement.kind, "CONCURRENTLY", step.as_written)
    concurrent = None if catalogs else place
    for work in step.work(Cause.REINDEX):
        yield step.finding(
            RULE.id,
            f"Reads and writes of {shown(work.relation)} wait while {work.detail or f'its part of {statement.name}'} is built again.",
            help="PostgreSQL builds no index of a catalog concurrently: do it while nobody uses the database."
            if catalogs
            else f"Reindex concurrently, {outside_words(step)}.",
            work=work,
            fix=outside_transaction(step, concurrent) if concurrent is not None else None,
        )


RULE = Rule(id="reindex-without-concurrently", check=check, on=(Reindex,), needs_work=True)
