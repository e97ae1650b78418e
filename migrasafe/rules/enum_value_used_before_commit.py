"""A new enum value used in the transaction that adds it: PostgreSQL refuses (55P04)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

from msgspec import Struct

from migrasafe.findings import Finding, Fix
from migrasafe.regex import regex
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import NEXT_MIGRATION, ONE_MIGRATION, Stage, plan
from migrasafe.rules.surroundings import LiteralsUsed
from migrasafe.rules.text_constants import text_constants
from migrasafe.sql.expressions import columns_read, walk
from migrasafe.sql.lexer import Kind, tokens
from migrasafe.sql.statements import (
    AddEnumValue,
    CreateFunction,
    CreateOther,
    CreateRule,
    CreateStatistics,
    DoBlock,
    Expression,
    Node,
    Query,
    Statement,
    Unrecognized,
    Utility,
)


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
        used = step.ending.literals = _literals_used(step)
    here = used.places[id(step.statement)]
    return [user for place, user in used.users.get(label, ()) if place > here][:1]


def _literals_used(step: Step) -> LiteralsUsed:
    """Looked up once for all new values of a transaction: there may be hundreds of them, and thousands of statements."""
    places: dict[int, int] = {}
    users: dict[str, list[tuple[int, Statement]]] = {}
    schemas = (step.schema, step.at_commit())
    for place, statement in enumerate((step.statement, *step.later)):
        if _ends_transaction(statement):
            break
        places[id(statement)] = place
        for literal in _literals(statement, step.text_of, text_constants(statement, schemas)):
            users.setdefault(literal, []).append((place, statement))
    return LiteralsUsed(places=places, users=users)


def _ends_transaction(statement: Statement) -> bool:
    return getattr(statement, "verb", None) in ("commit", "rollback")


def _literals(statement: Statement, text_of: Callable[[Statement], str], texts: Collection[int]) -> set[str]:
    """The string constants in what a statement evaluates, or keeps as read."""
    if isinstance(statement, CreateFunction):
        if statement.language != "sql":
            return _literals_of(statement.arguments)  # its body is not looked at before it is called
        if statement.body is None and statement.source_text is None:  # RETURN …
            return _literals_of(statement.arguments) | _written(text_of(statement))
    found = _literals_of(statement, texts)
    if isinstance(statement, _KEPT_AS_TEXT) or (isinstance(statement, Utility) and statement.command in _EVALUATED):
        found |= _written(text_of(statement))
    return found


def _literals_of(value: object, texts: Collection[int] = ()) -> set[str]:
    """`texts`: the ids of the nodes of constants that are none of an enum."""
    found: set[str] = set()
    stack: list[Any] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, (Expression, Query)):
            found |= _literals_of_tree(item.node, texts)
        elif isinstance(item, tuple):
            stack.extend(item)
        elif isinstance(item, Struct):
            stack.extend(getattr(item, name) for name in item.__struct_fields__)
    return found


def _literals_of_tree(tree: Node, texts: Collection[int]) -> set[str]:
    found: set[str] = set()
    only_names: set[str] = set()
    for kind, fields in walk(tree):
        if kind == "A_Const" and "sval" in fields and id(fields) not in texts:
            found.update(_values(fields["sval"].get("sval", "")))
        elif kind == "A_Expr" and _LABELS in columns_read(Expression(node=fields.get("lexpr") or {})):
            only_names.add(fields.get("rexpr", {}).get("A_Const", {}).get("sval", {}).get("sval", ""))
    return found - only_names


def _values(literal: str) -> Iterator[str]:
    """A constant, and those in an array or a row that it may be."""
    yield literal
    if literal[:1] in ("{", "(") and ":" not in literal:
        yield from _PARTS.split(literal)


_LABELS = "enumlabel"
"""The column of pg_enum that has the names of labels: whoever looks there uses none."""
_PARTS = regex(r'[{}(),"]+')
_KEPT_AS_TEXT = (DoBlock, CreateRule, CreateStatistics, CreateOther, Unrecognized)
"""Not all of their expressions are read: DECLARE and := of a body, the conditions and commands of a rule."""
_EVALUATED = frozenset({"PREPARE", "DECLARE CURSOR", "EXPLAIN"})
_NAMES_ONLY = frozenset({"value", "exists", "before", "after", "to", "is"})
"""What stands before a constant that is no value: ADD VALUE, IF NOT EXISTS, BEFORE, AFTER, RENAME VALUE … TO, COMMENT … IS."""


def _written(text: str) -> set[str]:
    """The string constants of a text, also of a body in it."""
    found: set[str] = set()
    waiting = [text]
    while waiting:
        before = two_before = ""
        for token in tokens(part := waiting.pop()):
            word = part[token.start : token.end]
            if token.kind is Kind.DOLLAR:
                waiting.append(word[word.index("$", 1) + 1 : word.rindex("$", 0, -1)])
            elif token.kind is Kind.STRING and before not in _NAMES_ONLY and (two_before, before) != (_LABELS, "="):
                found.update(_values(word[word.index("'") + 1 : -1].replace("''", "'")))
            if token.kind is not Kind.COMMENT:
                two_before, before = before, word.lower()
    return found


RULE = Rule(id="enum-value-used-before-commit", check=check, on=(AddEnumValue,))
