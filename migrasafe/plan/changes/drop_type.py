"""A type, a domain or a sequence that nothing in the database uses any more goes when the old version is gone."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.plan import phases, predicates
from migrasafe.plan.carry_over.columns_of_type import is_type
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.evolve.names_used import literal_sequence, names_sequence
from migrasafe.schema.model import Composite, Domain, Ref, Schema, Sequence, Table
from migrasafe.sql.expressions import walk
from migrasafe.sql.statements import Name, TypeName


class DropType(Struct, frozen=True, kw_only=True):
    kind: str
    """`TYPE`, `DOMAIN` or `SEQUENCE`."""
    name: Name

    def plan(self, ground: Ground) -> Draft:
        """One step behind the old version: it may say the name in a cast. Raises NoPlanError while something uses it."""
        ref, there = self._found(ground.schema)
        user = next(self._users(ground.schema, ref), None)
        if user is not None:
            raise NoPlanError(f"{user} uses {ref}: let it use another one, or drop it, in this migration or before it")
        word, name = self.kind.lower(), name_of(ref)
        step = Step(
            title=f"Drop the {word} {name}",
            statements=(f"DROP {self.kind} {name}",),
            done=predicates.not_(there),
            loses=f"the {word} {name}: the way back is to make it again",
        )
        return Draft(
            title=f"drop the {word} {ref}",
            tables=(),
            phases=(
                phases.deploy(f"does not say {ref.name}", f"may say {ref.name}, in a cast or a call"),
                phases.contract(
                    f"The {word} {name} goes",
                    f"does not say {ref.name}",
                    (step,),
                    needed=f"the {word} {ref.name}",
                    old_application_name=ground.old_application_name,
                ),
            ),
            by_hand=(f"look for {ref.name} in the bodies of functions: PostgreSQL does not know what they use",),
        )

    def _found(self, schema: Schema) -> tuple[Ref, str]:
        """It, and the question whether it is there."""
        if self.kind == "SEQUENCE":
            ref = schema.resolve(*self.name)
            if isinstance(schema.relations.get(ref), Sequence):
                return ref, predicates.relation_exists(ref, "S")
        else:
            ref = schema.resolve_type(*self.name)
            if ref in schema.types:
                return ref, predicates.type_exists(ref)
        raise NoPlanError(f"the schema has no {self.kind.lower()} {self.name}: give the one it is in with --schema")

    def _users(self, schema: Schema, ref: Ref) -> Iterator[str]:
        return _of_sequence(schema, ref) if self.kind == "SEQUENCE" else _of_type(schema, ref)


def _of_type(schema: Schema, ref: Ref) -> Iterator[str]:
    def is_it(type: TypeName | None) -> bool:
        return is_type(schema, type, ref)

    for table in schema.relations.values():
        for column in table.columns if isinstance(table, Table) else ():
            if is_it(column.type):
                yield f"{table.ref}.{column.name}"
    for other in schema.types.values():
        if isinstance(other, Domain) and is_it(other.type):
            yield f"the domain {other.ref}"
        if isinstance(other, Composite) and any(is_it(one.type) for one in other.attributes):
            yield f"the type {other.ref}"
    for overloads in schema.functions.values():
        for one in overloads:
            if is_it(one.returns) or any(is_it(argument.type) for argument in one.arguments):
                yield f"the function {one.ref}"


def _of_sequence(schema: Schema, ref: Ref) -> Iterator[str]:
    sequence = schema.relations[ref]
    if isinstance(sequence, Sequence) and sequence.owned_by is not None:
        yield f"{sequence.owned_by.relation}.{sequence.owned_by.column}, which owns it,"
    for table in schema.relations.values():
        for column in table.columns if isinstance(table, Table) else ():
            calls = (call for kind, call in walk(column.default.node) if kind == "FuncCall") if column.default else ()
            named = (literal_sequence(call) for call in calls if names_sequence(call))
            if any(name is not None and schema.resolve(*name) == ref for name in named):
                yield f"the default of {table.ref}.{column.name}"
