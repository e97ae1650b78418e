"""SET NOT NULL that has to look at every row while nobody can read the table."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.effects.model import Cause, Work
from migrasafe.findings import Finding
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.wording import name_for, shown, sql_name
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import AlterTable


def check(step: Step) -> Iterator[Finding]:
    for work in step.work(Cause.SET_NOT_NULL):
        column = work.column or ""
        yield step.finding(
            RULE.id,
            f"Reads and writes of {shown(work.relation)} wait while every row is checked for a NULL in {column}.",
            help="Prove it first with a constraint that is validated while the table stays in use.",
            work=work,
            steps=safe_way(work.relation, column, step),
        )


def safe_way(ref: Ref, column: str, step: Step) -> str:
    """The statements that make a column NOT NULL without a scan under a strong lock."""
    table, name = sql_name(ref), quote_ident(column)
    if step.target.at_least(18):
        constraint = quote_ident(name_for(ref.name, column, "not_null"))
        return (
            "-- 1. one migration\n"
            f"ALTER TABLE {table} ADD CONSTRAINT {constraint} NOT NULL {name} NOT VALID;\n"
            "-- 2. the next migration, in a transaction of its own\n"
            f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint};"
        )
    constraint = quote_ident(name_for(ref.name, column, "not_null"))
    return (
        "-- 1. one migration\n"
        f"ALTER TABLE {table} ADD CONSTRAINT {constraint} CHECK ({name} IS NOT NULL) NOT VALID;\n"
        "-- 2. the next migration, in a transaction of its own\n"
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint};\n"
        "-- 3. then, without a scan\n"
        f"ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL;\n"
        f"ALTER TABLE {table} DROP CONSTRAINT {constraint};"
    )


def not_null_first(step: Step, work: Work) -> str:
    """The same, for a rule about other work that needs the column to be NOT NULL."""
    return safe_way(work.relation, work.column or "", step)


RULE = Rule(id="set-not-null-by-full-scan", check=check, on=(AlterTable,), needs_work=True)
