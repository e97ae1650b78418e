"""Views, functions, triggers and domains in words: the migration that makes, replaces or drops them."""

from __future__ import annotations

from migrasafe.errors import InputError
from migrasafe.plan.read.names_said import said_parts
from migrasafe.schema.definitions import create_index, name_of
from migrasafe.schema.model import RelationKind, Schema, View
from migrasafe.sql.quote import quote_ident, quote_name
from migrasafe.sql.statements import Name


def view(schema: Schema, said: str, query: str) -> str:
    name, old = _view(schema, said)
    kind = "VIEW"
    if old is not None and old.kind is RelationKind.MATERIALIZED_VIEW:
        kind = "MATERIALIZED VIEW"
    drop = f"DROP {kind} {name};\n" if old is not None else ""
    indexes = [create_index(one).replace(" CONCURRENTLY", "", 1) for one in schema.indexes_of(old)] if old else []
    return ";\n".join([f"{drop}CREATE {kind} {name} AS {query}", *indexes])


def drop_view(schema: Schema, said: str) -> str:
    name, old = _view(schema, said)
    if old is None:
        raise InputError(f"the schema has no view {said}")
    return f"DROP {old.kind.value.upper()} {name}"


def _view(schema: Schema, said: str) -> tuple[str, View | None]:
    name = _name(said)
    old = schema.view(schema.resolve(*name))
    return name_of(old.ref) if old is not None else quote_name(name), old


def function(definition: str) -> str:
    return f"CREATE OR REPLACE FUNCTION {definition}"


def drop_function(said: str) -> str:
    return f"DROP FUNCTION {said}"


def rename_function(said: str, new: str) -> str:
    return f"ALTER FUNCTION {said} RENAME TO {quote_ident(said_parts(new)[-1])}"


def domain_default(said: str, value: str) -> str:
    return f"ALTER DOMAIN {quote_name(_name(said))} SET DEFAULT {value}"


def domain_not_null(said: str) -> str:
    return f"ALTER DOMAIN {quote_name(_name(said))} SET NOT NULL"


def trigger(said: str, events: str, action: str) -> str:
    table, name = _part(said, "TABLE.TRIGGER")
    return f"CREATE TRIGGER {name} {events} ON {table} {action}"


def drop_trigger(said: str) -> str:
    table, name = _part(said, "TABLE.TRIGGER")
    return f"DROP TRIGGER {name} ON {table}"


def enable_trigger(said: str) -> str:
    table, name = _part(said, "TABLE.TRIGGER")
    return f"ALTER TABLE {table} ENABLE TRIGGER {name}"


def disable_trigger(said: str) -> str:
    table, name = _part(said, "TABLE.TRIGGER")
    return f"ALTER TABLE {table} DISABLE TRIGGER {name}"


def domain_check(said: str, condition: str) -> str:
    return f"ALTER DOMAIN {quote_name(_name(said))} ADD CHECK ({condition})"


def replace_domain_check(said: str, condition: str) -> str:
    domain, name = _part(said, "DOMAIN.CONSTRAINT")
    alter = f"ALTER DOMAIN {domain}"
    return f"{alter} DROP CONSTRAINT {name};\n{alter} ADD CONSTRAINT {name} CHECK ({condition})"


def drop_domain_check(said: str) -> str:
    domain, name = _part(said, "DOMAIN.CONSTRAINT")
    return f"ALTER DOMAIN {domain} DROP CONSTRAINT {name}"


def _part(said: str, usage: str) -> tuple[str, str]:
    parts = said_parts(said)
    if len(parts) not in (2, 3):
        raise InputError(f"{said} is said so: {usage}, with the schema before it where it is not on the search path")
    return quote_name(Name(parts[0] if len(parts) == 3 else None, parts[-2])), quote_ident(parts[-1])


def _name(said: str) -> Name:
    parts = said_parts(said)
    if len(parts) > 2:
        raise InputError(f"{said} is not a name: say NAME or SCHEMA.NAME")
    return Name(parts[0] if len(parts) == 2 else None, parts[-1])
