"""RENAME of a function, type, sequence, domain, attribute or enum value that the running app names."""

from __future__ import annotations

from collections.abc import Iterator

from migrasafe.findings import Finding, Fix
from migrasafe.rules.context import Rule, Step
from migrasafe.rules.instead import ONE_MIGRATION, Stage, after_deploy, batches, plan
from migrasafe.rules.old_names import lost_labels
from migrasafe.rules.wording import sql_name
from migrasafe.schema.model import EnumType, Table
from migrasafe.sql.quote import quote_ident, quote_literal, quote_name
from migrasafe.sql.statements import Rename, RenameEnumValue, SetSchema

_KINDS = frozenset({"FUNCTION", "PROCEDURE", "ROUTINE", "TYPE", "DOMAIN", "SEQUENCE", "ATTRIBUTE"})


def check(step: Step) -> Iterator[Finding]:
    statement = step.statement
    if isinstance(statement, RenameEnumValue):
        found = step.situation.enum(statement.type)
        if found is not None and found.born.migration == step.moment.migration:
            return
        yield step.finding(
            RULE.id,
            f"The running app fails when it writes '{statement.label}' into a column of {statement.type}, "
            f"and does not know '{statement.new_label}' when it reads it.",
            help="Add the new value, deploy an app version that knows both, and change the rows in batches.",
            objects=(str(statement.type),),
            fix=_new_value(step, statement),
        )
        return
    assert isinstance(statement, (Rename, SetSchema))
    if statement.kind not in _KINDS:
        return
    name = statement.name
    schema = step.schema
    borns = [one.born for one in schema.functions.get(schema.resolve_function(name.schema, name.name), ())]
    made = schema.types.get(schema.resolve_type(name.schema, name.name))
    relation = schema.relation(schema.resolve(name.schema, name.name))
    borns += [one.born for one in (made, relation) if one is not None]
    if borns and all(born.migration == step.moment.migration for born in borns):
        return
    if isinstance(made, EnumType) and step.in_transaction and not lost_labels(made, step.at_commit()):
        return  # a new enum takes the old name, with every label
    if isinstance(statement, SetSchema):
        kind = statement.kind.lower()
        yield step.finding(
            RULE.id,
            f"The running app fails if it names the {kind} {name}, which is in the schema {statement.new_schema} now, unless its "
            f"search_path has {statement.new_schema}.",
            help="Deploy an app version that finds it in both, by its search_path, before.",
            objects=(str(name),),
            fix=after_deploy(step, f"has {statement.new_schema} in its search_path"),
            assumed=("the running app uses it (--old SOURCE would tell)",),
        )
        return
    subject = f"{name}.{statement.part}" if statement.part else str(name)
    yield step.finding(
        RULE.id,
        f"The running app fails if it names the {statement.kind.lower()} {subject}, which is called {statement.new_name} now.",
        help="Make the new one beside it, deploy an app version that uses it, and drop the old one when the old version is gone.",
        objects=(subject,),
        fix=after_deploy(step, f"does not name the {statement.kind.lower()} {subject}"),
        assumed=("the running app uses it (--old SOURCE would tell)",),
    )


def _new_value(step: Step, statement: RenameEnumValue) -> Fix:
    """The new label beside the old one, and its rows in batches."""
    enum = step.schema.resolve_type(statement.type.schema, statement.type.name)
    old, new = quote_literal(statement.label), quote_literal(statement.new_label)
    commands = tuple(
        batches(sql_name(table.ref), f"{name} = {new}", f"{name} = {old}")
        for table in step.schema.relations.values()
        if isinstance(table, Table)
        for column in table.columns
        if column.type is not None and step.schema.resolve_type(column.type.schema, column.type.name) == enum
        for name in (quote_ident(column.name),)
    )
    return plan(
        step,
        Stage(ONE_MIGRATION, (f"ALTER TYPE {quote_name(statement.type)} ADD VALUE {new}",)),
        Stage(f"deploy the app version that reads both and writes {new}"),
        Stage("when the old version is gone, change the rows there are", commands),
    )


RULE = Rule(id="rename-object-in-use", check=check, on=(Rename, RenameEnumValue, SetSchema))
