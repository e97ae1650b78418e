"""A new enum value used in the transaction that adds it: PostgreSQL refuses (55P04)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from migrasafe.findings import Finding, Fix
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import NEXT_MIGRATION, ONE_MIGRATION, Stage, plan
from migrasafe.rules.surroundings import LiteralsUsed
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
    for later in _users(step, statement.label):
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


def _users(step: Step, label: str) -> list[Statement]:
    """The first statement of the rest of the transaction that uses a constant, if one does."""
    used = step.ending.literals
    if used is None or id(step.statement) not in used.places:
        used = step.ending.literals = _literals_used((step.statement, *step.later))
    here = used.places[id(step.statement)]
    return [user for place, user in used.users.get(label, ()) if place > here][:1]


def _literals_used(statements: Iterable[Statement]) -> LiteralsUsed:
    """Looked up once for all new values of a transaction: there may be hundreds of them, and thousands of statements."""
    places: dict[int, int] = {}
    users: dict[str, list[tuple[int, Statement]]] = {}
    for place, statement in enumerate(statements):
        if _ends_transaction(statement):
            break
        places[id(statement)] = place
        if isinstance(statement, CreateFunction) and statement.language != "sql":
            continue  # its body is not looked at before it is called
        for literal in _literals(statement):
            users.setdefault(literal, []).append((place, statement))
    return LiteralsUsed(places=places, users=users)


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
