"""Indexes that PostgreSQL refuses to make for what they are over, or for what their access method cannot do.

https://www.postgresql.org/docs/current/sql-createindex.html
"""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Failure, Refusal, Trouble
from migrasafe.effects.situation import Situation
from migrasafe.schema.model import Ref, Table
from migrasafe.sql.builtin.called import function_calls
from migrasafe.sql.expressions import walk
from migrasafe.sql.statements import CreateIndex, Expression

_ONE_COLUMN = frozenset({"hash", "spgist"})
_NO_INCLUDE = frozenset({"hash", "gin", "brin"})
_BUILT_IN = frozenset({"btree", "hash", "gin", "gist", "spgist", "brin"})
_NOT_INDEXED = frozenset({"json", "xml"})
"""Types that no access method has a default operator class for, not even with an extension of PostgreSQL's own."""
_OTHER_EACH_TIME = frozenset(
    {"now", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday", "random", "gen_random_uuid"}
)
"""Functions of which no overload is IMMUTABLE, and that people write into indexes."""


def refused_index(statement: CreateIndex, table: Table | None, situation: Situation) -> Iterator[Failure]:
    for trouble, reason in (
        *_of_method(statement),
        *_of_columns(statement, table),
        *_of_functions(statement, situation),
    ):
        yield Failure(trouble=trouble, reason=reason, objects=(str(situation.ref(statement.table)),))


def _of_method(statement: CreateIndex) -> Iterator[Refusal]:
    method = statement.method
    if statement.unique and method in _BUILT_IN - {"btree"}:
        yield Trouble.FEATURE_NOT_SUPPORTED, f"access method {method} does not support unique indexes"
    elif len(statement.elements) > 1 and method in _ONE_COLUMN:
        yield Trouble.FEATURE_NOT_SUPPORTED, f"access method {method} does not support indexes over several columns"
    elif statement.include and method in _NO_INCLUDE:
        yield Trouble.FEATURE_NOT_SUPPORTED, f"access method {method} does not support INCLUDE"


def _of_columns(statement: CreateIndex, table: Table | None) -> Iterator[Refusal]:
    for element in statement.elements:
        column = table.column(element.column) if table is not None and element.column is not None else None
        if column is None:
            continue
        if column.generated is not None and not column.generated_stored:
            yield Trouble.FEATURE_NOT_SUPPORTED, f"{column.name} is a virtual generated column, which no index takes"
            return
        of = column.type
        plain = of is not None and not of.array and of.schema is None
        if of is not None and plain and of.name in _NOT_INDEXED and element.opclass is None:
            reason = (
                f"type {of.name} of {column.name} has no default operator class for access method {statement.method}"
            )
            yield Trouble.NO_SUCH_OBJECT, reason
            return


def _of_functions(statement: CreateIndex, situation: Situation) -> Iterator[Refusal]:
    expressions = [element.expression for element in statement.elements if element.expression is not None]
    if statement.predicate is not None:
        expressions.append(statement.predicate)
    for expression in expressions:
        name = _mutable(expression, situation)
        if name is not None:
            where = "predicate" if expression is statement.predicate else "expression"
            yield Trouble.INVALID_OBJECT, f"functions in index {where} must be marked IMMUTABLE, and {name} is not"
            return


def _mutable(expression: Expression, situation: Situation) -> str | None:
    """What in it gives another result from one call to the next; a function of the user's is looked into elsewhere."""
    if any(kind == "SQLValueFunction" for kind, _ in walk(expression.node)):
        return "what stands for the time, the user or the schema"
    for call in function_calls(expression.node):
        own = situation.schema.functions.get(situation.schema.resolve_function(call.schema, call.name))
        if call.name in _OTHER_EACH_TIME and call.schema in (None, "pg_catalog") and not own:
            return f"{call.name}()"
    return None


def new_virtual_column(expression: Expression, ref: Ref, index: int, situation: Situation) -> Iterator[Failure]:
    """The expression of a virtual column calls no function of the user's (18)."""
    for call in function_calls(expression.node):
        if situation.schema.functions.get(situation.schema.resolve_function(call.schema, call.name)):
            reason = f"a virtual generated column cannot call {call.name}(), which is not PostgreSQL's own"
            yield Failure(trouble=Trouble.FEATURE_NOT_SUPPORTED, reason=reason, action=index, objects=(str(ref),))
            return
