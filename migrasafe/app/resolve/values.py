"""What resolving a query against a schema gives: what it uses, what it writes, what PostgreSQL would refuse."""

from __future__ import annotations

from enum import Enum
from typing import Any

from msgspec import Struct

from migrasafe.app.usage import Action, Certainty, ObjectKind
from migrasafe.schema.model import ColumnRef, Ref
from migrasafe.sql.statements import Node, TypeName


class Use(Struct, frozen=True, kw_only=True):
    """The query does this to that object, at this character of its SQL."""

    action: Action
    kind: ObjectKind
    object: Ref | None
    """The relation of a table, view, column, constraint or index; the type of an enum value; else the thing itself.
    None for a column of which the query does not tell whose it is."""
    name: str | None = None
    """Of a column, constraint, index or enum value. For an index that ON CONFLICT infers: its columns, `a, b`."""
    offset: int = 0
    certainty: Certainty = Certainty.CERTAIN
    by_star: bool = False
    """Through `*` or a whole row: it goes on without this column, with one column fewer."""
    through: Ref | None = None
    """The view or function through which the query reaches it."""
    note: str = ""
    """Why it is not certain; for UNKNOWN, what is not known, as PostgreSQL would say it."""


class Problem(Struct, frozen=True, kw_only=True):
    """What PostgreSQL would refuse, in its words."""

    sqlstate: str
    message: str
    offset: int = 0
    certain: bool = True
    """False where the schema may only not know the thing: it did not see everything being made."""
    object: Ref | None = None
    name: str | None = None
    through: Ref | None = None
    """The function or trigger's function in whose body it is."""
    detail: str = ""
    """What tells it from others where the words do not: they can hold a name that a migration changes."""

    by: Ref | None = None
    """The table whose foreign key refers to `object`."""
    of_parameter: bool = False
    """A parameter is used as two types: no harm where the driver puts values into the text."""

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for what is the same trouble on two schemas: a constraint remains the same where its table is renamed, and
        a view takes its place."""
        if self.sqlstate.startswith("23") and not self.certain:
            return (self.sqlstate, self.detail or self.name, self.offset)
        return (self.sqlstate, self.object, self.detail or self.message, self.offset, self.certain)


class Mentioned(Struct, frozen=True, kw_only=True):
    """A place at which the query itself names something, every one of them."""

    offset: int
    object: Ref
    column: str | None = None
    label: str | None = None
    """Of the enum `object`."""


class Output(Struct, frozen=True, kw_only=True):
    """A column of the result."""

    name: str
    type: TypeName | None = None
    column: ColumnRef | None = None
    """The column of a table that it shows unchanged."""


class How(Enum):
    """How an INSERT says which columns it fills."""

    NAMED = "named"
    POSITIONAL = "positional"
    DEFAULT_VALUES = "default values"


class Insertion(Struct, frozen=True, kw_only=True):
    """One INSERT, or the INSERT of a MERGE."""

    relation: Ref
    how: How
    columns: tuple[str, ...]
    """Those that get a value, in the order of the values."""
    width: int | None
    """How many values a row has; None where a `*` over something unknown hides it."""
    offset: int
    do_nothing: bool = False
    """ON CONFLICT DO NOTHING without a target: no unique key can make it fail."""
    conflict_columns: tuple[str, ...] | None = None
    """The plain columns of ON CONFLICT (…), in the order of their names."""
    overriding: str = ""
    """`system` | `user`."""
    through: Ref | None = None


class Written(Struct, frozen=True, kw_only=True):
    """A value for a column: the expression that an INSERT or UPDATE gives it."""

    relation: Ref
    column: str
    value: Node
    """`{}` where it comes from a query."""
    type: TypeName | None
    action: Action
    offset: int
    of_tables: bool = False
    """The columns in the expression are those of tables, as they are there."""


class Passed(Struct, frozen=True, kw_only=True):
    """A column that goes into a function of PostgreSQL, or a cast, as it is."""

    column: ColumnRef
    to: str
    """`lower(…)`, `a cast to integer`."""
    offset: int


class Resolution(Struct, frozen=True, kw_only=True):
    """Everything about one query on one schema."""

    command: str
    """`SELECT`, `INSERT`, `UPDATE`, `DELETE`, `MERGE`, `CALL`, `COPY`, `TRUNCATE`, `LOCK` … or the parser's node name."""
    uses: tuple[Use, ...] = ()
    problems: tuple[Problem, ...] = ()
    outputs: tuple[Output, ...] | None = ()
    """None where a `*` over something unknown hides them."""
    star: bool = False
    """A `*` or whole row is among what the client receives."""
    insertions: tuple[Insertion, ...] = ()
    writes: tuple[Written, ...] = ()
    mentions: tuple[Mentioned, ...] = ()
    passed: tuple[Passed, ...] = ()
    opaque: str = ""
    """Why it could not be read, or what in it we do not know; empty if all is known."""

    @property
    def relations(self) -> frozenset[Ref]:
        """The tables and views it names itself and that the schema knows."""
        kinds = (ObjectKind.TABLE, ObjectKind.VIEW)
        return frozenset(use.object for use in self.uses if use.kind in kinds and use.object and use.through is None)
