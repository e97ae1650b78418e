"""The steps that add a filled column without a rewrite, shared by the rules about rewriting ADD COLUMNs."""

from __future__ import annotations

from migrasafe.effects.model import Work
from migrasafe.rules.context import Step
from migrasafe.rules.wording import name_for, shown, sql_name
from migrasafe.sql.edit import action_spans
from migrasafe.sql.quote import quote_ident, spell_type
from migrasafe.sql.statements import AddColumn, AlterTable, ColumnDef

_WITHOUT_SEQUENCE = {
    "serial": "integer",
    "serial4": "integer",
    "bigserial": "bigint",
    "serial8": "bigint",
    "smallserial": "smallint",
    "serial2": "smallint",
}


def column_of(step: Step, work: Work) -> ColumnDef:
    """The column definition that the work is for."""
    assert isinstance(step.statement, AlterTable) and work.action is not None
    action = step.statement.actions[work.action]
    assert isinstance(action, AddColumn)
    return action.column


def base_type(column: ColumnDef) -> str:
    if column.type is None:
        return "…"
    return _WITHOUT_SEQUENCE.get(column.type.name) or spell_type(column.type)


def default_text(step: Step, work: Work) -> str:
    """The default as the author wrote it, from the text of the action."""
    text = step.script.source.text
    spans = action_spans(text, step.statement.span)
    if work.action is None or work.action >= len(spans):
        return "…"
    written = text[spans[work.action].start : spans[work.action].end]
    place = written.lower().find("default")
    rest = written[place + len("default") :].strip() if place >= 0 else "…"
    for stop in (" not null", " unique", " primary key", " check", " references", " null"):
        cut = rest.lower().find(stop)
        if cut > 0:
            rest = rest[:cut]
    return rest


def add_then_default(step: Step, work: Work) -> str:
    column, table = column_of(step, work), sql_name(work.relation)
    name = quote_ident(column.name)
    return (
        "-- 1. one migration\n"
        f"ALTER TABLE {table} ADD COLUMN {name} {base_type(column)};\n"
        f"ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {default_text(step, work)};\n"
        f"-- 2. fill the old rows of {shown(work.relation)} in batches: migrasafe backfill"
    )


def add_then_sequence(step: Step, work: Work) -> str:
    column, table = column_of(step, work), sql_name(work.relation)
    name, sequence = quote_ident(column.name), quote_ident(f"{work.relation.name}_{column.name}_seq")
    return (
        "-- 1. one migration\n"
        f"ALTER TABLE {table} ADD COLUMN {name} {base_type(column)};\n"
        f"CREATE SEQUENCE {sequence} OWNED BY {table}.{name};\n"
        f"ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT nextval('{sequence}');\n"
        f"-- 2. fill the old rows of {shown(work.relation)} in batches: migrasafe backfill"
    )


def add_then_fill(step: Step, work: Work) -> str:
    column, table = column_of(step, work), sql_name(work.relation)
    return (
        "-- 1. one migration\n"
        f"ALTER TABLE {table} ADD COLUMN {quote_ident(column.name)} {base_type(column)};\n"
        "-- 2. a trigger that keeps it current for new and changed rows\n"
        f"-- 3. fill the old rows of {shown(work.relation)} in batches: migrasafe backfill"
    )


def inline_check_steps(step: Step, work: Work) -> str:
    column, table = column_of(step, work), sql_name(work.relation)
    check = quote_ident(name_for(work.relation.name, column.name, "check"))
    return (
        "-- 1. one migration\n"
        f"ALTER TABLE {table} ADD COLUMN {quote_ident(column.name)} {base_type(column)};\n"
        f"ALTER TABLE {table} ADD CONSTRAINT {check} CHECK (…) NOT VALID;\n"
        "-- 2. the next migration\n"
        f"ALTER TABLE {table} VALIDATE CONSTRAINT {check};"
    )
