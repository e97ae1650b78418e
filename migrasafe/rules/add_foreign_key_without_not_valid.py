"""ADD FOREIGN KEY without NOT VALID: writes to both tables wait for the check of every row."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause
from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.foreign_key_by_partitions import by_partitions
from migrasafe.rules.not_valid_first import not_valid_first
from migrasafe.rules.wording import shown
from migrasafe.schema.model import RelationKind
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
            f"Writes to {' and '.join(shown(ref) for ref in waiting)} wait while every row of {shown(work.relation)} is looked up.",
            help="Add it NOT VALID, which checks new rows only, and validate the old ones in a later transaction."
            if possible
            else "Before PostgreSQL 18 a partitioned table takes no NOT VALID foreign key: add it NOT VALID to each partition.",
            work=work,
            objects=waiting,
            fix=not_valid_first(step, work) if possible else by_partitions(step, table, work.action),
        )


RULE = Rule(id="add-foreign-key-without-not-valid", check=check, on=(AlterTable,), needs_work=True)
