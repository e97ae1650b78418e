"""The steps that make a UNIQUE or PRIMARY KEY constraint from an index built beforehand."""

from __future__ import annotations

from migrasafe.effects.model import Work
from migrasafe.rules.context import Step
from migrasafe.rules.wording import columns_sql, constraint_name, name_for, sql_name
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AddColumn, AddConstraint, AlterTable


def index_first(step: Step, work: Work, kind: str, suffix: str) -> str:
    """`kind` is UNIQUE or PRIMARY KEY."""
    statement = step.statement
    assert isinstance(statement, AlterTable) and work.action is not None
    action = statement.actions[work.action]
    table = sql_name(work.relation)
    before = ""
    if isinstance(action, AddConstraint):
        columns = action.constraint.columns
        name = quote_ident(constraint_name(action.constraint, work.relation, suffix))
    else:
        assert isinstance(action, AddColumn)
        columns = (action.column.name,)
        name = quote_ident(name_for(work.relation.name, action.column.name, suffix))
        before = "-- 0. add the column without the constraint, and fill it in batches\n"
    return (
        f"{before}-- 1. one migration, without a transaction\n"
        f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({columns_sql(columns)});\n"
        "-- 2. the next migration\n"
        f"ALTER TABLE {table} ADD CONSTRAINT {name} {kind} USING INDEX {name};"
    )
