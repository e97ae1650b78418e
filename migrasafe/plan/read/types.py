"""What a migration does to an enum in several statements: a type made anew without some values, an enum that becomes a text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from migrasafe.plan.carry_over.columns_of_type import enum_type
from migrasafe.plan.changes.enum_and_text import TEXTS, EnumToText
from migrasafe.plan.changes.model import Change, NoPlanError
from migrasafe.plan.changes.remove_enum_value import RemoveEnumValue
from migrasafe.plan.read.recipes import Recipe
from migrasafe.schema.evolve.generated_names import object_name
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
    """A type created under another's name, `ALTER COLUMN … TYPE` for each column, `DROP TYPE`.

    People rename the old type away before they create the new one, or create that under a passing name, as Prisma does.
    """
    renames = [one for one in statements if isinstance(one, sql.Rename) and one.kind == "TYPE"]
    for made in statements:
        if not isinstance(made, sql.CreateEnum):
            continue
        passing = [one for one in renames if one.name.name == made.name.name and one.new_name != made.name.name]
        name = Name(made.name.schema, passing[0].new_name) if _is_unknown(made.name, schema) and passing else made.name
        old = schema.types.get(schema.resolve_type(*name))
        aside = [one for one in renames if one.name.name == name.name and one.new_name != made.name.name]
        drops = [one for one in statements if isinstance(one, sql.Drop) and one.kind == "TYPE"]
        gone = {name.name, *(one.new_name for one in aside)}
        dropped = [one for one in drops if len(one.objects) == 1 and one.objects[0].name.name in gone]
        if not isinstance(old, EnumType) or not (aside or (passing and dropped)):
            continue
        parts: list[object] = [made, *aside, *(passing if name != made.name else ()), *dropped]
        first = next(one for one in statements if any(one is part for part in parts))
        parts += [action for one in statements for action in _of_type(one, schema, old, (name, made.name))]
        instead, filled = _instead(statements, old, made.labels)
        yield Recipe(change=_made_anew(old, name, made, instead), first=first, parts=(*parts, *filled))


def _is_unknown(name: Name, schema: Schema) -> bool:
    return schema.resolve_type(*name) not in schema.types


def _made_anew(old: EnumType, name: Name, made: sql.CreateEnum, instead: Expression | None) -> Change:
    """`name`: what the type is called in the end."""
    gone = tuple(label for label in old.labels if label not in made.labels)
    come = [label for label in made.labels if label not in old.labels]
    if come:
        more = f"ALTER TYPE {name} ADD VALUE for {', '.join(come)}"
        if len(come) == len(gone) == 1:
            more = f"ALTER TYPE {name} RENAME VALUE '{gone[0]}' TO '{come[0]}', or {more}"
        raise NoPlanError(f"the type {old.ref} is made anew with values it did not have: say {more}")
    if not gone:
        raise NoPlanError(
            f"the type {old.ref} is made anew with the same values in another order, which rewrites every table that has it:"
            " leave the type as it is, and say the order where it is sorted, ORDER BY array_position(ARRAY[…], …)"
        )
    return RemoveEnumValue(type=name, values=gone, instead=instead)


def _of_type(statement: Statement, schema: Schema, old: EnumType, names: tuple[Name, ...]) -> Iterator[object]:
    """The actions on columns of the type that belong to it: the new type, and the default there and back."""
    if not isinstance(statement, sql.AlterTable):
        return
    table = schema.table(schema.resolve(*statement.name))
    known = {one.name for one in names}
    for action in statement.actions:
        if isinstance(action, sql.AlterColumnType | sql.SetDefault | sql.DropDefault) and table is not None:
            column = table.column(action.column)
            is_of_it = column is not None and enum_type(schema, column.type) == old
            if is_of_it and (not isinstance(action, sql.AlterColumnType) or action.type.name in known):
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
        name=wanted.name or object_name(table, column, "check"),
        kind=ConstraintKind.CHECK,
        columns=(column,),
        expression=wanted.expression,
    )
