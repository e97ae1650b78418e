"""REPLICA IDENTITY FULL or NOTHING: every change costs more, or subscribers cannot apply it."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import shown
from migrasafe.schema.publishing import refuses_changes
from migrasafe.sql.statements import AlterTable, ReplicaIdentity


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    before, after = step.schema.table(ref), step.at_commit().table(ref)
    if after is None or not step.situation.exists_already(ref):
        return
    if refuses_changes(step.at_commit(), after) is not None:
        return  # publish-without-replica-identity says what happens
    for index, action in enumerate(statement.actions):
        if not isinstance(action, ReplicaIdentity) or after.replica_identity != action.identity:
            continue
        if before is not None and before.replica_identity == action.identity:
            continue
        if action.identity == "full" and before is not None and before.complete and before.primary_key is None:
            continue  # there is no better one
        match action.identity:
            case "full":
                message = (
                    f"Every UPDATE and DELETE on {shown(ref)} writes the whole old row to the log, and a subscriber may scan "
                    "the table for each of them."
                )
                help = "Use the primary key (REPLICA IDENTITY DEFAULT) or a unique index (USING INDEX)."
            case "nothing":
                message = f"UPDATE and DELETE on {shown(ref)} fail as soon as it is in a publication that sends them."
                help = "Keep the primary key, or a unique index, as the replica identity."
            case _:
                continue
        yield step.finding(
            RULE.id,
            message,
            severity=Severity.WARNING if action.identity == "nothing" else Severity.INFO,
            help=help,
            action=index,
            objects=(ref,),
            lock=step.effects.lock_on(ref),
            assumed=("the table is replicated logically, or will be",),
        )


RULE = Rule(id="replica-identity-without-key", check=check, on=(AlterTable,), actions=(ReplicaIdentity,))
