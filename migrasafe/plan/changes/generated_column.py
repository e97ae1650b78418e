"""A column that PostgreSQL works out from others: new, in the place of a plain one, or with another expression.

A stored one is written into every row while nobody can use the table; there is no other way, so it is a maintenance window.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError, table_of
from migrasafe.plan.dual_write.swapped import Note
from migrasafe.plan.dual_write.triggers import differs, row_of
from migrasafe.plan.dual_write.works_out import works_out
from migrasafe.plan.model import Backfill, Gate, Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of, type_of
from migrasafe.schema.model import Column, ColumnRef, Table, View
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.quote import quote_ident, quote_literal, spell_type
from migrasafe.sql.statements import Expression, Name, TypeName

_SET_SINCE = 17
_DROP_SINCE = 13


class GeneratedColumn(Struct, frozen=True, kw_only=True):
    table: Name
    column: str
    type: TypeName | None
    """None: that of the column that is there."""
    expression: Expression
    stored: bool = True

    def plan(self, ground: Ground) -> Draft:
        """Raises NoPlanError."""
        table = table_of(ground, self.table)
        old = table.column(self.column)
        type = self.type or (old.type if old is not None else None)
        if type is None:
            raise NoPlanError(f"{table.ref} has no column {self.column} of a type that is known")
        made = _Made(
            ground=ground, table=table, name=self.column, type=type, expression=self.expression, stored=self.stored
        )
        if old is None:
            return made.new()
        if old.type != type:
            raise NoPlanError(
                f"{table.ref}.{self.column} is {type_of(old)}: plan the other type in a migration before this one"
            )
        if old.generated is not None and old.generated_stored == self.stored:
            return made.otherwise(old)
        if old.generated is not None:
            raise NoPlanError(
                f"{table.ref}.{self.column} cannot be stored and virtual in turns: add a column of another name"
            )
        return made.in_place_of(old)


class _Made(Struct, frozen=True, kw_only=True):
    ground: Ground
    table: Table
    name: str
    type: TypeName
    expression: Expression
    stored: bool

    @property
    def body(self) -> str:
        kind = "STORED" if self.stored else "VIRTUAL"
        return f"{spell_type(self.type)} GENERATED ALWAYS AS ({deparse_expression(self.expression)}) {kind}"

    @property
    def alter(self) -> str:
        return f"ALTER TABLE {name_of(self.table.ref)}"

    @property
    def window(self) -> str:
        if not self.stored:
            return ""
        return f"nobody reads or writes {self.table.ref} while {self.name} is written into every row, and its indexes are built anew"

    @property
    def is_generated(self) -> str:
        return predicates.column_with(self.table.ref, self.name, "attgenerated <> ''")

    def new(self) -> Draft:
        name = quote_ident(self.name)
        step = Step(
            title=f"Add the generated column {self.name}",
            statements=(f"{self.alter} ADD COLUMN {name} {self.body}",),
            done=self.is_generated,
            undo=(f"{self.alter} DROP COLUMN {name}",),
            window=self.window,
        )
        phase = Phase(
            name=PhaseName.EXPAND,
            title=f"{self.name} is there, and worked out",
            old_app="goes on as before; a prepared SELECT * or RETURNING * has to be prepared again",
            new_app=f"reads {self.name}",
            steps=(step,),
        )
        why = "a plain column with a trigger that works it out needs no window: `add` with --up, and a trigger of your own"
        return Draft(
            title=f"add {self.table.ref}.{self.name}, which is generated",
            tables=(self.table.ref,),
            phases=(phase,),
            why=(why,) * self.stored,
        )

    def in_place_of(self, old: Column) -> Draft:
        """Nobody writes it, what is in it follows from the expression, and then PostgreSQL works it out."""
        for what in _stands_on(self.ground, self.table, self.name):
            raise NoPlanError(
                f"{what} stands on {self.table.ref}.{self.name}, which has to be added anew: drop it in a migration before this"
                " one, and make it again behind it"
            )
        name = quote_ident(self.name)
        back = (
            (f"{self.alter} ALTER COLUMN {name} DROP EXPRESSION",)
            if self.stored and self.ground.target.at_least(_DROP_SINCE)
            else (f"{self.alter} DROP COLUMN {name}, ADD COLUMN {name} {type_of(old)}",)
        )
        lossless = self.stored and self.ground.target.at_least(_DROP_SINCE)
        default = [f"SET DEFAULT {deparse_expression(old.default)}"] if old.default is not None else []
        default += ["SET NOT NULL"] if old.not_null else []
        kept = works_out(self.ground, self.table, old, self.expression)
        step = Step(
            title=f"{self.name} is generated",
            statements=(*kept.undo, f"{self.alter} DROP COLUMN {name}, ADD COLUMN {name} {self.body}"),
            done=self.is_generated,
            undo=(*back, *(f"{self.alter} ALTER COLUMN {name} {one}" for one in default), *kept.statements)
            if lossless
            else (),
            loses="" if lossless else f"what was in {self.name}, which the gate has seen to follow from the expression",
            window=self.window,
        )
        return Draft(
            title=f"let {self.table.ref}.{self.name} be generated",
            tables=(self.table.ref,),
            phases=(
                Phase(
                    name=PhaseName.DUAL_WRITE,
                    title=f"A trigger works out {self.name} for whoever does not write it",
                    old_app=f"reads and writes {self.name}, as long as it writes what the expression says",
                    new_app=f"reads {self.name}",
                    steps=steps.superseded((kept,), self.is_generated),
                ),
                Phase(
                    name=PhaseName.BACKFILL,
                    title="The rows from before get what the expression says, in batches",
                    old_app=f"reads and writes {self.name}, as long as it writes what the expression says",
                    new_app=f"reads {self.name}",
                    backfills=(
                        Backfill(
                            table=name_of(self.table.ref),
                            assignments=(f"{name} = {self._value}",),
                            where=self._differs,
                            overwrites=True,
                        ),
                    ),
                ),
                phases.deploy(f"does not write {self.name}", f"reads and writes {self.name}"),
                phases.contract(
                    f"{self.name} is proved to follow from the other columns, and PostgreSQL works it out",
                    f"reads {self.name}, and is refused (428C9) where it writes it",
                    (step,),
                    needed=f"to write {self.table.ref}.{self.name}",
                    old_application_name=self.ground.old_application_name,
                    gates=(self._follows(),),
                ),
            ),
            why=(
                "a plain column that a trigger works out needs no window, and reads alike: the window is for who wants GENERATED",
            )
            * self.stored,
            differs=(f"the column {self.name} is the last of {self.table.ref}: SELECT * gives it at the end",),
        )

    def otherwise(self, old: Column) -> Draft:
        """Both versions read what the new expression says from the same moment on."""
        assert old.generated is not None  # plan() has seen to it
        name = quote_ident(self.name)
        note = self._note()
        there, back = (
            (f"{self.alter} ALTER COLUMN {name} SET EXPRESSION AS ({deparse_expression(one)})",)
            if self.ground.target.at_least(_SET_SINCE)
            else self._anew(one)
            for one in (self.expression, old.generated)
        )
        step = Step(
            title=f"{self.name} says {deparse_expression(self.expression)}",
            statements=(*there, note.there),
            done=predicates.column_exists(self.table.ref, self.name)
            + f" AND col_description({predicates.relation(self.table.ref)},"
            f" {predicates.column_number(self.table.ref, self.name)}) IS NOT DISTINCT FROM {quote_literal(note.text)}",
            undo=(note.back, *back),
            window=self.window,
        )
        return Draft(
            title=f"let {self.table.ref}.{self.name} be generated by another expression",
            tables=(self.table.ref,),
            phases=(
                Phase(
                    name=PhaseName.SWITCH,
                    title=f"{self.name} is worked out anew",
                    old_app="reads what the new expression says: deploy it only where it can live with that",
                    new_app="reads what the new expression says: deploy it after the step",
                    steps=(step,),
                ),
            ),
            why=(
                "two versions that need two expressions need two columns: add one of another name, and drop this one when the old"
                " version has gone",
            ),
            differs=(
                f"{self.name} has the comment {quote_literal(note.text)}: nothing else tells it from the one before",
            ),
        )

    def _anew(self, expression: Expression) -> tuple[str, ...]:
        for what in _stands_on(self.ground, self.table, self.name):
            raise NoPlanError(
                f"{what} stands on {self.table.ref}.{self.name}, which has to be added anew before PostgreSQL 17: drop it in a"
                " migration before this one, and make it again behind it"
            )
        name, kind = quote_ident(self.name), "STORED" if self.stored else "VIRTUAL"
        body = f"{spell_type(self.type)} GENERATED ALWAYS AS ({deparse_expression(expression)}) {kind}"
        return (f"{self.alter} DROP COLUMN {name}, ADD COLUMN {name} {body}",)

    def _note(self) -> Note:
        on = f"COLUMN {name_of(self.table.ref)}.{quote_ident(self.name)}"
        text = f"worked out anew by plan {self.ground.id}"
        return Note(text=text, there=f"COMMENT ON {on} IS {quote_literal(text)}", back=f"COMMENT ON {on} IS NULL")

    @property
    def _value(self) -> str:
        return f"({deparse_expression(self.expression)})::{spell_type(self.type)}"

    @property
    def _differs(self) -> str:
        return differs(row_of([quote_ident(self.name)]), row_of([self._value]))

    def _follows(self) -> Gate:
        return phases.none_left(
            "follows",
            f"Does {self.name} follow from the other columns in every row?",
            name_of(self.table.ref),
            self._differs,
            f"Set {self.name} in these rows to what the expression says, or look at the expression again.",
        )


def _stands_on(ground: Ground, table: Table, column: str) -> Iterator[str]:
    for index in ground.schema.indexes_of(table):
        if column in index.reads:
            yield f"the index {index.ref.name}"
    for constraint in table.constraints:
        if column in constraint.columns and constraint.kind.value != "NOT NULL":
            yield f"the constraint {constraint.name}"
    for policy in table.policies:
        if column in policy.reads:
            yield f"the policy {policy.name}"
    for ref in sorted(ground.schema.dependents_of(table.ref)):
        view = ground.schema.relation(ref)
        if isinstance(view, View) and ColumnRef(table.ref, column) in view.reads:
            yield f"the view {ref}"
