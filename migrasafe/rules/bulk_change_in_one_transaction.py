"""UPDATE, DELETE, MERGE or row locks over most rows of a table in one transaction."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause, WorkKind
from migrasafe.findings import Finding, Fix
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, batches, plan
from migrasafe.rules.wording import shown
from migrasafe.sql.statements import Update
from migrasafe.sql.written_statements import written_update

_VERBS = {Cause.UPDATE: "updated", Cause.DELETE: "deleted", Cause.MERGE: "merged", Cause.ROW_LOCKS: "locked"}


def check(step: Step) -> Iterator[Finding]:
    for work in step.effects.caused_by(*_VERBS):
        if work.kind is not WorkKind.BULK_WRITE or not step.exists_already(work.relation):
            continue
        rows = "Every row" if work.detail else "Most rows"
        yield step.finding(
            RULE.id,
            f"{rows} of {shown(work.relation)} {'is' if work.detail else 'are'} {_VERBS[work.cause]} in one transaction: "
            "writers of these rows wait until it ends, and replicas and vacuum fall behind.",
            help="Do it in batches that commit one by one, outside the migration.",
            work=work,
            fix=_batches(step),
        )


def _batches(step: Step) -> Fix | None:
    """The same change as a backfill; None where it is more than one table's SET and WHERE."""
    update = written_update(step.script.source.text, step.statement.span, step.as_written)
    if not isinstance(step.statement, Update) or update is None:
        return None
    return plan(step, Stage("instead of this statement", (batches(update.table, update.sets, update.where),)))


RULE = Rule(id="bulk-change-in-one-transaction", check=check, needs_work=True)
