"""UPDATE, DELETE, MERGE or row locks over most rows of a table in one transaction."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause, WorkKind
from migrasafe.findings import Finding
from migrasafe.rules.change_system_catalog import is_catalog
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.in_batches import in_batches
from migrasafe.rules.instead import plan
from migrasafe.rules.wording import shown
from migrasafe.sql.expressions import walk
from migrasafe.sql.statements import Dml, DoBlock, Node, Transaction

_VERBS = {Cause.UPDATE: "updated", Cause.DELETE: "deleted", Cause.MERGE: "merged", Cause.ROW_LOCKS: "locked"}


def check(step: Step) -> Iterator[Finding]:
    for work in step.effects.caused_by(*_VERBS):
        if work.kind is not WorkKind.BULK_WRITE or not step.exists_already(work.relation):
            continue
        if _is_batched(step) or _is_one_batch(step) or work.relation.schema == "pg_catalog":
            continue
        if isinstance(step.statement, Dml) and is_catalog(step, step.statement.table):
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


_LARGEST_BATCH = 100_000


def _is_one_batch(step: Step) -> bool:
    """Whether a LIMIT inside it keeps it to one batch, and no loop repeats it."""
    if not isinstance(step.statement, Dml) or isinstance(step.script.statements[step.number], DoBlock):
        return False
    limits = [
        fields["limitCount"].get("A_Const", {}).get("ival", {}).get("ival", 0)
        for kind, fields in walk(step.statement.query.node)
        if kind == "SelectStmt" and "limitCount" in fields and _is_of(step.statement, fields)
    ]
    return any(0 < limit <= _LARGEST_BATCH for limit in limits)


def _is_of(statement: Dml, select: Node) -> bool:
    """Whether a subquery picks rows of the table that is changed."""
    return any(item.get("RangeVar", {}).get("relname") == statement.table.name for item in select.get("fromClause", []))


RULE = Rule(id="bulk-change-in-one-transaction", check=check, needs_work=True)
