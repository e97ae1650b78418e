"""A domain constraint is checked in every table that uses the domain, writes waiting, NOT VALID or not."""

from __future__ import annotations

from migrasafe.effects.model import Cause, Work
from migrasafe.findings import Fix
from migrasafe.rules.by_cause import rule_for
from migrasafe.rules.context import Step
from migrasafe.rules.instead import ONE_MIGRATION, OWN_TRANSACTION, Stage, plan
from migrasafe.rules.wording import sql_name
from migrasafe.schema.evolve.generated_names import object_name
from migrasafe.schema.model import Table
from migrasafe.sql.deparse import expression_sql, with_column_renamed
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AlterDomain


def _on_each_table(step: Step, _: Work) -> Fix | None:
    """The same as a constraint of every column of the domain."""
    statement = step.statement
    assert isinstance(statement, AlterDomain)
    constraint = statement.constraint
    if constraint is None or constraint.expression is None:
        return None
    domain = step.schema.resolve_type(statement.name.schema, statement.name.name)
    added, validated = [], []
    for table in step.schema.relations.values():
        for column in table.columns if isinstance(table, Table) else ():
            if column.type is None or step.schema.resolve_type(column.type.schema, column.type.name) != domain:
                continue
            check = expression_sql(with_column_renamed(constraint.expression, "value", column.name))
            if check is None or not isinstance(table, Table):
                return None
            name, on = quote_ident(object_name(table.ref.name, column.name, "check")), sql_name(table.ref)
            added.append(f"ALTER TABLE {on} ADD CONSTRAINT {name} CHECK ({check}) NOT VALID")
            validated.append(f"ALTER TABLE {on} VALIDATE CONSTRAINT {name}")
    return plan(step, Stage(ONE_MIGRATION, tuple(added)), Stage(OWN_TRANSACTION, tuple(validated)))


RULE = rule_for(
    "domain-constraint-scan",
    (Cause.DOMAIN_CONSTRAINT,),
    (AlterDomain,),
    why=lambda _, work: f"every row is checked for the domain {work.detail}",
    instead="Put a CHECK constraint NOT VALID on each table instead, and validate it in a later migration.",
    fix=_on_each_table,
)
