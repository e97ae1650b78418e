"""UPDATE, DELETE, MERGE or row locks over most rows of a table in one transaction."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause, WorkKind
from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.in_batches import in_batches
from migrasafe.rules.instead import plan
from migrasafe.rules.wording import shown
from migrasafe.sql.statements import Transaction

_VERBS = {Cause.UPDATE: "updated", Cause.DELETE: "deleted", Cause.MERGE: "merged", Cause.ROW_LOCKS: "locked"}


def check(step: Step) -> Iterator[Finding]:
    for work in step.effects.caused_by(*_VERBS):
        if work.kind is not WorkKind.BULK_WRITE or not step.exists_already(work.relation):
            continue
        if _is_batched(step):
            continue
        rows = "Every row" if work.detail else "Most rows"
        yield step.finding(
            RULE.id,
            f"{rows} of {shown(work.relation)} {'is' if work.detail else 'are'} {_VERBS[work.cause]} in one transaction: "
            "writers of these rows wait until it ends, and replicas and vacuum fall behind.",
            help="Do it in batches that commit one by one, outside the migration.",
            work=work,
            fix=plan(step, *in_batches(step, work)),
        )


def _is_batched(step: Step) -> bool:
    """Whether it stands in the loop of a DO block or procedure that commits after each round."""
    commits = (one for one in step.later_inside if isinstance(one, Transaction) and one.verb == "commit")
    return step.may_run and not step.situation.atomic and next(commits, None) is not None


RULE = Rule(id="bulk-change-in-one-transaction", check=check, needs_work=True)
