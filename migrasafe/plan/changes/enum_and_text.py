"""A column of an enum type that becomes a text with a CHECK, or the other way round, under its own name."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.plan import steps
from migrasafe.plan.carry_over.columns_of_type import enum_type
from migrasafe.plan.changes.change_type import ChangeType
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, column_of, table_of
from migrasafe.plan.conversion.bad_rows import BadRows
from migrasafe.plan.conversion.without_casts import without_casts
from migrasafe.plan.model import PhaseName
from migrasafe.schema.model import Constraint, EnumType, Table
from migrasafe.sql.deparse import parse_expression
from migrasafe.sql.quote import quote_ident, quote_literal, spell_type
from migrasafe.sql.statements import ConstraintKind, Expression, Name, TypeName

TEXTS = frozenset({"text", "varchar"})


class EnumToText(Struct, frozen=True, kw_only=True):
    table: Name
    column: str
    type: TypeName
    check: Constraint | None = None
    """That comes with it."""

    def plan(self, ground: Ground) -> Draft:
        """A text beside the enum, which takes over its name; the old version may write what the type knows. Raises NoPlanError."""
        table = table_of(ground, self.table)
        column = column_of(table, self.column)
        enum = enum_type(ground.schema, column.type)
        if enum is None:
            raise NoPlanError(f"{table.ref}.{column.name} is no enum")
        made_of, _ = without_casts(ground, table, column.name, enum.ref.name)
        draft = _changed(
            made_of,
            self.table,
            column.name,
            self.type,
            up=f"{quote_ident(column.name)}::{spell_type(self.type)}",
            down=_if_known(enum, column.name, _written(column.type)),
        )
        draft = replace(
            draft,
            by_hand=(
                f"a query that says the type, {column.name} = 'x'::{enum.ref.name}, fails from the switch on: leave the cast out"
                " in the old version first",
                f"{column.name} is sorted by its letters from the switch on, no longer in the order of the values of the type",
                *draft.by_hand,
            ),
        )
        return draft if self.check is None else _with_check(draft, table, self.check)


class TextToEnum(Struct, frozen=True, kw_only=True):
    table: Name
    column: str
    type: TypeName
    bad_rows: BadRows = BadRows()

    def plan(self, ground: Ground) -> Draft:
        """An enum beside the text, which takes over its name; what the type does not know is found first. Raises NoPlanError."""
        table = table_of(ground, self.table)
        column = column_of(table, self.column)
        enum = enum_type(ground.schema, self.type)
        if enum is None:
            raise NoPlanError(f"{spell_type(self.type)} is no enum type that is known")
        assert column.type is not None  # column_of has seen to it
        known = [one for one in table.constraints if one.kind is ConstraintKind.CHECK and one.columns == (column.name,)]
        left = replace(table, constraints=tuple(one for one in table.constraints if one not in known))
        schema = replace(ground.schema, relations=ground.schema.relations.insert(table.ref, left))
        made_of, made = without_casts(replace(ground, schema=schema), left, column.name, column.type.name)
        default = column_of(made, column.name).default
        draft = _changed(
            made_of,
            self.table,
            column.name,
            self.type,
            up=_if_known(enum, column.name, spell_type(self.type)),
            down=f"{quote_ident(column.name)}::{spell_type(column.type)}",
            bad_rows=self.bad_rows,
            default=default if default is not None and "A_Const" in default.node else None,
        )
        return replace(
            draft,
            by_hand=(
                f"from the switch on, a value that {enum.ref} does not know is an error (22P02), also for the old version; and LIKE,"
                f" lower() and || need {column.name}::text",
                *draft.by_hand,
            ),
            differs=(
                *(f"the constraint {one.name} goes with the text: the type says it" for one in known),
                *draft.differs,
            ),
        )


def _changed(
    ground: Ground,
    table: Name,
    column: str,
    type: TypeName,
    *,
    up: str,
    down: str,
    bad_rows: BadRows | None = None,
    default: Expression | None = None,
) -> Draft:
    change = ChangeType(
        table=table,
        column=column,
        type=type,
        up=parse_expression(up),
        down=parse_expression(down),
        bad_rows=bad_rows or BadRows(),
        default=default,
    )
    return change.plan(ground)


def _written(type: TypeName | None) -> str:
    assert type is not None  # column_of has seen to it
    return spell_type(type)


def _if_known(enum: EnumType, column: str, type: str) -> str:
    """The value of the enum that a text says; null for any other text."""
    labels = ", ".join(map(quote_literal, enum.labels)) or "NULL"
    return f"CASE WHEN {quote_ident(column)}::text IN ({labels}) THEN {quote_ident(column)}::text::{type} END"


def _with_check(draft: Draft, table: Table, check: Constraint) -> Draft:
    """The constraint before the last step, when the text has the name and the old version is gone."""
    added = (steps.add_not_valid(table.ref, check), steps.validate(table.ref, check.name))
    return replace(
        draft,
        phases=tuple(
            replace(phase, steps=(*added, *phase.steps)) if phase.name is PhaseName.CONTRACT else phase
            for phase in draft.phases
        ),
    )
