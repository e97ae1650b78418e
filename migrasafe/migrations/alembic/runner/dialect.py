"""SQLAlchemy's PostgreSQL dialect with the recorder where the driver would be, with and without a server.

Both send parameters as literals, so that what is recorded is what a server would see, and both ways record the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sqlalchemy.dialects.postgresql import ranges
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.engine import Engine, create_engine
from sqlalchemy.engine.interfaces import BindTyping
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.pool import NullPool

from migrasafe.migrations.alembic.runner import pretend_driver
from migrasafe.migrations.alembic.runner.catalog import Catalog
from migrasafe.migrations.alembic.runner.empty_database import answer
from migrasafe.migrations.alembic.runner.literals import inline
from migrasafe.migrations.alembic.runner.recorder import Recorder
from migrasafe.migrations.alembic.runner.reflection import CatalogReflection

SHOWN_ROWS = 100
"""Of an executemany, whose statements are all alike."""


class _Session(Protocol):
    autocommit: bool


class RecordingDialect(PGDialect):
    """Records, then lets `cursor` execute."""

    driver = "psycopg2"
    """What most projects have; some revisions ask."""
    supports_statement_cache = True
    default_paramstyle = "pyformat"
    supports_native_decimal = True
    supports_sane_multi_rowcount = False
    use_insertmanyvalues = True
    bind_typing = BindTyping.NONE
    """The literals carry their types."""
    # As psycopg2's, whose result types psycopg shares; but ranges are sent as text.
    colspecs = {  # noqa: RUF012  # SQLAlchemy's name and way
        kind: implementation
        for kind, implementation in PGDialect_psycopg2.colspecs.items()
        if kind.__module__ != ranges.__name__
    }

    def __init__(self, recorder: Recorder, version: tuple[int, ...], **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]  # SQLAlchemy's
        self.recorder = recorder
        self.server_version_info = version
        self.default_schema_name = "public"
        self.default_isolation_level = "READ COMMITTED"

    # --- what is sent ---

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        self._send(cursor, inline(statement, parameters), context)

    def do_execute_no_params(self, cursor: Any, statement: str, context: Any = None) -> None:
        self._send(cursor, statement, context)

    def do_executemany(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        every = list(parameters)
        for values in every[:SHOWN_ROWS]:
            self._send(cursor, inline(statement, values), context)
        for values in every[SHOWN_ROWS:]:
            self.send(cursor, inline(statement, values), context)
        if len(every) > SHOWN_ROWS:
            self.recorder.notice("repeated", f"{len(every):,}")

    def _send(self, cursor: Any, sql: str, context: Any) -> None:
        session: _Session = cursor.connection
        self.recorder.executed(session, sql, autocommit=session.autocommit)
        self.send(cursor, sql, context)

    def send(self, cursor: Any, sql: str, context: Any) -> None:
        """Let the server execute SQL that is recorded already."""
        cursor.execute(sql)

    # --- transactions ---

    def do_commit(self, dbapi_connection: Any) -> None:
        dbapi_connection.commit()
        self._ended(dbapi_connection)

    def do_rollback(self, dbapi_connection: Any) -> None:
        dbapi_connection.rollback()
        self._ended(dbapi_connection)

    def _ended(self, dbapi_connection: Any) -> None:
        self.recorder.ended(getattr(dbapi_connection, "driver_connection", dbapi_connection))

    def get_isolation_level_values(self, dbapi_conn: Any) -> Any:
        return ("SERIALIZABLE", "READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "AUTOCOMMIT")

    def set_isolation_level(self, dbapi_connection: Any, level: str) -> None:
        dbapi_connection.autocommit = level == "AUTOCOMMIT"

    def get_isolation_level(self, dbapi_connection: Any) -> Any:
        return "AUTOCOMMIT" if dbapi_connection.autocommit else "READ COMMITTED"

    def detect_autocommit_setting(self, dbapi_connection: Any) -> bool:
        return bool(dbapi_connection.autocommit)


class OfflineDialect(CatalogReflection, RecordingDialect):  # type: ignore[misc]  # SQLAlchemy types these untidily
    """Without a server: queries find empty tables, inspectors find what the revisions have made so far."""

    supports_statement_cache = True

    def __init__(self, recorder: Recorder, catalog: Catalog, **options: Any) -> None:
        super().__init__(recorder, (15, 0), **options)
        self.catalog = catalog

    def send(self, cursor: Any, sql: str, context: Any) -> None:
        cursor.take(answer(sql, context, self.catalog))

    def do_ping(self, dbapi_connection: Any) -> bool:
        return True


def offline_engine(recorder: Recorder) -> Engine:
    """An engine without a server."""
    dialect = OfflineDialect(recorder, Catalog(recorder), dbapi=pretend_driver)

    def run(cursor: pretend_driver.Cursor, sql: str, parameters: Any) -> None:
        whole = inline(sql, parameters) if parameters else sql
        recorder.executed(cursor.connection, whole, autocommit=cursor.connection.autocommit)
        dialect.send(cursor, whole, None)

    return engine_of(dialect, lambda: pretend_driver.Connection(run, recorder.read, recorder.ended))


def engine_of(dialect: RecordingDialect, connect: Callable[[], Any]) -> Engine:
    """An engine of a dialect that exists already: two connections are two sessions."""
    url: URL = make_url("postgresql://")
    return Engine(NullPool(connect, dialect=dialect), dialect, url)


def driver_of(url: str) -> Any:
    """The module of the driver that SQLAlchemy uses for a URL. Raises ImportError when it is not installed."""
    return create_engine(url).dialect.loaded_dbapi
