"""A unique index over a column that can hold few values: it fails as soon as the table has more rows than that."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrasafe.findings import Finding, Fix
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import Stage, outside_title, plan
from migrasafe.rules.wording import shown
from migrasafe.schema.model import Column, EnumType
from migrasafe.sql.edit import without_word
from migrasafe.sql.statements import CreateIndex

_MOST_CHARACTERS = 3


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, CreateIndex)
    if not statement.unique or statement.predicate is not None or len(statement.elements) != 1:
        return
    ref = step.situation.ref(statement.table)
    table = step.schema.table(ref)
    name = statement.elements[0].column
    column = table.column(name) if table is not None and name is not None else None
    if column is None or not step.exists_already(ref) or not _has_few_values(step, column):
        return
    leaves = " and leaves an invalid index behind" if statement.concurrently else ""
    yield step.finding(
        RULE.id,
        f"The build fails{leaves} if two rows of {shown(ref)} have the same {name}, which can hold few values.",
        help="Check for duplicates first, or make the index partial or over more columns.",
        objects=(f"{ref}.{name}",),
        fix=_not_unique(step, statement),
        assumed=(f"{shown(ref)} has more rows than {name} has values",),
    )


def _not_unique(step: Step, statement: CreateIndex) -> Fix | None:
    """The index that can be built, whatever the rows hold."""
    if not step.has_own_text:
        return None
    plain = without_word(step.as_written, statement.span, "UNIQUE") or step.sql()
    built = plain if statement.concurrently else _INDEX.sub(r"\g<0> CONCURRENTLY", plain, count=1)
    return plan(step, Stage(f"{outside_title(step)}, for an index that takes rows with equal values", (built,)))


_INDEX = re.compile(r"\bindex\b", re.IGNORECASE)


def _has_few_values(step: Step, column: Column) -> bool:
    if column.type is None or column.type.array:
        return False
    if column.type.name == "bool":
        return True
    if column.type.name in ("bpchar", "char", "varchar"):
        modifiers = column.type.modifiers
        return bool(modifiers) and modifiers[0].isdigit() and int(modifiers[0]) <= _MOST_CHARACTERS
    found = step.schema.types.get(step.schema.resolve_type(column.type.schema, column.type.name))
    return isinstance(found, EnumType)


RULE = Rule(id="unique-over-few-values", check=check, on=(CreateIndex,))
