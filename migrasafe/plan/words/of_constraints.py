"""What is replaced under its own name, in words: the migration that drops it and adds it again."""

from __future__ import annotations

from migrasafe.errors import InputError
from migrasafe.plan.read.names_said import column_name, said_parts, table_name
from migrasafe.schema.definitions import name_of, names
from migrasafe.schema.model import Constraint, Schema, Table
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import ConstraintKind


def replace_check(schema: Schema, said: str, condition: str) -> str:
    table, old = _constraint(schema, said, ConstraintKind.CHECK)
    return _again(table, old, f"CHECK ({condition})")


def replace_foreign_key(schema: Schema, said: str, actions: str) -> str:
    table, old = _constraint(schema, said, ConstraintKind.FOREIGN_KEY)
    if old.target is None:
        raise InputError(f"the table that {said} refers to is not known")
    target = f"{name_of(old.target)} ({names(old.target_columns)})" if old.target_columns else name_of(old.target)
    return _again(table, old, f"FOREIGN KEY ({names(old.columns)}) REFERENCES {target} {actions}")


def replace_unique(schema: Schema, said: str, columns: str) -> str:
    """By one over other columns; by a unique index of its name where it is said as `(COLUMN, …) WHERE …`."""
    table, old = _constraint(schema, said, ConstraintKind.UNIQUE)
    if columns.lstrip().startswith("("):
        on = name_of(table.ref)
        made = f"CREATE UNIQUE INDEX {quote_ident(old.name)} ON {on} {columns}"
        return f"ALTER TABLE {on} DROP CONSTRAINT {quote_ident(old.name)};\n{made}"
    return _again(table, old, f"UNIQUE ({columns})")


def replace_primary_key(schema: Schema, said: str, columns: str) -> str:
    table = _table(schema, said_parts(said), said)
    if table.primary_key is None:
        raise InputError(f"{table.ref} has no primary key: `primary-key {said}.COLUMN` adds one")
    return _again(table, table.primary_key, f"PRIMARY KEY ({columns})")


def replace_index(schema: Schema, said: str, definition: str) -> str:
    parts = said_parts(said)
    index = schema.index(schema.resolve(parts[-2] if len(parts) > 1 else None, parts[-1]))
    if index is None:
        raise InputError(f"the schema has no index {said}")
    unique = "UNIQUE " if index.unique else ""
    name = quote_ident(index.ref.name)
    return f"DROP INDEX {name_of(index.ref)};\nCREATE {unique}INDEX {name} ON {name_of(index.table)} {definition}"


def exclude(said: str, elements: str) -> str:
    """`exclude bookings "room WITH =, during WITH &&"`."""
    return f"ALTER TABLE {table_name(said)} ADD EXCLUDE USING gist ({elements})"


def replace_exclusion(schema: Schema, said: str, elements: str) -> str:
    """`replace-exclude bookings.no_overlap "room WITH =, during WITH &&"`."""
    table, old = _constraint(schema, said, ConstraintKind.EXCLUDE)
    return _again(table, old, f"EXCLUDE USING gist ({elements})")


_WHEN = {"deferred": "DEFERRABLE INITIALLY DEFERRED", "immediate": "DEFERRABLE", "never": "NOT DEFERRABLE"}


def defer(schema: Schema, said: str, when: str) -> str:
    """A foreign key is altered; a key is dropped and made again over the same columns."""
    table, constraint = column_name(said)
    if when not in _WHEN:
        raise InputError(f"`defer {said} {when}`: say deferred, immediate or never")
    parts = said_parts(said)
    known = schema.table(schema.resolve(parts[0] if len(parts) == 3 else None, parts[-2]))
    old = known.constraint(parts[-1]) if known is not None else None
    if known is not None and old is not None and old.kind in (ConstraintKind.UNIQUE, ConstraintKind.PRIMARY_KEY):
        return _again(known, old, f"{old.kind.value} ({names(old.columns)}) {_WHEN[when]}")
    return f"ALTER TABLE {table} ALTER CONSTRAINT {constraint} {_WHEN[when]}"


def _again(table: Table, old: Constraint, body: str) -> str:
    name = quote_ident(old.name)
    return f"ALTER TABLE {name_of(table.ref)} DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {body}"


def _constraint(schema: Schema, said: str, kind: ConstraintKind) -> tuple[Table, Constraint]:
    parts = said_parts(said)
    if len(parts) not in (2, 3):
        raise InputError(f"{said} is not a constraint: say TABLE.CONSTRAINT")
    table = _table(schema, parts[:-1], said)
    of_kind = [one for one in table.constraints if one.kind is kind]
    for one in of_kind:
        if one.name == parts[-1]:
            return table, one
    known = ", ".join(one.name for one in of_kind) or "none"
    raise InputError(f"{table.ref} has no {kind.value} constraint {parts[-1]}: it has {known}")


def _table(schema: Schema, parts: tuple[str, ...], said: str) -> Table:
    table = schema.table(schema.resolve(parts[-2] if len(parts) > 1 else None, parts[-1]))
    if table is None:
        raise InputError(f"{said}: the schema has no table {'.'.join(parts)}")
    return table
