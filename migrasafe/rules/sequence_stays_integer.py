"""A serial column becomes bigint, and its sequence still ends at 2147483647."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.foreign_key_narrower_than_target import LARGEST
from migrasafe.rules.instead import Stage, plan
from migrasafe.rules.wording import shown, sql_name
from migrasafe.schema.model import Sequence
from migrasafe.sql.quote import spell_type
from migrasafe.sql.statements import AlterColumnType, AlterTable


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AlterTable)
    ref = step.situation.ref(statement.name)
    end = step.at_end()
    table = end.table(ref)
    for index, action in enumerate(statement.actions):
        if not isinstance(action, AlterColumnType) or action.type.name not in LARGEST:
            continue
        column = table.column(action.column) if table is not None else None
        if column is None or column.identity is not None:
            continue  # the sequence of an identity column follows the type
        for name in sorted(end.dependents_of(ref)):
            sequence = end.relation(name)
            if not isinstance(sequence, Sequence) or sequence.owned_by is None or sequence.type is None:
                continue
            last = LARGEST.get(sequence.type.name, 0)
            if sequence.owned_by != (ref, action.column) or not 0 < last < LARGEST[action.type.name]:
                continue
            yield step.finding(
                RULE.id,
                f"Inserts into {shown(ref)} fail after id {last} all the same: the sequence {shown(name)} is still of the type "
                f"{spell_type(sequence.type)} (2200H).",
                severity=Severity.WARNING,
                help="Change the type of the sequence too: that is quick.",
                action=index,
                objects=(name, f"{ref}.{action.column}"),
                fix=plan(
                    step,
                    Stage("behind this statement", (f"ALTER SEQUENCE {sql_name(name)} AS {spell_type(action.type)}",)),
                ),
            )


RULE = Rule(id="sequence-stays-integer", check=check, on=(AlterTable,), actions=(AlterColumnType,))
