"""One walk over one query: the schema that names are looked up in, and what was found on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.app.resolve.namespace import Col, Names
from migrasafe.app.resolve.values import Insertion, Mentioned, Passed, Problem, Use, Written
from migrasafe.app.usage import Action, Certainty, ObjectKind
from migrasafe.schema.model import ColumnRef, Domain, Function, Ref, Relation, Schema, Sequence, Table, View
from migrasafe.sql.statements import TypeName

Fields = Mapping[str, Any]

_SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema", "pg_toast"})
_SEQUENCE_COLUMNS = ("last_value", "log_cnt", "is_called")


class Ever(Struct, frozen=True, kw_only=True):
    """What a history had at any moment: that such a thing is missing now is certain, though the schema is incomplete."""

    relations: frozenset[Ref] = frozenset()
    columns: frozenset[ColumnRef] = frozenset()
    functions: frozenset[Ref] = frozenset()
    types: frozenset[Ref] = frozenset()


class Columns(Struct, frozen=True, kw_only=True):
    """The columns that a query or relation shows."""

    columns: tuple[Col, ...] = ()
    complete: bool = True


class Found(Struct, frozen=True, kw_only=True):
    """A relation that a name means."""

    ref: Ref
    relation: Relation | None
    """None: the schema does not know it."""
    system: bool = False
    """One of PostgreSQL's own."""


