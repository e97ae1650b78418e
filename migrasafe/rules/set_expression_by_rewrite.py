"""SET EXPRESSION of a stored generated column: every row is computed again."""

from __future__ import annotations

from migrasafe.effects.model import Cause, Work
from migrasafe.findings import Fix
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.context import Step
from migrasafe.rules.instead import Stage, batches, others_with, plan
from migrasafe.rules.new_values import computed_by_trigger
from migrasafe.sql.deparse import expression_sql
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AlterTable, SetExpression


def _plain_column(step: Step, work: Work) -> Fix | None:
    """The column is computed by a trigger from now on, and the rows there are in batches."""
    statement = step.statement
    assert isinstance(statement, AlterTable) and work.action is not None
    action = statement.actions[work.action]
    sql = expression_sql(action.expression) if isinstance(action, SetExpression) else None
    if sql is None or not isinstance(action, SetExpression):
        return None
    on, name = step.table_name, quote_ident(action.column)
    return plan(
        step,
        Stage(
            "one migration, in one transaction",
            (
                *others_with(step, work.action, f"ALTER COLUMN {name} DROP EXPRESSION"),
                *computed_by_trigger(work.relation, on, action.column, sql),
            ),
        ),
        Stage("compute the rows there are", (batches(on, f"{name} = {sql}", f"{name} IS DISTINCT FROM {sql}"),)),
    )


RULE = rule_for(
    "set-expression-by-rewrite",
    (Cause.GENERATION_EXPRESSION,),
    (AlterTable,),
    why=lambda _, work: f"the table is rewritten to compute {work.column} again",
    instead="Make it a plain column that a trigger computes, and compute the rows there are in batches.",
    fix=_plain_column,
)
