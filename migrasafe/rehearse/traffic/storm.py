"""Several sessions that upsert the same new keys at the same moment: where a table has two unique indexes over what is one
key, one of them meets a duplicate that its ON CONFLICT does not name.

https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack

from migrasafe.postgres.attempt import ask, attempt
from migrasafe.postgres.connect import Connection, connect, run
from migrasafe.postgres.watch.observed import SqlState
from migrasafe.rehearse.made_up.app import TableUse
from migrasafe.rehearse.made_up.values import made_of
from migrasafe.rehearse.traffic.race import AppError, Deed, Repertoire, become
from migrasafe.sql.quote import quote_ident

SESSIONS = 4
NUMBER = "migrasafe_number"
MET_AT_ONCE = ("23505", "23P01", "40P01", "40001")
"""A duplicate, a deadlock. What one session would meet alone, such as a CHECK, is no matter of upserts at once."""
UPSERTS = 250
"""Of each session in one go; all in the server, so that they meet."""
GOES = 8
"""How often, as long as nobody has met anything."""


def upsert_storm(
    dsn: str, version: str, repertoire: Repertoire, *, rows: int, moment: str, known: frozenset[str] = frozenset()
) -> Iterator[AppError]:
    """Upsert into every table that has got a unique index more than the app knows; what one session met is told.

    `known`: unique indexes from before the plan, which can be met without it as well.
    """
    for use in repertoire.uses:
        can = (use, Deed.UPSERT) in repertoire.deeds  # else it could not before the plan, either
        if can and use.unique and _unique_indexes(dsn, use) > len(use.unique):
            written = {column.name for column in use.written}
            for key in (key for key in use.unique if written.issuperset(key)):
                yield from _storm(dsn, version, repertoire, use, key, rows=rows, moment=moment, known=known)


def unique_names(dsn: str) -> frozenset[str]:
    """The names of all unique indexes."""
    with connect(dsn) as session:
        return frozenset(str(name) for (name,) in run(session, _UNIQUE_NAMES))


_UNIQUE_NAMES = "SELECT relname FROM pg_catalog.pg_index JOIN pg_catalog.pg_class ON oid = indexrelid WHERE indisunique"


def _unique_indexes(dsn: str, use: TableUse) -> int:
    asked = "SELECT count(*) FROM pg_catalog.pg_index WHERE indrelid = %s::regclass AND indisunique"
    with connect(dsn) as session:
        answer = ask(session, asked, use.name)
    return 0 if isinstance(answer, SqlState) else int(str(answer[0][0]))


def _storm(
    dsn: str,
    version: str,
    repertoire: Repertoire,
    use: TableUse,
    key: tuple[str, ...],
    *,
    rows: int,
    moment: str,
    known: frozenset[str],
) -> Iterator[AppError]:
    upsert, said = _upsert(use, key, rows), list[SqlState]()
    together = threading.Barrier(SESSIONS)

    def work(session: Connection) -> None:
        together.wait()
        for _ in range(GOES):
            refused = None if said else attempt(session, _many(upsert, rows))
            if refused is not None and refused.constraint not in known and refused.code in MET_AT_ONCE:
                said.append(refused)

    with ExitStack() as sessions:
        threads = []
        for _ in range(SESSIONS):
            session = sessions.enter_context(connect(dsn, application_name=f"{version} app"))
            become(session, repertoire.session)
            threads.append(threading.Thread(target=work, args=(session,)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if said:
        yield AppError(
            version=version,
            moment=moment,
            sql=upsert,
            message=f"{said[0].message}, in upserts at once",
            sqlstate=said[0].code,
        )


def _upsert(use: TableUse, key: tuple[str, ...], rows: int) -> str:
    columns = use.written
    names = ", ".join(quote_ident(column.name) for column in columns)
    values = ", ".join(
        made_of(column, use.chosen, f"(1 + {NUMBER} % {rows})" if column.refers else NUMBER) for column in columns
    )
    target = ", ".join(map(quote_ident, key))
    changed = next((one.name for one in columns if one.name not in key), key[0])
    return (
        f"INSERT INTO {use.name} ({names}) OVERRIDING SYSTEM VALUE VALUES ({values})"
        f" ON CONFLICT ({target}) DO UPDATE SET {quote_ident(changed)} = EXCLUDED.{quote_ident(changed)}"
    )


def _many(upsert: str, rows: int) -> str:
    """Each key is that of two transactions that begin one after the other: mostly of two sessions, at the same moment, also on
    a machine with one core, where a session that is cut off in the midst of an upsert is followed by another with its key."""
    return f"""
DO $storm$
DECLARE {NUMBER} int;
BEGIN
  FOR turn IN 1..{UPSERTS} LOOP
    {NUMBER} := {rows} + 500000 + pg_catalog.txid_current() / 2 % 400000;
    {upsert};
    COMMIT;
  END LOOP;
END $storm$"""
