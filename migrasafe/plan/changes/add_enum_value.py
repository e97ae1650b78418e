"""Another value of an enum type: the database takes it in an instant, old readers may not."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.carry_over.columns_of_type import enum_of
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref
from migrasafe.sql.quote import quote_literal
from migrasafe.sql.statements import Name


class AddEnumValue(Struct, frozen=True, kw_only=True):
    type: Name
    value: str
    before: str | None = None
    after: str | None = None

    def plan(self, ground: Ground) -> Draft:
        """The value first; the version that knows it next; nobody writes it before the old version is gone.

        Raises NoPlanError.
        """
        found = enum_of(ground, self.type)
        ref = found.ref
        if self.value in found.labels:
            raise NoPlanError(f"{ref} has the value {self.value} already")
        step = add_value(ref, self.value, before=self.before, after=self.after)
        return Draft(
            title=f"add the value {self.value} to {ref}",
            tables=(),
            phases=(
                Phase(
                    name=PhaseName.EXPAND,
                    title=f"{ref} has the value {self.value}, and nobody writes it yet",
                    old_app="goes on as before",
                    new_app="is not deployed yet",
                    steps=(step,),
                ),
                phases.deploy(
                    f"can read {self.value}, and does not write it yet", f"may fail on a row with {self.value}"
                ),
                phases.contract(
                    f"{self.value} may be written",
                    f"reads and writes {self.value}",
                    (),
                    needed=f"{ref} without {self.value}",
                    old_application_name=ground.old_application_name,
                ),
            ),
        )


def add_value(ref: Ref, value: str, *, before: str | None = None, after: str | None = None) -> Step:
    """The value, at its place; it can be used once that is committed."""
    type_name = name_of(ref)
    place = f" BEFORE {quote_literal(before)}" if before else ""
    place = f" AFTER {quote_literal(after)}" if after else place
    return Step(
        title=f"Add the value {value} to {ref}",
        statements=(f"ALTER TYPE {type_name} ADD VALUE {quote_literal(value)}{place}",),
        done=(
            "EXISTS (SELECT FROM pg_enum WHERE"
            f" enumtypid = {predicates.type_of(ref)} AND enumlabel = {quote_literal(value)})"
        ),
        # Not in a transaction block before PostgreSQL 12 only, but it must be committed before anybody uses it.
        long=True,
        # In its place, not behind the steps that can be taken back: functions of the same plan may write it.
        stays=f"the value {value}, which PostgreSQL cannot take away again",
    )
