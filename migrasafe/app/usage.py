"""What one line of an app needs of the schema, and where that line is."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from msgspec import Struct

from migrasafe.schema.model import Ref


class SourceLocation(NamedTuple):
    """A place in the app's source. Line and column count from 1, columns in characters."""

    path: str
    """As a person would name it: relative to the working folder, or to the root of the git tree."""
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class Action(Enum):
    """What the app does to an object."""

    READS = "reads"
    WRITES = "writes"
    """UPDATE … SET, ON CONFLICT DO UPDATE SET, MERGE … UPDATE."""
    INSERTS = "inserts into"
    DELETES = "deletes from"
    DEPENDS = "depends on"
    """Names it without reading rows: a constraint in ON CONFLICT, a function that is called, a type in a cast."""


class ObjectKind(Enum):
    TABLE = "table"
    VIEW = "view"
    COLUMN = "column"
    CONSTRAINT = "constraint"
    INDEX = "index"
    """A unique index that ON CONFLICT (columns) infers."""
    ENUM_VALUE = "enum value"
    FUNCTION = "function"
    TYPE = "type"
    SEQUENCE = "sequence"


class Certainty(Enum):
    CERTAIN = "certain"
    UNCERTAIN = "uncertain"
    """Two readings of the query differ, or a part of it is only known at run time."""
    UNKNOWN = "unknown"
    """The query names something that the schema does not have, or whose columns the schema does not know."""


class Usage(Struct, frozen=True, kw_only=True):
    """This line does this to that object."""

    action: Action
    kind: ObjectKind
    object: Ref | None
    """The relation of a table, view, column, constraint or index; the type of an enum value; else the thing itself.
    None for a column of which the query does not tell whose it is."""
    name: str | None = None
    """Of a column, constraint, index or enum value. For an index that ON CONFLICT infers: its columns, `a, b`."""
    location: SourceLocation
    certainty: Certainty = Certainty.CERTAIN
    through: Ref | None = None
    """The view or function through which the query reaches it."""
    note: str = ""
    """Why it is not certain; for UNKNOWN, what is not known, as PostgreSQL would say it."""

    def __str__(self) -> str:
        what = self.name or "" if self.object is None else str(self.object)
        if self.name is not None and self.object is not None:
            what = f"{what}.{self.name}" if self.kind is ObjectKind.COLUMN else f"{self.name} of {what}"
        return f"{self.action.value} {self.kind.value} {what}"
