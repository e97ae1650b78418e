"""Values that an enum type is to have no more: PostgreSQL cannot take them away, so constraints refuse them."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import phases, steps
from migrasafe.plan.carry_over.columns_of_type import columns_of_enum, enum_of
from migrasafe.plan.carry_over.unseen import bodies_that_say
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.conversion.no_such_value import refused
from migrasafe.plan.model import Backfill, Gate
from migrasafe.schema.definitions import name_of, type_of
from migrasafe.schema.model import Column, Table
from migrasafe.sql.deparse import deparse_expression
from migrasafe.sql.expressions import columns_read
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import Expression, Name


class RemoveEnumValue(Struct, frozen=True, kw_only=True):
    type: Name
    values: tuple[str, ...]
    instead: Expression | None = None
    """What rows get that have one of them; None: there may be none left."""

    def plan(self, ground: Ground) -> Draft:
        """Nobody writes them, no row has them, and then they are refused. Raises NoPlanError."""
        found = enum_of(ground, self.type)
        for value in self.values:
            if value not in found.labels:
                raise NoPlanError(f"{found.ref} has no value {value}: it has {', '.join(found.labels) or 'none'}")
        if self.instead is not None and columns_read(self.instead):
            raise NoPlanError(
                f"what {found.ref} has instead of {self.values[0]} is one value for all rows: --up \"'…'\""
            )
        columns = tuple(columns_of_enum(ground.schema, found.ref))
        for table, column in columns:
            default = deparse_expression(column.default) if column.default is not None else ""
            for value in self.values:
                if default.startswith(quote_literal(value)):
                    raise NoPlanError(f"{value} is the default of {table.ref}.{column.name}: change the default first")
        listed = ", ".join(self.values)
        refusals = [refused(table, column.name, value) for table, column in columns for value in self.values]
        return Draft(
            title=f"remove {listed} from {found.ref}",
            tables=tuple(dict.fromkeys(table.ref for table, _ in columns)),
            phases=(
                phases.deploy(f"writes no {listed}, and can still read it", f"reads and writes {listed}"),
                phases.contract(
                    f"No row has {listed} any more, and none may",
                    f"does not know {listed}",
                    tuple(
                        step
                        for ref, constraint in refusals
                        for step in (steps.add_not_valid(ref, constraint), steps.validate(ref, constraint.name))
                    ),
                    needed=f"{listed} of {found.ref}",
                    old_application_name=ground.old_application_name,
                    gates=() if self.instead is not None else tuple(self._none_left(columns)),
                    backfills=tuple(self._jobs(columns)),
                ),
            ),
            why=(
                "another type in the place of this one would rewrite every table that has it while nobody can use them: a"
                " constraint refuses the value as well, and is checked while everybody goes on",
            ),
            by_hand=tuple(sentence for value in self.values for sentence in bodies_that_say(ground.schema, value)),
            differs=(
                f"{found.ref} keeps {listed}, and constraints refuse it"
                f" ({', '.join(one.name for _, one in refusals) or 'no column has the type'})",
            ),
        )

    def _condition(self, column: Column) -> str:
        return f"{quote_ident(column.name)} IN ({', '.join(map(quote_literal, self.values))})"

    def _jobs(self, columns: tuple[tuple[Table, Column], ...]) -> Iterator[Backfill]:
        if self.instead is not None:
            for table, column in columns:
                value = f"({deparse_expression(self.instead)})::{type_of(column)}"
                yield Backfill(
                    table=name_of(table.ref),
                    assignments=(f"{quote_ident(column.name)} = {value}",),
                    where=self._condition(column),
                )

    def _none_left(self, columns: tuple[tuple[Table, Column], ...]) -> Iterator[Gate]:
        for table, column in columns:
            yield phases.none_left(
                f"none-left-in-{table.ref.name}-{column.name}",
                f"Has no row of {table.ref} one of {', '.join(self.values)} in {column.name}?",
                name_of(table.ref),
                self._condition(column),
                "Give these rows another value, or plan again with --up \"'…'\", which then stands for it.",
            )
