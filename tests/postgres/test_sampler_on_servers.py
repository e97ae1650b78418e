"""The session of the thread behind a signal of the throttle: kept from look to look, made anew when it is lost, and gone in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from migrasafe.backfill.throttle.sampler import Sampler
from migrasafe.errors import ServerError
from migrasafe.postgres.connect import Connection, run
from migrasafe.postgres.figures.load import ask_value
from tests.postgres.clusters import eventually
from tests.postgres.servers import Database

SESSIONS = (
    "SELECT pid FROM pg_stat_activity WHERE application_name = 'migrasafe throttle' AND datname = current_database()"
)


@contextmanager
def sampling(
    database: Database, look: Callable[[Connection], None], lost: Callable[[str], None], *, direct: bool = False
) -> Iterator[Sampler]:
    def looks(connection: Connection | None) -> None:
        assert connection is not None
        look(connection)

    sampler = Sampler(
        "a signal", dsn=database.dsn, primary=True, direct=direct, every=lambda: 0.001, look=looks, lost=lost
    )
    sampler.start()
    try:
        yield sampler
    finally:
        sampler.leave()


def test_one_session_is_kept_from_look_to_look_and_ends_with_the_last(database: Database) -> None:
    seen: list[object] = []
    lost: list[str] = []
    with sampling(database, lambda one: seen.extend(run(one, "SELECT pg_backend_pid()")), lost.append):
        eventually(lambda: len(seen) > 5, "looks")
        assert [(pid,) for (pid,) in database.execute(SESSIONS)] == [seen[0]]
    assert set(seen) == {seen[0]}
    assert lost == []
    eventually(lambda: database.execute(SESSIONS) == [], "the session is gone")


def test_a_session_that_is_lost_is_told_of_and_made_anew(database: Database) -> None:
    seen: list[tuple[object, ...]] = []
    lost: list[str] = []

    def look(connection: Connection) -> None:
        row = ask_value(connection, "SELECT pg_backend_pid()", 5.0)
        assert row is not None
        seen.append(row)

    with sampling(database, look, lost.append):
        eventually(lambda: len(seen) > 1, "looks")
        database.execute(f"SELECT pg_terminate_backend(pid) FROM ({SESSIONS}) AS ours")
        eventually(lambda: len(set(seen)) == 2, "a new session")
    # The server's last word is read only where the question was already under way when the session ended.
    assert len(lost) == 1 and any(
        words in lost[0] for words in ("terminating connection", "server closed the connection")
    )


def test_a_question_that_is_being_asked_is_cancelled_by_who_leaves(database: Database) -> None:
    lost: list[str] = []
    with sampling(database, lambda one: ask_value(one, "SELECT pg_sleep(600)", 900.0) and None, lost.append) as sampler:
        eventually(lambda: database.execute(f"{SESSIONS} AND query ~ 'pg_sleep'") != [], "the question is asked")
        sampler.leave()
        eventually(lambda: not sampler.is_alive(), "it ends")
    assert lost == []


def test_without_a_pooler_between_what_is_asked_stays_planned(database: Database) -> None:
    thresholds: list[object] = []
    for direct in (True, False):
        with sampling(database, lambda one: thresholds.append(one.prepare_threshold), _never, direct=direct):
            eventually(lambda: bool(thresholds), "a look")
        assert set(thresholds) == ({0} if direct else {None})
        thresholds.clear()


def test_of_several_hosts_the_one_that_takes_writes_is_asked(database: Database) -> None:
    asked: list[object] = []
    with sampling(database, lambda one: asked.append(one.info.get_parameters()["target_session_attrs"]), _never):
        eventually(lambda: bool(asked), "a look")
    assert set(asked) == {"read-write"}


def _never(why: str) -> None:
    raise ServerError(why)
