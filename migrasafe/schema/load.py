"""Where a first schema comes from: a dump, or the migrations that made it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from migrasafe.migrations.model import Migration
from migrasafe.schema.evolve import after_session, evolve, with_search_path
from migrasafe.schema.evolve.session import DEFAULT_PATH
from migrasafe.schema.model import BEFORE_HISTORY, Moment, Schema
from migrasafe.sql.script import Script
from migrasafe.sql.statements import CreateTableAs


def schema_from_script(script: Script) -> Schema:
    """The schema that a script makes in an empty database, such as the output of `pg_dump --schema-only`.

    It is complete: what the script does not make does not exist. Everything in it was there before history, and the
    search path is the default again, whatever the script set for itself.
    """
    schema = Schema(complete=True)
    schema = replace(schema, schemas=schema.schemas.insert("public", BEFORE_HISTORY))
    for statement in script.statements:
        if isinstance(statement, CreateTableAs) and statement.materialized_view:
            # pg_dump leaves the rows to REFRESH commands that a dump of the schema does not have.
            statement = replace(statement, with_data=True)
        schema = evolve(schema, statement, BEFORE_HISTORY)
    return with_search_path(schema, DEFAULT_PATH)


def schema_from_history(migrations: Iterable[Migration], schema: Schema | None = None) -> Schema:
    """The schema after all of the migrations, each in a session of its own, starting from `schema` or from nothing.

    Transactions are taken to commit. An object's moment names the place of its migration and of its part in it.
    """
    current = schema if schema is not None else Schema()
    path = current.search_path
    for place, migration in enumerate(migrations):
        for part_place, part in enumerate(migration.parts):
            for number, statement in enumerate(part.script.statements):
                current = evolve(current, statement, Moment(place, part_place, number))
        current = after_session(current, path)
    return current
