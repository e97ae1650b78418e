"""A value of an enum type under another name: both names can be written until nobody says the old one any more.

Rows hold a number, and the type says what it is called. So the new name is added as a second value, which triggers store as
the first one; once the old version is gone the two values change names, and every row says the new one without being touched.
https://www.postgresql.org/docs/current/datatype-enum.html
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import phases, predicates, steps
from migrasafe.plan.beside import name_beside
from migrasafe.plan.carry_over.columns_of_type import columns_of_enum, enum_of
from migrasafe.plan.carry_over.unseen import bodies_that_say
from migrasafe.plan.changes.add_enum_value import add_value
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.conversion.no_such_value import refused
from migrasafe.plan.dual_write.triggers import SCHEMA, pinned_path
from migrasafe.plan.model import Gate, Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Column, Ref, Table
from migrasafe.sql.quote import quote_body, quote_ident, quote_literal
from migrasafe.sql.statements import Name


class RenameEnumValue(Struct, frozen=True, kw_only=True):
    type: Name
    value: str
    new_value: str

    def plan(self, ground: Ground) -> Draft:
        """Both names for a while; then they change places. Raises NoPlanError."""
        found = enum_of(ground, self.type)
        if self.value not in found.labels:
            raise NoPlanError(f"{found.ref} has no value {self.value}: it has {', '.join(found.labels) or 'none'}")
        if self.new_value in found.labels:
            raise NoPlanError(f"{found.ref} has the value {self.new_value} already")
        columns = tuple(columns_of_enum(ground.schema, found.ref))
        return _Renamed(ground=ground, type=found.ref, old=self.value, new=self.new_value, columns=columns).draft()


class _Renamed(Struct, frozen=True, kw_only=True):
    ground: Ground
    type: Ref
    old: str
    new: str
    columns: tuple[tuple[Table, Column], ...]

    def draft(self) -> Draft:
        old, new, columns = self.old, self.new, self.columns
        stored = tuple(self._stored_as_one(place, said=new, kept=old) for place in range(len(columns)))
        afterwards = [self._stored_as_one(place, said=old, kept=new) for place in range(len(columns))]
        refusals = [refused(table, column.name, old) for table, column in columns]
        over = steps.superseded(stored, self._swapped)
        guards = [step for one in refusals for step in (steps.add_not_valid(*one), steps.validate(one[0], one[1].name))]
        dual = Phase(
            name=PhaseName.DUAL_WRITE,
            title=f"Either name can be written, and is kept as {old}",
            old_app=f"reads and writes {old}",
            new_app=f"may write {new}, and reads {old}",
            steps=over,
        )
        return Draft(
            title=f"rename the value {old} of {self.type} to {new}",
            tables=tuple(dict.fromkeys(table.ref for table, _ in columns)),
            phases=(
                Phase(
                    name=PhaseName.EXPAND,
                    title=f"{self.type} has {new} beside {old}, and nobody writes it yet",
                    old_app="goes on as before",
                    new_app="is not deployed yet",
                    steps=(add_value(self.type, new, after=old),),
                ),
                *((dual,) if stored else ()),
                phases.deploy(
                    f"writes {new}, and reads {old} and {new} alike (also in conditions)",
                    f"reads and writes {old}",
                ),
                phases.contract(
                    f"The two values change names: what was {old} is {new}, in every row, and no row is touched",
                    f"reads and writes {new}",
                    (self._swap(), *guards, *map(_no_more, afterwards)),
                    needed=f"the value {old} of {self.type}",
                    old_application_name=self.ground.old_application_name,
                    gates=tuple(self._kept_as_one(*one) for one in columns),
                ),
            ),
            why=(
                f"as one statement, whoever says {old!r} fails from that instant on, and whoever says {new!r} before it:"
                " no order of deployment works",
                "no row is written: PostgreSQL keeps the number of a value in rows, and its name in the type alone",
            ),
            by_hand=(
                f"from the last phase on, rows read {new}: what the app has cached, or hard-coded in other programs, may still say"
                f" {old}",
                *bodies_that_say(self.ground.schema, old),
            ),
            differs=(
                f"{self.type} keeps a value called {old}, behind {new}, since PostgreSQL cannot take one away; constraints refuse it"
                f" ({', '.join(one[1].name for one in refusals) or 'no column has the type'})",
            ),
        )

    @property
    def _swapped(self) -> str:
        """Whether the value that came first has the new name."""
        label = "(SELECT enumsortorder FROM pg_enum WHERE enumtypid = {} AND enumlabel = {})"
        type_name = predicates.type_of(self.type)
        return (
            f"({label.format(type_name, quote_literal(self.new))} < {label.format(type_name, quote_literal(self.old))})"
        )

    def _function(self, place: int) -> str:
        return f"{SCHEMA}.{quote_ident(f'{self.ground.id}_value_{place + 1}')}"

    def _create_function(self, place: int, *, said: str, kept: str) -> str:
        table, column = self.columns[place]
        path = pinned_path((*self.ground.schema.search_path, table.ref.schema))
        here = f"NEW.{quote_ident(column.name)}"
        body = quote_body(
            f"\nBEGIN\n  IF {here} = {quote_literal(said)} THEN\n    {here} := {quote_literal(kept)};\n"
            "  END IF;\n  RETURN NEW;\nEND "
        )
        head = f"CREATE OR REPLACE FUNCTION {self._function(place)}() RETURNS trigger LANGUAGE plpgsql"
        return f"{head} SET search_path = {path} AS {body}"

    def _stored_as_one(self, place: int, *, said: str, kept: str) -> Step:
        """Before the table's own triggers, which know one name, and once more after them."""
        table, column = self.columns[place]
        on, function = name_of(table.ref), self._function(place)
        first, last = (f"{sign}migrasafe_{self.ground.id}_{place + 1}" for sign in "!~")
        create = "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION {}()"
        return Step(
            title=f"Keep {said} as {kept} in {table.ref}.{column.name}",
            statements=(
                f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}",
                self._create_function(place, said=said, kept=kept),
                *(create.format(quote_ident(trigger), on, function) for trigger in (first, last)),
            ),
            done=predicates.trigger_exists(table.ref, last),
            undo=(
                *(f"DROP TRIGGER {quote_ident(trigger)} ON {on}" for trigger in (first, last)),
                f"DROP FUNCTION {function}()",
            ),
        )

    def _kept_as_one(self, table: Table, column: Column) -> Gate:
        return phases.none_left(
            f"kept-as-one-in-{column.name}",
            f"Is every {self.new} in {table.ref}.{column.name} kept as {self.old}, or already the one that stays?",
            name_of(table.ref),
            f"NOT {self._swapped} AND {quote_ident(column.name)}::text = {quote_literal(self.new)}",
            f"UPDATE these rows to {self.old}: somebody wrote them past the triggers.",
        )

    def _swap(self) -> Step:
        """Names and triggers in one transaction: no writer ever meets the one without the other."""
        old, new, places = self.old, self.new, range(len(self.columns))
        return Step(
            title=f"{old} and {new} change names",
            statements=(
                *self._change_names(old, new),
                *(self._create_function(place, said=old, kept=new) for place in places),
            ),
            done=self._swapped,
            undo=(
                *self._change_names(new, old),
                *(self._create_function(place, said=new, kept=old) for place in places),
            ),
        )

    def _change_names(self, first: str, second: str) -> Iterator[str]:
        aside = name_beside(second)
        for old, new in ((second, aside), (first, second), (aside, first)):
            yield f"ALTER TYPE {name_of(self.type)} RENAME VALUE {quote_literal(old)} TO {quote_literal(new)}"


def _no_more(step: Step) -> Step:
    """The end of the triggers of a column."""
    return Step(
        title="Take away the triggers that kept both names as one",
        statements=step.undo,
        done=predicates.not_(step.done),
        undo=step.statements,
    )
