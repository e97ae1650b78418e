"""The attributes of a composite type: no old value is touched, but who writes or reads whole values has to live with both shapes."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.carry_over.columns_of_type import columns_of_type, tables_of_type
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of, names
from migrasafe.schema.model import Column, Composite
from migrasafe.sql.quote import quote_ident, spell_type
from migrasafe.sql.statements import Name, TypeName

_WHOLE = "a value of too many or too few attributes is refused (ROW(…): 42846, '(…)': 22P02)"


class ChangeComposite(Struct, frozen=True, kw_only=True):
    type: Name
    verb: str
    """`add`, `drop`, `alter` or `rename`."""
    attribute: str
    to: TypeName | None = None
    """The type that the attribute gets."""
    new_name: str | None = None

    def plan(self, ground: Ground) -> Draft:
        """A version in between lives with both shapes; then it changes, in an instant. Raises NoPlanError."""
        ref = ground.schema.resolve_type(*self.type)
        composite = ground.schema.types.get(ref)
        if not isinstance(composite, Composite):
            raise NoPlanError(f"the schema has no composite type {self.type}: give the one it is in with --schema")
        self._refuse(ground, composite)
        step, title, lives = self._step(composite)
        return Draft(
            title=title,
            tables=tables_of_type(ground.schema, ref),
            phases=(
                phases.deploy(lives, f"knows {ref} as it was, and may write and read it whole", between=True),
                phases.contract(
                    f"{step.title}, for every value there is",
                    f"{lives}; the version after it need not any more",
                    (step,),
                    needed=f"{ref} as it was",
                    old_application_name=ground.old_application_name,
                ),
            ),
            why=("the rows stay as they are: PostgreSQL gives their values the new shape when they are read", _WHOLE),
            by_hand=(
                f"a driver that has looked {ref.name} up keeps its old shape until it connects anew",
                f"look for {ref.name} in the bodies of functions: what they say of its attributes is found out when they run",
            ),
        )

    def _step(self, composite: Composite) -> tuple[Step, str, str]:
        """The step, the title of the plan, and what an app does that lives with the type before it and after it."""
        ref, name = composite.ref, quote_ident(self.attribute)
        alter, there = f"ALTER TYPE {name_of(ref)}", predicates.column_exists(ref, self.attribute)
        by_name = f"writes whole values by name, with jsonb_populate_record(NULL::{name_of(ref)}, '{{…}}'), or attribute by attribute"
        if self.verb == "add" and self.to is not None:
            step = Step(
                title=f"{ref} has an attribute {self.attribute}",
                statements=(f"{alter} ADD ATTRIBUTE {name} {spell_type(self.to)}",),
                done=there,
                undo=(f"{alter} DROP ATTRIBUTE {name}",),
            )
            return (
                step,
                f"add the attribute {self.attribute} to {ref}",
                f"{by_name}, and reads the attributes that it knows",
            )
        if self.verb == "rename" and self.new_name is not None:
            new = quote_ident(self.new_name)
            step = Step(
                title=f"{self.attribute} of {ref} is called {self.new_name}",
                statements=(f"{alter} RENAME ATTRIBUTE {name} TO {new}",),
                done=predicates.column_exists(ref, self.new_name),
                undo=(f"{alter} RENAME ATTRIBUTE {new} TO {name}",),
            )
            reads = f"coalesce(to_jsonb(…) ->> '{self.new_name}', to_jsonb(…) ->> '{self.attribute}')"
            lives = f"{by_name}, with both names in it, and reads {reads}"
            return step, f"rename the attribute {self.attribute} of {ref} to {self.new_name}", lives
        if self.verb == "drop":
            step = Step(
                title=f"{ref} has no {self.attribute} any more",
                statements=(f"{alter} DROP ATTRIBUTE {name}",),
                done=predicates.not_(there),
                loses=f"the {self.attribute} of every value of {ref}",
            )
            lives = f"{by_name}, and reads no {self.attribute}, and no value whole"
            return step, f"drop the attribute {self.attribute} of {ref}", lives
        old = _attribute(composite, self.attribute)
        was, now = (spell_type(one) for one in (old.type, self.to) if one is not None)
        step = Step(
            title=f"{self.attribute} of {ref} is {now}",
            statements=(f"{alter} ALTER ATTRIBUTE {name} TYPE {now}",),
            done=predicates.column_has_type(ref, self.attribute, now),
            undo=(f"{alter} ALTER ATTRIBUTE {name} TYPE {was}",),
        )
        return (
            step,
            f"change the type of the attribute {self.attribute} of {ref}",
            f"{by_name}, in values that both types take",
        )

    def _refuse(self, ground: Ground, composite: Composite) -> None:
        """Raise NoPlanError for what the server refuses, or what would change tables as well."""
        ref = composite.ref
        known = {one.name for one in composite.attributes}
        if self.verb == "add" and self.attribute in known:
            raise NoPlanError(f"{ref} has an attribute {self.attribute} already")
        if self.verb != "add":
            _attribute(composite, self.attribute)
        if self.new_name in known:
            raise NoPlanError(f"{ref} has an attribute {self.new_name} already")
        for table in (ground.schema.table(one) for one in ground.schema.dependents_of(ref)):
            if table is not None and table.of_type == ref:
                raise NoPlanError(
                    f"{table.ref} is a table of {ref}, and changes with it: ALTER TABLE {name_of(table.ref)} NOT OF first, then plan"
                    " the change of the table"
                )
        user = next(columns_of_type(ground.schema, ref), None)
        if self.verb == "alter" and user is not None:
            table_ref, column, _ = user
            raise NoPlanError(
                f"PostgreSQL changes the type of no attribute while a column has the type (0A000), and {table_ref}.{column} has:"
                f" `migrasafe plan composite-to-columns {table_ref}.{column} {_columns(column, composite)}` makes a column of each"
                f" attribute, and `migrasafe plan type` changes that"
            )


def _attribute(composite: Composite, name: str) -> Column:
    found = next((one for one in composite.attributes if one.name == name), None)
    if found is None:
        raise NoPlanError(
            f"{composite.ref} has no attribute {name}: it has {names(one.name for one in composite.attributes)}"
        )
    return found


def _columns(column: str, composite: Composite) -> str:
    return ",".join(f"{column}_{one.name}" for one in composite.attributes)
