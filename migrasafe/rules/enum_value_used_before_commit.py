"""A new enum value used in the transaction that adds it: PostgreSQL refuses (55P04)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from migrasafe.findings import Finding, Fix
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import NEXT_MIGRATION, ONE_MIGRATION, Stage, plan
from migrasafe.sql.expressions import walk
from migrasafe.sql.statements import AddEnumValue, CreateFunction, Expression, Query, Statement


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    assert isinstance(statement, AddEnumValue)
    if not step.in_transaction:
        return
    found = step.situation.enum(statement.type)
    same = found is not None and found.born[:2] == step.moment[:2]
    if same and step.target.at_least(17):
        return
    for later in step.later:
        if _ends_transaction(later):
            return
        if isinstance(later, CreateFunction) and later.language != "sql":
            continue  # its body is not looked at before it is called
        if statement.label in _literals(later):
            yield step.finding(
                RULE.id,
                f"'{statement.label}' is used in the transaction that adds it to {statement.type}: PostgreSQL refuses that "
                "with “unsafe use of new value”.",
                help="Add the value in a migration of its own, and use it in the next.",
                fix=Fix()
                if not step.has_own_text
                else plan(
                    step,
                    Stage(ONE_MIGRATION, (step.sql(),)),
                    Stage(NEXT_MIGRATION, (step.text_of(later),)),
                ),
                objects=(str(statement.type),),
            )
            return


def _ends_transaction(statement: Statement) -> bool:
    return getattr(statement, "verb", None) in ("commit", "rollback")


def _literals(statement: Statement) -> set[str]:
    """The string constants in a statement's expressions and queries."""
    found: set[str] = set()
    stack: list[Any] = [statement]
    while stack:
        item = stack.pop()
        if isinstance(item, (Expression, Query)):
            for kind, fields in walk(item.node):
                if kind == "A_Const" and "sval" in fields:
                    found.add(fields["sval"].get("sval", ""))
        elif isinstance(item, tuple):
            stack.extend(item)
        elif isinstance(item, Struct):
            stack.extend(getattr(item, name) for name in item.__struct_fields__)
    return found


RULE = Rule(id="enum-value-used-before-commit", check=check, on=(AddEnumValue,))
