"""A model of an ORM: the table, and for each column what the ORM does with it."""

from __future__ import annotations

from msgspec import Struct

from migrasafe.app.model import Unread
from migrasafe.app.usage import SourceLocation


class ModelColumn(Struct, frozen=True, kw_only=True):
    """One column that the ORM reads in every SELECT."""

    name: str
    location: SourceLocation
    attribute: str = ""
    """What the program calls it."""
    nullable: bool = True
    """As the model says it, which need not be what the database says."""
    primary_key: bool = False
    program_default: bool = False
    """The ORM fills it in when the program does not, so that every INSERT names it."""
    database_default: bool = False
    """The model leaves it to the database, so that an INSERT of which the program says nothing does not name it."""
    always_given: bool = False
    """Every construction of the model in the app gives it a value."""
    generated: bool = False
    """Never written: GENERATED, or read-only."""
    labels: tuple[str, ...] | None = None
    """The values of an enum beyond which the ORM fails to read a row."""
    type: str | None = None
    """The type as SQL, where the ORM fails to read any other."""
    parameter_type: str | None = None
    """The type, as SQL, to which the ORM casts what it writes."""
    deferred: bool = False
    """Read on its own, when the program asks for it."""


class Model(Struct, frozen=True, kw_only=True):
    name: str
    """As the program names it."""
    table: str
    schema: str | None = None
    columns: tuple[ModelColumn, ...] = ()
    location: SourceLocation
    unset_is_null: bool = True
    """An INSERT names the nullable columns too that the program does not set, and writes NULL."""
    names_defaults: bool = False
    """An INSERT names the columns that are left to the database too, and writes DEFAULT; except for the key."""
    null_fails: bool = False
    """Reading NULL from a column that the model says is not nullable is an error."""
    is_read: bool = True
    is_written: bool = True
    is_inserted: bool = True
    is_updated: bool = True
    reads_after_insert: bool = False
    """INSERT … RETURNING names every column."""
    prepared: bool | None = None


class ModelsRead(Struct, frozen=True, kw_only=True):
    """The models of an app, and what looks like one and could not be read."""

    models: tuple[Model, ...] = ()
    unread: tuple[Unread, ...] = ()
