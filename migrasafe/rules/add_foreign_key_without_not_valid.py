"""ADD FOREIGN KEY without NOT VALID: writes to both tables wait for the check of every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrasafe.effects.model import Cause
from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.foreign_key_by_partitions import by_partitions
from migrasafe.rules.not_valid_first import not_valid_first
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Ref, RelationKind
from migrasafe.sql.statements import AddConstraint, AlterTable


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    for work in step.effects.caused_by(Cause.FOREIGN_KEY):
        assert work.action is not None
        action = statement.actions[work.action]
        assert isinstance(action, AddConstraint) and action.constraint.references is not None
        target = step.situation.ref(action.constraint.references.table)
        waiting = [ref for ref in dict.fromkeys((work.relation, target)) if step.exists_already(ref)]
        if not step.exists_already(work.relation):
            continue  # a table that is new here has few rows to check, and the lock on the target is brief
        table = step.schema.table(work.relation)
        partitioned = table is not None and table.kind is RelationKind.PARTITIONED_TABLE
        possible = not partitioned or step.target.at_least(18)
        yield step.finding(
            RULE.id,
            f"{_who_waits(step, waiting)} wait while every row of {shown(work.relation)} is looked up.",
            help="Add it NOT VALID, which checks new rows only, and validate the old ones in a later transaction."
            if possible
            else "Before PostgreSQL 18 a partitioned table takes no NOT VALID foreign key: add it NOT VALID to each partition.",
            work=work,
            objects=waiting,
            fix=not_valid_first(step, work) if possible else by_partitions(step, table, work.action),
        )


def _who_waits(step: Step, tables: Sequence[Ref]) -> str:
    """Writers; and readers of a table that something else in the statement locks more strongly, such as DROP CONSTRAINT."""
    stopped = [ref for ref in tables if (mode := step.effects.lock_on(ref)) is not None and mode.blocks_reads]
    names, others = (
        " and ".join(map(shown, some)) for some in (stopped, [ref for ref in tables if ref not in stopped])
    )
    if not stopped:
        return f"Writes to {others}"
    return f"Reads and writes of {names}" + (f", and writes to {others}," if others else "")


RULE = Rule(id="add-foreign-key-without-not-valid", check=check, on=(AlterTable,), needs_work=True)
