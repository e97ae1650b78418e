"""Sends whole scripts to a server in one message each, and says what went wrong in values instead of driver exceptions.

Several statements in one message of the simple protocol run on the server without waiting for the client in between,
need no prepared statements, and keep one server session behind a pooler in transaction mode.
https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT
"""

from __future__ import annotations

from typing import Any, TypeAlias

import psycopg
from psycopg.conninfo import conninfo_to_dict

from migrasafe.errors import InputError
from migrasafe.postgres.connect import Connection, connect, reason_of

Row: TypeAlias = tuple[Any, ...]
Rows: TypeAlias = list[Row]

APPLICATION_NAME_BYTES = 63
DEAD_PEER_AFTER_MS = 20_000
_LOST_CLASSES = ("08", "57P")
"""SQLSTATEs after which the session is over: connection failures, and shutdowns of the server or of the session."""
_SESSION_ENDED = ("25P03", "25P04", "57P05")
"""The time-outs that end a whole session or transaction from outside."""


class StatementError(Exception):
    """A script that the server refused or whose outcome is not known. Nothing of an open transaction took effect."""

    def __init__(self, *, sqlstate: str, message: str, context: str = "", is_lost: bool = False) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        """Empty where the connection ended without a word of the server."""
        self.message = message
        self.context = context
        """Detail and hint of the server, in one line."""
        self.is_lost = is_lost
        """The session is gone: whether a COMMIT in the script took effect must be looked up."""


class ScriptSession:
    """One session in which scripts run. Every method but `close` raises StatementError."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def server_version(self) -> int:
        """As the server numbers itself: 150004."""
        return self._connection.info.server_version

    @property
    def major(self) -> int:
        return self.server_version // 10_000

    @property
    def login_pid(self) -> int:
        """The backend that answered the login: behind a pooler, a number that the pooler made up."""
        return self._connection.info.backend_pid

    @property
    def is_open(self) -> bool:
        return not self._connection.closed

    def script(self, sql: str) -> list[Rows]:
        """Run a text of one or more statements; the rows of each, an empty list for those that return none."""
        try:
            cursor = self._connection.execute(sql)
            results = [cursor.fetchall() if cursor.description else []]
            while cursor.nextset():
                results.append(cursor.fetchall() if cursor.description else [])
        except psycopg.Error as error:
            raise self._failure(error) from error
        return results

    def rows(self, sql: str) -> Rows:
        """Run a text and return the rows of its last statement."""
        return self.script(sql)[-1]

    def roll_back(self) -> None:
        """End a transaction that failed, if one is open."""
        if self._connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self.script("ROLLBACK")

    def close(self) -> None:
        """End the session; what is open is rolled back."""
        self._connection.close()

    def _failure(self, error: psycopg.Error) -> StatementError:
        sqlstate = error.sqlstate or ""
        lost = self._connection.broken or self._connection.closed or not sqlstate
        lost = lost or sqlstate.startswith(_LOST_CLASSES) or sqlstate in _SESSION_ENDED
        said = error.diag.message_primary or str(error)
        more = [part for part in (error.diag.message_detail, error.diag.message_hint) if part]
        return StatementError(
            sqlstate=sqlstate,
            message=" ".join(said.split()),
            context=" ".join(" ".join(more).split()),
            is_lost=lost,
        )


def open_session(dsn: str, *, name: str, writes: bool = True) -> ScriptSession:
    """Open a session for scripts. With `writes`, of several hosts in the dsn the one that takes writes is chosen.

    A peer that is gone without a word is noticed within DEAD_PEER_AFTER_MS. Raises ServerError.
    """
    try:
        said = conninfo_to_dict(dsn)
    except psycopg.ProgrammingError as error:
        reason = reason_of(error, dsn)
        raise InputError(f"--dsn cannot be read ({reason}): give a URL such as postgresql://user@host/db") from error
    ours: dict[str, str | int] = {"tcp_user_timeout": DEAD_PEER_AFTER_MS, "keepalives_idle": 10}
    if writes:
        ours["target_session_attrs"] = "read-write"
    missing = {key: value for key, value in ours.items() if key not in said}
    application_name = name.encode()[:APPLICATION_NAME_BYTES].decode(errors="ignore")
    return ScriptSession(connect(dsn, application_name=application_name, parameters=missing))
