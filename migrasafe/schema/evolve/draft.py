"""The catalog while one statement changes it: every change goes through here, so that `dependents` stays true.

A Draft lives inside one call of `evolve` and never leaves it; the maps in it are persistent, so that starting one costs
nothing and the schema before stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from migrasafe.schema.added import different
from migrasafe.schema.alike import unlisted, with_changed_index, with_index, without_index
from migrasafe.schema.evolve import needs
from migrasafe.schema.evolve.counts import counted, grants_counted
from migrasafe.schema.evolve.dependents import Dependents, parts_changed
from migrasafe.schema.evolve.privileges import with_default_grants
from migrasafe.schema.model import (
    BEFORE_HISTORY,
    TEMPORARY_SCHEMA,
    Constraint,
    EnumType,
    Function,
    Index,
    Moment,
    Publication,
    Ref,
    Relation,
    Schema,
    Table,
    Type,
    View,
)
from migrasafe.schema.persistent_map import NOTHING
from migrasafe.sql.statements import Name, Node, Persistence

_SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema", "pg_toast"})


class Draft:
    """One schema being changed by one statement."""

    __slots__ = (
        "_before",
        "alike",
        "complete",
        "constraint_names",
        "default_grants",
        "default_partitions",
        "existing_stays",
        "extensions",
        "functions",
        "links",
        "moment",
        "numbered",
        "publications",
        "relations",
        "reserved",
        "schemas",
        "search_path",
        "table_grants",
        "temporary",
        "types",
    )

    def __init__(self, schema: Schema, moment: Moment) -> None:
        self._before = schema
        self.moment = moment
        self.relations = schema.relations
        self.types = schema.types
        self.functions = schema.functions
        self.schemas = schema.schemas
        self.extensions = schema.extensions
        self.publications = schema.publications
        self.default_grants = schema.default_grants
        self.links = Dependents(schema.dependents)
        self.constraint_names = schema.constraint_names
        self.alike = schema.alike
        self.default_partitions = schema.default_partitions
        self.numbered = schema.numbered
        self.table_grants = schema.table_grants
        self.search_path = schema.search_path
        self.temporary = schema.temporary
        self.complete = schema.complete
        self.reserved: Set[Ref] = frozenset()  # names of constraints of a table that is still being put together
        self.existing_stays = False
        """True inside DO blocks: there, making what exists already is guarded by a branch or a handler."""

    def finished(self) -> Schema:
        """The schema with everything that was changed; the one before, itself, if nothing was."""
        before = self._before
        if (
            self.relations is before.relations
            and self.types is before.types
            and self.functions is before.functions
            and self.schemas is before.schemas
            and self.extensions is before.extensions
            and self.publications is before.publications
            and self.default_grants is before.default_grants
            and self.search_path is before.search_path
        ):
            return before
        return Schema(
            relations=self.relations,
            types=self.types,
            functions=self.functions,
            schemas=self.schemas,
            extensions=self.extensions,
            publications=self.publications,
            default_grants=self.default_grants,
            dependents=self.links.listed,
            constraint_names=self.constraint_names,
            alike=self.alike,
            default_partitions=self.default_partitions,
            numbered=self.numbered,
            table_grants=self.table_grants,
            search_path=self.search_path,
            temporary=self.temporary,
            complete=self.complete,
        )

    def resolve(self, schema: str | None, name: str) -> Ref:
        """The relation a name means, as Schema.resolve."""
        if schema is not None:
            return Ref(schema, name)
        if self.temporary and (ref := Ref(TEMPORARY_SCHEMA, name)) in self.relations:
            return ref
        for candidate in self.search_path:
            found = self.relations.get((candidate, name))  # a tuple finds it too, and costs less
            if found is not None:
                return found.ref
        return Ref(self.home(), name)

    def known_type(self, schema: str | None, name: str) -> Ref | None:
        """The user-defined type (or row type) a name means; None if we know of none."""
        hidden_by = (TEMPORARY_SCHEMA,) if self.temporary else ()
        for candidate in (*hidden_by, *self.search_path) if schema is None else (schema,):
            ref = Ref(candidate, name)
            if ref in self.types or isinstance(self.relations.get(ref), Table | View):
                return ref
        return None

    def known_function(self, schema: str | None, name: str, _call: Node | None = None, /) -> Ref | None:
        refs = (Ref(candidate, name) for candidate in (self.search_path if schema is None else (schema,)))
        return next((ref for ref in refs if ref in self.functions), None)

    def find_type(self, name: Name) -> Ref:
        return self.known_type(*name) or Ref(name.schema or self.home(), name.name)

    def find_function(self, name: Name) -> Ref:
        return self.known_function(*name) or Ref(name.schema or self.home(), name.name)

    def home(self) -> str:
        """The schema in which an unqualified name is made: the first of the search path that exists."""
        path = self.search_path
        if self.complete and len(path) > 1:
            for schema in path:
                if schema in self.schemas:
                    return schema
        return path[0] if path else "public"

    def place(self, name: Name, persistence: Persistence = Persistence.PERMANENT) -> Ref:
        """The full name of a relation that is being made."""
        if persistence is Persistence.TEMPORARY or name.schema == TEMPORARY_SCHEMA:
            self.temporary = True
            return Ref(TEMPORARY_SCHEMA, name.name)
        return Ref(name.schema or self.home(), name.name)

    def table(self, ref: Ref) -> Table | None:
        relation = self.relations.get(ref)
        return relation if type(relation) is Table else None

    def index(self, ref: Ref) -> Index | None:
        relation = self.relations.get(ref)
        return relation if type(relation) is Index else None

    def named(self, name: Name) -> Relation | None:
        """The relation a statement is about; one we never saw being made is taken to be a table."""
        ref = self.resolve(*name)
        return self.relations.get(ref) or self._assumed(ref)

    def table_named(self, name: Name) -> Table | None:
        relation = self.named(name)
        return relation if isinstance(relation, Table) else None

    def _assumed(self, ref: Ref) -> Table | None:
        if self.complete or ref.schema in _SYSTEM_SCHEMAS:
            return None
        table = Table(ref=ref, complete=False, born=BEFORE_HISTORY)
        self.relations = self.relations.insert(ref, table)
        return table

    def put(self, new: Relation) -> None:
        """Add a relation, or put a new value in the place of the old one."""
        old = self.relations.get(new.ref)
        if old is None and self.default_grants is not NOTHING:
            new = with_default_grants(new, self.default_grants, self.moment)
        self.relations = self.relations.insert(new.ref, new)
        if type(new) is Table:
            self._note_table(old if type(old) is Table else None, new)
            return
        if type(old) is Index and type(new) is Index and self.alike is not NOTHING:
            self.alike = with_changed_index(self.alike, old, new)
        wanted = needs.relation_needs(new, self)
        if old is not None:
            self.links.forget(new.ref, needs.relation_needs(old, self) - wanted)
        self.links.depend(new.ref, wanted)

    def take(self, ref: Ref) -> Relation | None:
        """Take a relation out, and nothing else; what depended on it is still listed."""
        relation = self.relations.get(ref)
        if relation is None:
            return None
        self.relations = self.relations.remove(ref)
        self.numbered = NOTHING
        self.links.forget(ref, needs.relation_needs(relation, self))
        if type(relation) is Index:
            self.alike = without_index(self.alike, relation)
        if isinstance(relation, Table):
            self._count_constraints(ref.schema, [one.name for one in relation.constraints], -1)
            self.table_grants = grants_counted(self.table_grants, relation, None)
        return relation

    def _note_table(self, old: Table | None, new: Table) -> None:
        ref = new.ref
        self.table_grants = grants_counted(self.table_grants, old, new)
        for index in map(self.index, unlisted(old, new)):
            self.alike = with_index(self.alike, index)
        if new.partition_of is not None and new.bound is not None and new.bound.default:
            self.default_partitions = self.default_partitions.insert(new.partition_of, ref)
        if old is None:
            self.links.depend(ref, needs.relation_needs(new, self))
            self._count_constraints(ref.schema, [one.name for one in new.constraints], 1)
            return
        added, removed = parts_changed(old, new)
        wanted = {need for part in added for need in needs.part_needs(part, self)}
        if wanted:
            self.links.depend(ref, wanted)
        if removed and (lost := {need for part in removed for need in needs.part_needs(part, self)} - wanted):
            self.links.forget(ref, needs.no_longer_needed(lost, new, self))
        if old.of_type != new.of_type and new.of_type is not None:
            self.links.depend(ref, (new.of_type,))
        if old.constraints is not new.constraints:
            gone = [part.name for part in removed if type(part) is Constraint]
            made = [part.name for part in added if type(part) is Constraint]
            if gone != made:
                self._count_constraints(ref.schema, made, 1)
                self._count_constraints(ref.schema, gone, -1)

    def _count_constraints(self, schema: str, names: Iterable[str], step: int) -> None:
        for one in names:
            name = Ref(schema, one)
            self.constraint_names = counted(self.constraint_names, name, step)
            if step < 0 and name not in self.constraint_names:
                self.numbered = NOTHING

    def names_constraint(self, ref: Ref) -> bool:
        """Whether a constraint in the schema has this name, which a generated name then avoids."""
        return ref in self.reserved or ref in self.constraint_names

    def names_more(self, ref: Ref, but: object) -> bool:
        """Whether objects of another kind than those of the map `but` have this name."""
        return any(ref in of for of in (self.relations, self.types, self.functions) if of is not but)

    def put_type(self, new: Type) -> None:
        old = self.types.get(new.ref)
        self.types = self.types.insert(new.ref, new)
        if isinstance(new, EnumType):
            return
        wanted, lost = needs.type_change(old, new, self)
        self.links.forget(new.ref, lost)
        self.links.depend(new.ref, wanted)

    def take_type(self, ref: Ref) -> Type | None:
        item = self.types.get(ref)
        if item is not None:
            self.types = self.types.remove(ref)
            self.links.forget(ref, needs.type_needs(item, self))
        return item

    def put_functions(self, ref: Ref, overloads: tuple[Function, ...]) -> None:
        """Set all overloads of a name; none takes the name out."""
        before = self.functions.get(ref, ())
        self.temporary = self.temporary or ref.schema == TEMPORARY_SCHEMA
        if overloads:
            self.functions = self.functions.insert(ref, overloads)
        elif before:
            self.functions = self.functions.remove(ref)
        gone, made = different(before, overloads)
        if lost := self._function_needs(gone):
            self.links.forget(ref, needs.still_lost(lost, (needs.function_needs(one, self) for one in overloads)))
        self.links.depend(ref, self._function_needs(made))

    def _function_needs(self, overloads: Iterable[Function]) -> set[Ref]:
        return {need for overload in overloads for need in needs.function_needs(overload, self)}

    def put_publication(self, publication: Publication) -> None:
        self.publications = self.publications.insert(publication.name, publication)
