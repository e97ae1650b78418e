"""A database backend for Django that connects to nothing: PostgreSQL's own, with what it would send written down."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.introspection import DatabaseIntrospection
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.backends.postgresql.psycopg_any import sql as psycopg_sql
from django.db.backends.postgresql.schema import DatabaseSchemaEditor

from migrasafe.migrations.django.runner.constraints import Catalog, constraints_of, sequences_of
from migrasafe.migrations.django.runner.journal import JOURNAL

_NEWEST = 180000
"""The version that is pretended: for an older one Django leaves out what it could not do, without a word."""
_READS = re.compile(r"(?is)^\s*(?:/\*.*?\*/\s*)*(?:SELECT|SHOW|FETCH|DECLARE|EXPLAIN|TABLE|VALUES)\b")
_RETURNING = re.compile(r"(?i)\bRETURNING\b(?P<columns>[^;]*)$")
_LONGEST_VALUE = 200
_CATALOG = Catalog(JOURNAL)


def composed(statement: Any, parameters: Any) -> str:
    """The statement with its parameters as literals."""
    text = str(statement)
    if parameters is None:
        return text
    if isinstance(parameters, Mapping):
        return text % {name: _literal(value) for name, value in parameters.items()}
    return text % tuple(_literal(value) for value in parameters)


def _literal(value: Any) -> str:
    try:
        text: str = psycopg_sql.quote(value, None)
    except Exception:  # a type that only a live connection could adapt
        text = psycopg_sql.quote(str(value)[:_LONGEST_VALUE], None)
    return text


class Cursor:
    """Writes down what changes something, and answers questions as if there were no rows."""

    description: Sequence[Any] = ()
    rowcount = 0
    lastrowid = None

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []

    def __enter__(self) -> Cursor:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self.fetchall())

    def execute(self, statement: Any, parameters: Any = None) -> Cursor:
        text = composed(statement, parameters)
        self._rows = []
        if _READS.match(text):
            JOURNAL.reads += 1
            return self
        JOURNAL.send_rows(str(statement), text)
        if returning := _RETURNING.search(text):
            self._rows = [(1,) * (returning["columns"].count(",") + 1)]
        return self

    def executemany(self, statement: Any, sets: Any) -> None:
        for parameters in sets:
            self.execute(statement, parameters)

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[tuple[Any, ...]]:
        return self.fetchall()

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows, []
        return rows

    def close(self) -> None:
        pass


class Introspection(DatabaseIntrospection):  # type: ignore[misc]  # Django has no types
    """Answers what there is from the migrations that ran before."""

    def get_constraints(self, cursor: Any, table_name: str) -> dict[str, dict[str, Any]]:
        return constraints_of(_CATALOG.schema(), table_name)

    def get_sequences(self, cursor: Any, table_name: str, table_fields: Any = ()) -> list[dict[str, str]]:
        return sequences_of(_CATALOG.schema(), table_name)


class Operations(DatabaseOperations):  # type: ignore[misc]  # Django has no types
    def compose_sql(self, statement: Any, parameters: Any) -> str:
        return composed(statement, parameters)


class _Deferred(list[Any]):
    """Statements for the end of the migration, each with the line of the operation that asked for it."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[int, int] = {}

    def append(self, statement: Any) -> None:
        self.lines[id(statement)] = JOURNAL.line
        super().append(statement)

    def extend(self, statements: Any) -> None:
        for statement in statements:
            self.append(statement)


class SchemaEditor(DatabaseSchemaEditor):  # type: ignore[misc]  # Django has no types
    """Writes statements down, those that Django puts off too, once the migration has ended."""

    def __init__(self, connection: Any, collect_sql: bool = False, atomic: bool = True) -> None:  # noqa: FBT001, FBT002  # Django's own signature
        super().__init__(connection, collect_sql=False, atomic=False)
        self.deferred_sql = _Deferred()

    def execute(self, statement: Any, params: Any = ()) -> None:
        if statement is not None:
            JOURNAL.send(composed(statement, params))

    def run_deferred(self) -> None:
        """What `with schema_editor` does at its end."""
        for statement in list(self.deferred_sql):
            JOURNAL.send(str(statement), line=self.deferred_sql.lines.get(id(statement)))
        self.deferred_sql.clear()


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]  # Django has no types
    """Always connected, to nothing."""

    SchemaEditorClass = SchemaEditor
    introspection_class = Introspection
    ops_class = Operations
    pg_version = _NEWEST

    def ensure_connection(self) -> None:
        pass

    def cursor(self, *_: object, **__: object) -> Any:
        return Cursor()

    chunked_cursor = cursor

    def get_database_version(self) -> tuple[int, int]:
        return _NEWEST // 10000, 0

    def is_usable(self) -> bool:
        return True

    def check_constraints(self, table_names: Any = None) -> None:
        pass

    def _set_autocommit(self, autocommit: Any) -> None:
        pass

    def _commit(self) -> None:
        pass

    def _rollback(self) -> None:
        pass

    def _savepoint(self, sid: Any) -> None:
        pass

    _savepoint_commit = _savepoint
    _savepoint_rollback = _savepoint