class Context:
    """Collects what a walk finds. `query` walks a statement in parentheses, `view_columns` and `into_function` look into
    a view and into a body; they are set by the one who starts the walk, because they lead back to it."""

    def __init__(self, schema: Schema, ever: Ever) -> None:
        self.schema = schema
        self.ever = ever
        self.uses: dict[tuple[object, ...], Use] = {}
        self.problems: dict[Problem, None] = {}
        self.insertions: list[Insertion] = []
        self.writes: list[Written] = []
        self.opaque: dict[str, None] = {}
        self.mentions: list[Mentioned] = []
        self.passed: dict[Passed, None] = {}
        self.stars = 0
        self.query: Callable[[Fields, Names], Columns]
        self.view_columns: Callable[[View], tuple[Col, ...] | None] = lambda view: None
        self.into_function: Callable[[Function, int], None] = lambda function, offset: None
        self.through: Ref | None = None
        self.sure = True
        """False inside a body in which a name can be a variable's."""
        self.may_run = False
        """Inside a branch of a body, which decides whether what stands there runs at all."""
        self._fixed_offset: int | None = None
        self._parameters: dict[int, TypeName] = {}

    # --- what was found ---

    def use(
        self,
        action: Action,
        kind: ObjectKind,
        ref: Ref | None,
        name: str | None = None,
        *,
        offset: int = 0,
        certainty: Certainty = Certainty.CERTAIN,
        by_star: bool = False,
        note: str = "",
    ) -> None:
        """Notes a use; of equal ones the first, and the one by name before the one by `*`."""
        if ref is not None and not by_star and self.through is None:
            self._mention(kind, ref, name, offset)
        key = (action, kind, ref, name, self.through)
        known = self.uses.get(key)
        if known is not None and (by_star or not known.by_star):
            return
        self.uses[key] = Use(
            action=action,
            kind=kind,
            object=ref,
            name=name,
            offset=self.at(offset),
            certainty=certainty,
            by_star=by_star,
            through=self.through,
            note=note,
        )

    def _mention(self, kind: ObjectKind, ref: Ref, name: str | None, offset: int) -> None:
        if kind is ObjectKind.COLUMN:
            self.mentions.append(Mentioned(offset=offset, object=ref, column=name))
        elif kind in (ObjectKind.TABLE, ObjectKind.VIEW):
            self.mentions.append(Mentioned(offset=offset, object=ref))
        elif kind is ObjectKind.ENUM_VALUE:
            self.mentions.append(Mentioned(offset=offset, object=ref, label=name))

    def reads(self, column: Col, offset: int, *, by_star: bool = False, note: str = "") -> None:
        """Notes that a column is read."""
        for ref in column.reads:
            self.use(
                Action.READS, ObjectKind.COLUMN, ref.relation, ref.column, offset=offset, by_star=by_star, note=note
            )

    def problem(
        self,
        sqlstate: str,
        message: str,
        offset: int,
        *,
        certain: bool = True,
        ref: Ref | None = None,
        name: str | None = None,
        of_parameter: bool = False,
    ) -> None:
        found = Problem(
            sqlstate=sqlstate,
            message=message,
            offset=self.at(offset),
            certain=certain and not self.may_run,
            object=ref,
            name=name,
            through=self.through,
            of_parameter=of_parameter,
        )
        self.problems[found] = None

    def type_of_parameter(self, number: int, wanted: TypeName) -> TypeName | None:
        """The type of a parameter: the first one that is asked of it. None in a body, whose parameters are its own."""
        if self.through is not None:
            return None
        return self._parameters.setdefault(number, wanted)

    def passes(self, column: ColumnRef | None, to: str, offset: int) -> None:
        """Notes that a column goes into something of which only the server knows which types it takes."""
        if column is not None:
            self.passed[Passed(column=column, to=to, offset=self.at(offset))] = None

    def at(self, offset: int) -> int:
        return offset if self._fixed_offset is None else self._fixed_offset

    @contextmanager
    def inside(self, ref: Ref, offset: int) -> Iterator[None]:
        """What is found meanwhile is used through the view or function `ref`, which the query names at `offset`."""
        before = (self.through, self._fixed_offset)
        self.through, self._fixed_offset = self.through or ref, self.at(offset)
        try:
            yield
        finally:
            self.through, self._fixed_offset = before

    # --- what names mean ---

    def relation(self, schema: str | None, name: str) -> Found:
        """The relation that a name in FROM means. PostgreSQL looks into its own catalog first."""
        ref = self.schema.resolve(schema, name)
        relation = self.schema.relation(ref)
        unknown_system = relation is None and schema is None and name.startswith("pg_")
        return Found(ref=ref, relation=relation, system=schema in _SYSTEM_SCHEMAS or unknown_system)

    def is_missing(self, schema: str | None, ref: Ref) -> bool:
        """Whether a relation that the schema does not have is certainly not there."""
        if self.schema.complete or ref in self.ever.relations:
            return True
        paths = () if schema is not None else self.schema.search_path
        return any(Ref(path, ref.name) in self.ever.relations for path in paths)

    def columns_of(self, found: Found) -> Columns:
        """The columns of a relation, as naming them in a query reads them."""
        relation, ref = found.relation, found.ref
        match relation:
            case Table():
                columns = tuple(
                    Col(
                        name=one.name, type=one.type, reads=(ColumnRef(ref, one.name),), origin=ColumnRef(ref, one.name)
                    )
                    for one in relation.columns
                )
                return Columns(columns=columns, complete=relation.complete)
            case View():
                return Columns(columns=self._of_view(relation), complete=relation.complete)
            case Sequence():
                return Columns(columns=tuple(Col(name=name) for name in _SEQUENCE_COLUMNS))
        return Columns(complete=False)

    def kind_of(self, relation: Relation) -> ObjectKind:
        match relation:
            case View():
                return ObjectKind.VIEW
            case Sequence():
                return ObjectKind.SEQUENCE
        return ObjectKind.TABLE

    def look_through(self, relation: Relation | None, offset: int) -> None:
        """Notes what a view reads, and the views below it: what the catalog says, which follows renames."""
        pending, seen = [relation], set()
        with self.inside(relation.ref, offset) if isinstance(relation, View) else nullcontext():
            while pending:
                view = pending.pop()
                if not isinstance(view, View) or view.ref in seen:
                    continue
                seen.add(view.ref)
                for read in view.reads:
                    kind = ObjectKind.TABLE if read.column is None else ObjectKind.COLUMN
                    self.use(Action.READS, kind, read.relation, read.column, offset=offset)
                    pending.append(self.schema.relation(read.relation))

    def _of_view(self, view: View) -> tuple[Col, ...]:
        inside = self.view_columns(view) or ()
        known = {column.name: column for column in inside} if len(inside) == len(view.columns) else {}
        return tuple(
            Col(
                name=name,
                type=known[name].type if name in known else None,
                reads=(ColumnRef(view.ref, name),),
                origin=known[name].origin if name in known else None,
            )
            for name in view.columns
        )

    def functions(self, schema: str | None, name: str) -> tuple[Ref, tuple[Function, ...]]:
        ref = self.schema.resolve_function(schema, name)
        return ref, self.schema.functions.get(ref) or ()

    def had_function(self, schema: str | None, ref: Ref) -> bool:
        """Whether the history ever had the function."""
        paths = (ref.schema,) if schema is not None else (ref.schema, *self.schema.search_path)
        return any(Ref(path, ref.name) in self.ever.functions for path in paths)

    def base_type(self, of: TypeName | None) -> TypeName | None:
        return base_type(self.schema, of)

    def fields_of(self, type_name: TypeName | None) -> tuple[Ref, Columns] | None:
        """The fields of a row type: of a composite type, or of the rows of a table or view."""
        if type_name is None or type_name.array:
            return None
        ref = self.schema.resolve_type(type_name.schema, type_name.name)
        composite = self.schema.types.get(ref)
        attributes = getattr(composite, "attributes", None)
        if attributes is not None:
            columns = tuple(Col(name=one.name, type=one.type, reads=(ColumnRef(ref, one.name),)) for one in attributes)
            return ref, Columns(columns=columns)
        found = self.relation(type_name.schema, type_name.name)
        if isinstance(found.relation, (Table, View)):
            return found.ref, self.columns_of(found)
        return None


def base_type(schema: Schema, of: TypeName | None) -> TypeName | None:
    """The type below a domain, spelled with its schema where it is not PostgreSQL's own."""
    for _ in range(10):  # as deep as anybody goes; a broken history may have a cycle
        if of is None or of.column_of:
            return None
        found = schema.types.get(schema.resolve_type(of.schema, of.name))
        if not isinstance(found, Domain) or of.array:
            return of if found is None else replace(of, schema=found.ref.schema)
        of = found.type
    return None
