"""Instances of the old and the new version at work while phases change: none of them may ever get an error."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from itertools import cycle

from msgspec import Struct

from migrasafe.app.model import Query
from migrasafe.errors import ServerError
from migrasafe.postgres.attempt import attempt
from migrasafe.postgres.connect import Connection, connect, run
from migrasafe.postgres.watch.try_queries import Outcome, try_query
from migrasafe.quantities import say_count
from migrasafe.rehearse.made_up.app import MadeUpApp, Place, Refused, Row, TableUse, says_the_same
from migrasafe.rehearse.made_up.view_queries import ViewQuery, view_queries
from migrasafe.sql.quote import quote_ident, quote_literal


class Deed(Enum):
    """What an instance does to a table in one go."""

    INSERT = "insert"
    INSERT_LEAST = "insert, leaving out what can be"
    UPDATE = "update"
    READ = "read"
    UPSERT = "upsert"
    DELETE = "delete"


class Session(Struct, frozen=True, kw_only=True):
    """How an app's sessions are."""

    role: str | None = None
    """Whose privileges they have; None: all."""
    time_zone: str | None = None


class Repertoire(Struct, frozen=True, kw_only=True):
    """What a version can do on the schema that it is made for, and so must be able to do all the while."""

    uses: tuple[TableUse, ...]
    deeds: tuple[tuple[TableUse, Deed], ...]
    unsure: frozenset[Place] = frozenset()
    queries: tuple[Query, ...] = ()
    """Those of a real app, which the server takes there."""
    asked: tuple[ViewQuery, ...] = ()
    """What it asks of views."""
    left_out: tuple[str, ...] = ()
    """What it could not do even there, and why: not tried any more."""
    session: Session = Session()


class AppError(Struct, frozen=True, kw_only=True):
    """What an app met that it must not meet."""

    version: str
    moment: str
    """What the plan was at."""
    sql: str
    message: str
    sqlstate: str = ""


ASKS_EVERY = 4
"""Each of so many turns an instance asks something of a view, where there are any, and does not write to a table."""
TRIES = 12
"""How often a deed is done before we trust that it works."""


def learn(
    dsn: str, uses: Sequence[TableUse], *, rows: int, session: Session, queries: Sequence[Query] = ()
) -> Repertoire:
    """Find out what an app can do to these tables while nothing changes, and which of its queries the server takes."""
    deeds, left_out = [], []
    with connect(dsn) as connection:
        taken = tuple(one for one in queries if is_taken(connection, one) is None)
        if len(taken) < len(queries):
            left_out.append(
                f"{len(queries) - len(taken)} of its {say_count(len(queries), 'query')}, which the server does not take"
            )
        app = MadeUpApp(connection, number=18, rows=rows)
        views = view_queries(connection)
        become(connection, session)
        asked = tuple(one for one in views if inquire(connection, one.sql) is None)
        for use in uses:
            for deed in Deed:
                refused = next(
                    (said for _ in range(TRIES) if (said := perform(app, use, deed, random.Random(0), [])) is not None),
                    None,
                )
                if refused is None:
                    deeds.append((use, deed))
                else:
                    left_out.append(f"{deed.value} on {use.name}: {refused}")
    return Repertoire(
        uses=tuple(uses),
        deeds=tuple(deeds),
        unsure=frozenset(app.unsure),
        queries=taken,
        asked=asked,
        left_out=tuple(left_out),
        session=session,
    )


def inquire(session: Connection, sql: str) -> Refused | None:
    """Ask something; what the server says if it does not answer."""
    refused = attempt(session, sql)
    return Refused(sql=sql, message=refused.message, sqlstate=refused.code) if refused is not None else None


def is_taken(session: Connection, one: Query) -> Refused | None:
    """Why the server does not take a query; None where it does, or where that depends on values and rows."""
    if one.partial:
        return Refused(sql=one.sql, message="a part of it is only known at run time")
    tried = try_query(session, one.sql, one.search_path)
    if tried.outcome in (Outcome.TAKEN, Outcome.DEPENDS):
        return None
    return Refused(sql=one.sql, message=tried.message or "it is not a query", sqlstate=tried.sqlstate)


