"""All that a prediction may look at."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from migrasafe.effects.session import Session
from migrasafe.schema.model import (
    BEFORE_HISTORY,
    TEMPORARY_SCHEMA,
    Domain,
    EnumType,
    Index,
    Moment,
    Ref,
    RelationKind,
    Schema,
    Table,
    View,
)
from migrasafe.sql.statements import Name, TypeName
from migrasafe.target import Target


class Situation(Struct, frozen=True, kw_only=True):
    """The moment before a statement runs."""

    schema: Schema
    session: Session
    target: Target
    moment: Moment
    alone: bool = False
    """The statement is the only one of a script that is sent as one simple query: it runs outside a block."""
    in_body: bool = False
    """It stands in a DO block or a function."""
    atomic: bool = False
    """… that cannot end the transaction: a function, a trigger, or any code in a transaction block."""
    _resolved: dict[Name, Ref] = {}
    """What names mean: each rule asks again about those of the statement."""

    # --- names ---

    def ref(self, name: Name) -> Ref:
        found = self._resolved.get(name)
        if found is None:
            found = self._resolved[name] = self.schema.resolve(name.schema, name.name)
        return found

    def table(self, name: Name) -> Table | None:
        return self.schema.table(self.ref(name))

    def index_table(self, name: Name) -> Ref | None:
        """The table of an index, None when we do not know the index."""
        index = self.schema.index(self.ref(name))
        return index.table if index else None

    def domain(self, type_name: TypeName) -> Domain | None:
        found = self.schema.types.get(self.schema.resolve_type(type_name.schema, type_name.name))
        return found if isinstance(found, Domain) else None

    def domains(self, type_name: TypeName) -> Iterator[Domain]:
        """The domain, and those that it stands on, outermost first; none for an array, whose elements nothing checks anew."""
        met: set[Ref] = set()  # PostgreSQL allows no cycle, a broken history might
        while not type_name.array and (found := self.domain(type_name)) is not None and found.ref not in met:
            met.add(found.ref)
            yield found
            type_name = found.type

    def enum(self, name: Name) -> EnumType | None:
        found = self.schema.types.get(self.schema.resolve_type(name.schema, name.name))
        return found if isinstance(found, EnumType) else None

    # --- questions ---

    def is_new(self, ref: Ref) -> bool:
        """Whether this migration made the relation (or the table of this index): nobody can be waiting for it."""
        relation = self.schema.relations.get(ref)
        if relation is None:
            return False
        if type(relation) is Index:
            return self.is_new(relation.table)
        born = relation.born
        return born.migration == self.moment.migration and born != BEFORE_HISTORY

    def exists_already(self, ref: Ref) -> bool:
        """Whether the running app may be using it: it is neither new nor temporary."""
        return ref.schema != TEMPORARY_SCHEMA and not self.is_new(ref)

    def with_partitions(self, table: Table) -> Iterator[Table]:
        """The table and every partition or inheritance child below it that we know, each once, parents first."""
        met = {table.ref}
        waiting = [table]
        while waiting:
            one = waiting.pop()
            yield one
            refs = [ref for ref in (*one.partitions, *one.children) if ref not in met]
            met.update(refs)
            waiting.extend(child for ref in reversed(refs) if (child := self.schema.table(ref)) is not None)

    def below(self, ref: Ref) -> tuple[Ref, ...]:
        """The partitions and inheritance children below a table that we know."""
        table = self.schema.table(ref)
        if table is None or not (table.partitions or table.children):
            return ()
        return tuple(part.ref for part in self.with_partitions(table))[1:]

    def is_partitioned(self, ref: Ref) -> bool:
        table = self.schema.table(ref)
        return table is not None and table.kind is RelationKind.PARTITIONED_TABLE

    def is_known(self, relation: Table | View | None) -> bool:
        """Whether we know all of its columns, indexes and constraints."""
        return relation is not None and relation.complete

    @property
    def in_block(self) -> bool:
        """Whether PostgreSQL would refuse what cannot run inside a transaction block."""
        return self.in_body or (self.session.in_transaction and not self.alone)
