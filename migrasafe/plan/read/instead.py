"""What a person can do with a statement that has no plan."""

from __future__ import annotations

from migrasafe.sql import statements as sql
from migrasafe.sql.builtin.called import function_calls, is_known_function
from migrasafe.sql.expressions import walk
from migrasafe.sql.statements import Statement


def reads_or_calls(statement: sql.Select) -> bool:
    """Whether a query does more than give a value that it says itself."""
    return any(kind in ("RangeVar", "FuncCall") for kind, _ in walk(statement.query.node))


def instead_of(statement: Statement) -> str:
    """What a person can do."""
    match statement:
        case sql.CreateTableAs():
            return (
                "its rows are those of one moment, and what is written meanwhile would be missing; make the table first, keep it in"
                " step by triggers, and copy in batches"
            )
        case sql.Select() if not all(map(is_known_function, function_calls(statement.query.node))):
            return (
                "what the function does is decided when it runs: write out the statements that it comes to, or call it in a"
                " migration of its own"
            )
        case sql.Select():
            return (
                "a query changes nothing, and what a program does with its answer is not to be seen: put what changes the schema into"
                " a migration of its own, and what changes rows into a job for `migrasafe backfill`"
            )
        case sql.DoBlock():
            return (
                "what a block does is decided when it runs; write out the statements that it comes to, without the block (IF NOT"
                " EXISTS is not needed: steps see whether they are done)"
            )
        case _:
            return "put it into a migration of its own; `migrasafe lint` says whether it is safe as it stands"
