"""What a migration does to an enum in several statements: a type made anew without some values, an enum that becomes a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrasafe.plan.carry_over.columns_of_type import enum_type
from migrasafe.plan.changes.enum_and_text import TEXTS, EnumToText
from migrasafe.plan.changes.model import Change, NoPlanError
from migrasafe.plan.changes.remove_enum_value import RemoveEnumValue
from migrasafe.plan.read.recipes import Recipe
from migrasafe.schema.model import Constraint, EnumType, Schema
from migrasafe.sql import statements as sql
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.script import Script
from migrasafe.sql.statements import ConstraintKind, Expression, Name, Statement


def recipes_of_types(script: Script, schema: Schema) -> Iterator[Recipe]:
    """Raises NoPlanError for a type that is made anew in a way that has no plan."""
    yield from _types_made_anew(script.statements, schema)
    yield from _enums_that_become_texts(script.statements, schema)


def _types_made_anew(statements: Sequence[Statement], schema: Schema) -> Iterator[Recipe]:
    """`ALTER TYPE … RENAME`, `CREATE TYPE` under the old name, `ALTER COLUMN … TYPE` for each column, `DROP TYPE`."""
    for rename in statements:
        if not isinstance(rename, sql.Rename) or rename.kind != "TYPE":
            continue
        old = schema.types.get(schema.resolve_type(*rename.name))
        made = [one for one in statements if isinstance(one, sql.CreateEnum) and one.name.name == rename.name.name]
        if not isinstance(old, EnumType) or len(made) != 1:
            continue
        aside = rename.new_name
        parts: list[object] = [rename, made[0]]
        parts += [
            one
            for one in statements
            if isinstance(one, sql.Drop) and one.kind == "TYPE" and [it.name.name for it in one.objects] == [aside]
        ]
        parts += [action for one in statements for action in _of_type(one, schema, old, rename.name)]
        instead, filled = _instead(statements, old, made[0].labels)
        yield Recipe(change=_made_anew(old, made[0], instead), first=rename, parts=(*parts, *filled))


def _made_anew(old: EnumType, made: sql.CreateEnum, instead: Expression | None) -> Change:
    gone = tuple(label for label in old.labels if label not in made.labels)
    come = [label for label in made.labels if label not in old.labels]
    if come:
        more = f"ALTER TYPE {made.name} ADD VALUE for {', '.join(come)}"
        if len(come) == len(gone) == 1:
            more = f"ALTER TYPE {made.name} RENAME VALUE '{gone[0]}' TO '{come[0]}', or {more}"
        raise NoPlanError(f"the type {old.ref} is made anew with values it did not have: say {more}")
    if not gone:
        raise NoPlanError(f"the type {old.ref} is made anew in another order: values cannot be moved beside the app")
    return RemoveEnumValue(type=made.name, values=gone, instead=instead)


def _of_type(statement: Statement, schema: Schema, old: EnumType, name: Name) -> Iterator[object]:
    """The actions on columns of the type that belong to it: the new type, and the default there and back."""
    if not isinstance(statement, sql.AlterTable):
        return
    table = schema.table(schema.resolve(*statement.name))
    for action in statement.actions:
        if isinstance(action, sql.AlterColumnType | sql.SetDefault | sql.DropDefault) and table is not None:
            column = table.column(action.column)
            is_of_it = column is not None and enum_type(schema, column.type) == old
            if is_of_it and (not isinstance(action, sql.AlterColumnType) or action.type.name == name.name):
                yield action


def _instead(
    statements: Sequence[Statement], old: EnumType, left: tuple[str, ...]
) -> tuple[Expression | None, list[Statement]]:
    """What UPDATEs give to the rows that have a value which goes, and these UPDATEs."""
    found: list[Statement] = []
    value: Expression | None = None
    for one in statements:
        if not isinstance(one, sql.Update) or len(one.assignments) != 1 or one.where is None or one.joins:
            continue
        column, given = one.assignments[0]
        if given is not None and not columns_read(given) and columns_read(one.where) == {column}:
            said = str(one.where.node)
            if any(f"'{label}'" in said for label in old.labels if label not in left):
                value = given
                found.append(one)
    return value, found


def _enums_that_become_texts(statements: Sequence[Statement], schema: Schema) -> Iterator[Recipe]:
    for statement in statements:
        table = schema.table(schema.resolve(*statement.name)) if isinstance(statement, sql.AlterTable) else None
        if not isinstance(statement, sql.AlterTable) or table is None:
            continue
        for action in statement.actions:
            if not isinstance(action, sql.AlterColumnType) or action.type.name not in TEXTS or action.type.array:
                continue
            column = table.column(action.column)
            if column is None or enum_type(schema, column.type) is None:
                continue
            check = next(_checks(statements, schema, statement.name, action.column), None)
            constraint = _constraint(table.ref.name, action.column, check) if check is not None else None
            yield Recipe(
                change=EnumToText(table=statement.name, column=action.column, type=action.type, check=constraint),
                first=statement,
                parts=(action, *((check,) if check is not None else ())),
            )


def _checks(statements: Sequence[Statement], schema: Schema, table: Name, column: str) -> Iterator[sql.AddConstraint]:
    """The CHECKs that the migration adds over this column alone."""
    for one in statements:
        if not isinstance(one, sql.AlterTable) or schema.resolve(*one.name) != schema.resolve(*table):
            continue
        for action in one.actions:
            rule = action.constraint.expression if isinstance(action, sql.AddConstraint) else None
            if isinstance(action, sql.AddConstraint) and rule is not None and columns_read(rule) == {column}:
                yield action


def _constraint(table: str, column: str, added: sql.AddConstraint) -> Constraint:
    wanted = added.constraint
    return Constraint(
        name=wanted.name or f"{table}_{column}_check",
        kind=ConstraintKind.CHECK,
        columns=(column,),
        expression=wanted.expression,
    )
