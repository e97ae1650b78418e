"""Row security, privileges, schemas and publications in words: the migration that changes them."""

from __future__ import annotations

from migrasafe.errors import InputError
from migrasafe.plan.read.names_said import column_name, said_parts, table_name
from migrasafe.schema.definitions import with_suffix
from migrasafe.schema.model import Schema
from migrasafe.sql.quote import quote_ident
from migrasafe.sql.statements import Name


def row_security(table: str, condition: str) -> str:
    name = table_name(table)
    policy = quote_ident(with_suffix(said_parts(table)[-1], "_rows"))
    return f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;\nCREATE POLICY {policy} ON {name} USING ({condition})"


def no_row_security(table: str) -> str:
    return f"ALTER TABLE {table_name(table)} DISABLE ROW LEVEL SECURITY"


def policy(schema: Schema, said: str, condition: str) -> str:
    """Another condition of a policy that is there, or a new policy."""
    table, name = column_name(said)
    parts = said_parts(said)[:-1]
    known = schema.table(schema.resolve(*Name(parts[0] if len(parts) > 1 else None, parts[-1])))
    there = known is not None and any(quote_ident(one.name) == name for one in known.policies)
    return f"{'ALTER' if there else 'CREATE'} POLICY {name} ON {table} USING ({condition})"


def drop_policy(said: str) -> str:
    table, name = column_name(said)
    return f"DROP POLICY {name} ON {table}"


def grant(privileges: str, table: str, roles: str) -> str:
    return f"GRANT {privileges} ON {table_name(table)} TO {roles}"


def revoke(privileges: str, table: str, roles: str) -> str:
    return f"REVOKE {privileges} ON {table_name(table)} FROM {roles}"


def move(table: str, schema: str) -> str:
    return f"ALTER TABLE {table_name(table)} SET SCHEMA {quote_ident(schema)}"


def owner(table: str, role: str) -> str:
    return f"ALTER TABLE {table_name(table)} OWNER TO {quote_ident(role)}"


def publish(publication: str, table: str) -> str:
    return f"ALTER PUBLICATION {quote_ident(publication)} ADD TABLE {table_name(table)}"


def unpublish(publication: str, table: str) -> str:
    return f"ALTER PUBLICATION {quote_ident(publication)} DROP TABLE {table_name(table)}"


def replica_identity(table: str, identity: str) -> str:
    if identity.lower() in ("default", "full", "nothing"):
        return f"ALTER TABLE {table_name(table)} REPLICA IDENTITY {identity.upper()}"
    return f"ALTER TABLE {table_name(table)} REPLICA IDENTITY USING INDEX {table_name(identity)}"


def set_parameters(table: str, parameters: str) -> str:
    if "=" not in parameters:
        raise InputError(f"{parameters} is said so: fillfactor=70, with commas between several")
    return f"ALTER TABLE {table_name(table)} SET ({parameters})"


def rewrite(table: str, how: str) -> str:
    """`logged`, `unlogged`, `full`, `tablespace NAME`, `access method NAME`, `by INDEX`."""
    name, words = table_name(table), how.split()
    match [word.lower() for word in words[:2]]:
        case ["logged"] | ["unlogged"]:
            return f"ALTER TABLE {name} SET {how.upper()}"
        case ["tablespace", _] if len(words) == 2:
            return f"ALTER TABLE {name} SET TABLESPACE {words[1]}"
        case ["access", "method"] if len(words) == 3:
            return f"ALTER TABLE {name} SET ACCESS METHOD {words[2]}"
        case ["by", _] if len(words) == 2:
            return f"CLUSTER {name} USING {words[1]}"
        case ["full"]:
            return f"VACUUM FULL {name}"
    raise InputError(f"{how} is said so: logged, unlogged, full, tablespace NAME, access method NAME, or by INDEX")