class Race:
    """Everybody who is at work on a database. What they meet is in `errors`, what they did in `counts`."""

    def __init__(self, dsn: str, *, rows: int, seed: int) -> None:
        self._dsn = dsn
        self._rows = rows
        self._seed = seed
        self._lock = threading.Lock()
        self._number = 0
        self.moment = ""
        self.errors: list[AppError] = []
        self.counts: Counter[str] = Counter()

    @contextmanager
    def running(self, version: str, repertoire: Repertoire, instances: int = 2) -> Iterator[Callable[[], None]]:
        """Instances of a version at work meanwhile. Gives what waits until each of them has done some more."""
        stop = threading.Event()
        turns: dict[int, int] = {}
        threads = []
        for _ in range(instances if repertoire.deeds or repertoire.asked else 0):
            self._number += 1
            turns[self._number] = 0
            work = (version, repertoire, self._number, turns, stop)
            threads.append(threading.Thread(target=self._work, args=work, daemon=True))
        for thread in threads:
            thread.start()

        def wait(more: int = 2 * len(Deed)) -> None:
            goal = {number: done + more for number, done in turns.items()}
            pause = threading.Event()
            while any(turns[number] < goal[number] for number in turns) and any(one.is_alive() for one in threads):
                pause.wait(0.01)

        try:
            yield wait
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def _work(
        self, version: str, repertoire: Repertoire, number: int, turns: dict[int, int], stop: threading.Event
    ) -> None:
        rng = random.Random(self._seed * 1000 + number)
        kept: list[tuple[TableUse, Row]] = []
        try:
            with connect(self._dsn, application_name=f"{version} app") as session:
                app = MadeUpApp(session, number=number, rows=self._rows, unsure=set(repertoire.unsure))
                become(session, repertoire.session)
                questions = cycle(rng.sample(repertoire.asked, len(repertoire.asked)))
                while not stop.is_set():
                    moment = self.moment
                    deed = None
                    # One question after the other: by chance, one that a phase breaks might not be asked in it.
                    if repertoire.asked and (turns[number] % ASKS_EVERY == 0 or not repertoire.deeds):
                        refused = inquire(session, next(questions).sql)
                    else:
                        use, deed = rng.choice(repertoire.deeds)
                        refused = perform(app, use, deed, rng, kept)
                        if refused is not None and deed is not Deed.UPSERT and refused.constraint in use.crowded:
                            refused = None
                    with self._lock:
                        self.counts[version] += 1
                        turns[number] += 1
                        if refused is not None:
                            self.errors.append(_error(version, moment, self.moment, refused))
        except ServerError as error:
            with self._lock:
                self.errors.append(AppError(version=version, moment=self.moment, sql="", message=str(error)))


def become(connection: Connection, session: Session) -> None:
    """Be a session of the app from now on."""
    if session.role is not None:
        run(connection, f"SET ROLE {quote_ident(session.role)}")
    if session.time_zone is not None:
        run(connection, f"SET TimeZone = {quote_literal(session.time_zone)}")


def _error(version: str, before: str, after: str, refused: Refused) -> AppError:
    moment = before if before == after else f"{before} to {after}"
    return AppError(version=version, moment=moment, sql=refused.sql, message=refused.message, sqlstate=refused.sqlstate)


def perform(
    app: MadeUpApp, use: TableUse, deed: Deed, rng: random.Random, kept: list[tuple[TableUse, Row]]
) -> Refused | None:
    """Do one thing, and see that it is as it should be. `kept`: rows of its own that it has made and not deleted."""
    match deed:
        case Deed.UPSERT:
            for key in use.unique:
                refused = _only_refused(app.upsert(use, key))
                if refused is not None:
                    return refused
            return None
        case Deed.INSERT | Deed.INSERT_LEAST:
            row = app.insert(use, least=deed is Deed.INSERT_LEAST)
            if isinstance(row, Refused):
                return row
            if use.key and len(kept) < 200:
                kept.append((use, row))
            return _still(app, use, row)
    if not use.key:
        return None
    mine = [place for place, (other, _) in enumerate(kept) if other == use]
    if not mine:
        row = app.insert(use)
        if isinstance(row, Refused):
            return row
        kept.append((use, row))
        mine = [len(kept) - 1]
    place = rng.choice(mine)
    row = kept[place][1]
    match deed:
        case Deed.UPDATE:
            return _update(app, use, kept, place)
        case Deed.DELETE:
            del kept[place]
            return app.delete(use, row)
        case _:
            return _still(app, use, row)


def _update(app: MadeUpApp, use: TableUse, kept: list[tuple[TableUse, Row]], place: int) -> Refused | None:
    row = kept[place][1]
    given = app.values(use, use.changeable)
    if isinstance(given, Refused) or not given:
        return given if isinstance(given, Refused) else None
    changed = app.update(use, row, given)
    if isinstance(changed, Refused):
        return changed
    kept[place] = (use, changed)
    return _still(app, use, changed)


def _still(app: MadeUpApp, use: TableUse, row: Mapping[str, str | None]) -> Refused | None:
    """Whether a row of its own is as it left it."""
    if not use.key:
        return None
    now = app.read(use, row)
    if isinstance(now, Refused):
        return now
    if now is None:
        return Refused(sql=f"SELECT … FROM {use.name}", message="a row that it has written is gone")
    for name, value in row.items():
        if not says_the_same(now[name], value) and (use.ref, name) not in app.unsure:
            return Refused(
                sql=f"SELECT {quote_ident(name)} FROM {use.name}",
                message=f"{name} was {value!r} when it was written and is {now[name]!r} when it is read",
            )
    return None


def _only_refused(said: Row | Refused) -> Refused | None:
    return said if isinstance(said, Refused) else None
