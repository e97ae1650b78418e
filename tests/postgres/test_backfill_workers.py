"""Several workers share a job, copies keep up with writers, VACUUM runs between batches, and a pooler is no obstacle."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrasafe.postgres.server.unprivileged import server_user
from tests.postgres.backfills import backfill, start_backfill, until
from tests.postgres.servers import pgbouncer

ROWS = 20_000
TABLE = (
    f"CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 0); INSERT INTO t SELECT generate_series(1, {ROWS}); ANALYZE t"
)
ADD = ("run", "--table", "t", "--set", "n = n + 1", "--batch-rows", "50")


SLOW = ("--batch-rows", "10", "--nice", "0.9")
"""It is still at work when a busy machine comes to what a test does to it."""


def once(database, rows: int = ROWS) -> bool:
    return database.execute("SELECT n, count(*) FROM t GROUP BY n") == [(1, rows)]


def begun(database) -> None:
    until(lambda: database.execute("SELECT to_regclass('migrasafe.backfill_shard') IS NOT NULL")[0][0], "it begins")
    until(lambda: database.execute("SELECT count(*) FROM t WHERE n = 1")[0][0], "batches are done")


def test_workers_share_one_table_and_change_each_row_once(database):
    database.execute(TABLE)
    first = start_backfill(database.dsn, *ADD, *SLOW)
    begun(database)
    second = start_backfill(database.dsn, "run", "t.n")
    third = start_backfill(database.dsn, "run", "t.n")
    until(lambda: database.execute("SELECT count(*) FROM migrasafe.backfill_shard")[0][0] > 1, "a part is cut in two")
    assert backfill(database.dsn, "set", "t.n", "nice=0", "batch_rows=1000").status == 0
    for process in (first, second, third):
        output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, output
    assert once(database)
    assert database.execute("SELECT sum(rows_changed) FROM migrasafe.backfill_shard") == [(ROWS,)]
    assert database.execute("SELECT count(*) > 1 FROM migrasafe.backfill_worker") == [(True,)]


def test_workers_share_partitions(database):
    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 0) PARTITION BY HASH (id);"
        + "".join(f"CREATE TABLE t{i} PARTITION OF t FOR VALUES WITH (MODULUS 4, REMAINDER {i});" for i in range(4))
        + f"INSERT INTO t SELECT generate_series(1, {ROWS}); ANALYZE t"
    )
    process = start_backfill(database.dsn, *ADD, "--workers", "2")
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    assert once(database)
    assert database.execute("SELECT count(*) FROM migrasafe.backfill_worker") == [(2,)]


def test_the_part_of_a_killed_worker_goes_to_another_at_once(database):
    database.execute(TABLE)
    first = start_backfill(database.dsn, *ADD, *SLOW)
    begun(database)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    # Nobody can wait for the end of such a lease.
    later = "UPDATE migrasafe.backfill_shard SET lease_until = lease_until + interval '1 day' RETURNING lease_token IS NOT NULL"
    assert database.execute(later) == [(True,)], "the lease has not ended"
    second = start_backfill(database.dsn, "run", "t.n", "--batch-rows", "5000", "--nice", "0")
    output, _ = second.communicate(timeout=300)
    assert second.returncode == 0, output
    assert once(database)


def test_a_worker_that_lost_its_lease_changes_nothing_more(database):
    database.execute(TABLE)
    process = start_backfill(database.dsn, *ADD, *SLOW)
    begun(database)
    database.execute("UPDATE migrasafe.backfill_shard SET lease_token = gen_random_uuid(), lease_until = 'infinity'"
                     if database.major >= 13 else "SELECT 1")  # fmt: skip
    assert backfill(database.dsn, "set", "t.n", "nice=0", "batch_rows=1000").status == 0
    # No worker has that token, so the part is free, and is taken again from where its cursor stands.
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert "another worker has taken over our part" in output or database.major < 13
    assert database.execute("SELECT n, count(*) FROM t GROUP BY n") == [(1, ROWS)]


def test_a_copy_follows_writers_by_their_trigger(database):
    database.execute(
        "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT i, 0 FROM generate_series(1, 5000) AS i; "
        "CREATE TABLE copy (id bigint PRIMARY KEY, v text); CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE copy SET v = NEW.v WHERE id = NEW.id; RETURN NEW; END $$; "
        "CREATE TRIGGER follow AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION follow()"
    )
    stop = threading.Event()

    def write() -> None:
        with database.connect() as session:
            for number in range(1, 100_000):
                if stop.is_set():
                    return
                session.execute("UPDATE t SET v = %s WHERE id = %s", (number, number * 7919 % 5000 + 1))

    writer = threading.Thread(target=write)
    writer.start()
    said = backfill(
        database.dsn, "run", "--table", "t", "--into", "copy", "--set", "id = id, v = v::text", "--batch-rows", "100"
    )
    stop.set()
    writer.join()
    assert said.status == 0, said.output
    assert "none is left that wants it" in said.output
    wrong = "SELECT count(*) FROM t FULL JOIN copy USING (id) WHERE t.v::text IS DISTINCT FROM copy.v"
    assert database.execute(wrong) == [(0,)]


def test_vacuum_runs_between_batches(database):
    database.execute(TABLE)
    said = backfill(
        database.dsn, "run", "--table", "t", "--set", "n = n + 1", "--vacuum-every", "20%", "--batch-rows", "1000"
    )
    assert said.status == 0, said.output
    database.execute("SELECT pg_stat_force_next_flush()" if database.major >= 15 else "SELECT 1")
    until(
        lambda: database.execute("SELECT vacuum_count FROM pg_stat_user_tables WHERE relname = 't'")[0][0] >= 3,
        "vacuums",
    )
    assert once(database)


@pytest.fixture
def pooled(database, tmp_path: Path) -> Iterator[str]:
    """A dsn through PgBouncer in transaction mode, with fewer server sessions than clients."""
    program = pgbouncer()
    assert program is not None  # the test is left out where it is not installed
    parts = dict(part.split("=", 1) for part in database.dsn.split())
    folder = Path("/tmp") / f"pgb-{tmp_path.parent.name}-{os.getpid()}"
    folder.mkdir()
    (folder / "users").write_text('"postgres" ""\n')
    (folder / "ini").write_text(
        f"[databases]\n{parts['dbname']} = host={parts['host']} port={parts['port']} user=postgres\n[pgbouncer]\n"
        f"listen_addr =\nunix_socket_dir = {folder}\nlisten_port = 6432\nauth_type = any\nauth_file = {folder / 'users'}\n"
        f"pool_mode = transaction\ndefault_pool_size = 2\nlogfile = {folder / 'log'}\nserver_reset_query =\n"
    )
    user = server_user()
    user.owns(folder)
    as_user = {"user": user.uid, "group": user.gid, "extra_groups": ()} if user.is_other else {}
    process = subprocess.Popen([program, "-q", str(folder / "ini")], cwd="/", **as_user)  # type: ignore[call-overload]  # by root
    try:
        until(lambda: (folder / ".s.PGSQL.6432").exists(), "PgBouncer listens")
        yield f"host={folder} port=6432 user=postgres dbname={parts['dbname']}"
    finally:
        process.kill()  # of SIGTERM, 1.23 and newer wait for their clients
        process.wait()
        shutil.rmtree(folder)


@pytest.mark.pooler
def test_a_pooler_in_transaction_mode_is_no_obstacle(database, pooled):
    database.execute(TABLE)
    database.execute("UPDATE t SET n = NULL WHERE id = 777; ALTER TABLE t ADD CHECK (n < 5)")
    process = start_backfill(pooled, *ADD)
    begun(database)
    assert "lock_timeout" not in str(database.execute("SELECT setconfig FROM pg_db_role_setting"))
    process.kill()
    process.communicate()
    said = backfill(pooled, "run", "t.n", "--batch-rows", "2000")
    assert said.status == 0, said.output
    assert database.execute("SELECT n, count(*) FROM t GROUP BY n ORDER BY n") == [(1, ROWS - 1), (None, 1)]
    assert backfill(pooled, "assert-done", "t.n").status == 0
