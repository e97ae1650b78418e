"""Words that several rules share, so that one thing is always called by one name."""

from __future__ import annotations

from msgspec.structs import replace

from migrasafe.locks import LockMode
from migrasafe.schema.evolve.generated_names import joined_columns, object_name
from migrasafe.schema.model import Constraint, Ref
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintDef, Name, References


def shown(ref: Ref) -> str:
    """A relation as people say it: without `public`."""
    return ref.name if ref.schema == "public" else str(ref)


def sql_name(ref: Ref) -> str:
    """A relation as SQL."""
    name = quote_ident(ref.name)
    return name if ref.schema == "public" else f"{quote_ident(ref.schema)}.{name}"


def who_waits(mode: LockMode) -> str:
    """`reads and writes of`, `writes to`."""
    return "reads and writes of" if mode.blocks_reads else "writes to"


def name_for(table: str, *columns: str, label: str) -> str:
    """A name for a new object in the way PostgreSQL makes them: `orders_note_check`, 63 bytes at most."""
    return object_name(table, joined_columns(columns) or None, label)


def columns_sql(columns: tuple[str, ...]) -> str:
    return ", ".join(quote_ident(column) for column in columns)


def references_sql(references: References) -> str:
    """`REFERENCES users (id) ON DELETE CASCADE`."""
    target = references.table
    written = (
        quote_ident(target.name)
        if target.schema is None
        else f"{quote_ident(target.schema)}.{quote_ident(target.name)}"
    )
    columns = f" ({columns_sql(references.columns)})" if references.columns else ""
    actions = "".join(
        f" ON {event} {action}"
        for event, action in (("DELETE", references.on_delete), ("UPDATE", references.on_update))
        if action != "NO ACTION"
    )
    return f"REFERENCES {written}{columns}{actions}"


def foreign_key_sql(key: Constraint, renamed: tuple[str, str] = ("", "")) -> str | None:
    """`FOREIGN KEY (user_id) REFERENCES users (id) DEFERRABLE`, with another name for one of its own columns; None for a
    constraint that is no foreign key."""
    if key.references is None or key.target is None:
        return None
    columns = columns_sql(tuple(renamed[1] if column == renamed[0] else column for column in key.columns))
    target = replace(
        key.references, table=Name(None if key.target.schema == "public" else key.target.schema, key.target.name)
    )
    match = " MATCH FULL" if key.references.match_full else ""
    deferrable = " DEFERRABLE" if key.deferrable else ""
    initially = " INITIALLY DEFERRED" if key.initially_deferred else ""
    head, _, actions = references_sql(target).partition(" ON ")
    actions = f" ON {actions}" if actions else ""
    return f"FOREIGN KEY ({columns}) {head}{match}{actions}{deferrable}{initially}"


def constraint_name(constraint: ConstraintDef, table: Ref, suffix: str) -> str:
    """The constraint's own name, or the one PostgreSQL would choose."""
    return constraint.name or name_for(table.name, *constraint.columns, label=suffix)
