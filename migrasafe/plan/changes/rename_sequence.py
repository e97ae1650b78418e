"""A sequence under another name: it can have no second one, so that a version in between asks for the one that is there."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import Ref, Sequence
from migrasafe.sql.quote import quote_ident, quote_literal
from migrasafe.sql.statements import Name


class RenameSequence(Struct, frozen=True, kw_only=True):
    sequence: Name
    new_name: str

    def plan(self, ground: Ground) -> Draft:
        """Raises NoPlanError."""
        old = ground.schema.resolve(*self.sequence)
        sequence = ground.schema.relation(old)
        if not isinstance(sequence, Sequence):
            raise NoPlanError(f"the schema has no sequence {self.sequence}: give the one it is in with --schema")
        new = Ref(old.schema, self.new_name)
        if ground.schema.relation(new) is not None:
            raise NoPlanError(f"{new} is there already")
        step = Step(
            title=f"Let {old} be called {new.name}",
            statements=(f"ALTER SEQUENCE {name_of(old)} RENAME TO {quote_ident(new.name)}",),
            done=predicates.relation_exists(new, "S"),
            undo=(f"ALTER SEQUENCE {name_of(new)} RENAME TO {quote_ident(old.name)}",),
        )
        owner = sequence.owned_by
        either = f"coalesce({_found(new)}, {_found(old)})"
        if owner is not None and owner.column is not None:
            table, column = quote_literal(name_of(owner.relation)), quote_literal(owner.column)
            either = f"pg_get_serial_sequence({table}, {column})"
        asks = f"asks for numbers, if it does so itself, with nextval({either})"
        return Draft(
            title=f"rename the sequence {old} to {new.name}",
            tables=(owner.relation,) if owner is not None else (),
            phases=(
                phases.deploy(asks, f"may say nextval('{old.name}')", between=True),
                phases.contract(
                    f"{old} is called {new.name}",
                    f"{asks}; the version after it may say {new.name}",
                    (step,),
                    needed=f"the name {old}",
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=(
                "nextval() takes no other thing than a sequence, and two sequences would count apart: there is no second name",
                "defaults of columns are bound to the sequence, not to its name: they follow by themselves",
            ),
            by_hand=(
                f"look for {old.name} in the app, in what its ORM is told (a sequence's name beside a key), and in the bodies of"
                " functions",
            ),
        )


def _found(ref: Ref) -> str:
    return f"to_regclass({quote_literal(name_of(ref))})"
