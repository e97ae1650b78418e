"""What one line of an app needs of the schema, and where that line is."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


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
