"""What PostgreSQL does to people who change a schema under two versions of an app, and what a plan does about each of it.

One test for each surprise, in the order of a list of 26; those about triggers come first.
"""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

import psycopg
import pytest

from migrasafe.plan.changes.model import NoPlanError
from migrasafe.plan.dual_write import compat_view
from migrasafe.plan.dual_write.across import AcrossTables, write_across
from migrasafe.plan.model import PhaseName
from migrasafe.plan.read.hints import Hints, hints_of
from migrasafe.schema.model import Ref
from tests.postgres.clusters import eventually
from tests.postgres.plans.rollout import Rollout, roll_out
from tests.postgres.servers import Database
from tests.postgres.whole_server import make_role, role_of_its_own

SETUP = """
CREATE TABLE users (
  id serial PRIMARY KEY, name text DEFAULT 'anon', email text UNIQUE, born text, age int, team int, note text
);
INSERT INTO users (name, email, born, age) SELECT 'n' || n, 'e' || n, ' ' || n || ' ', n FROM generate_series(1, 50) n;
"""
RENAME = "ALTER TABLE users RENAME COLUMN name TO full_name"
STANDS = """
SELECT tgname FROM pg_trigger WHERE tgrelid = 'users'::regclass AND NOT tgisinternal
UNION ALL SELECT polname FROM pg_policy WHERE polrelid = 'users'::regclass
UNION ALL SELECT description FROM pg_description WHERE objoid = 'users'::regclass
UNION ALL SELECT relacl::text || relrowsecurity FROM pg_class WHERE oid = 'users'::regclass
UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'users'::regclass AND contype <> 'n'
UNION ALL SELECT indkey::text FROM pg_index WHERE indrelid = 'users'::regclass
ORDER BY 1"""


def planned(database: Database, folder: Path, migration: str, hints: Hints | None = None, setup: str = "") -> Rollout:
    database.execute(SETUP + setup)
    return roll_out(database, migration, folder, hints)


def until(run: Rollout, last: PhaseName) -> None:
    """Carry out every phase up to this one."""
    for phase in run.plan.phases:
        run.backfill(phase)
        ahead, _, for_good = run.files(phase)
        for name in (*ahead, *(for_good if phase.name is last else ())):
            run.check(name)
        if phase.name is last:
            return


def test_01_a_second_unique_index_breaks_upserts_so_a_unique_column_is_not_kept_twice(
    database: Database, tmp_path: Path
):
    run = planned(database, tmp_path, "ALTER TABLE users RENAME COLUMN email TO address")
    assert "an upsert of the old version (ON CONFLICT (email)) fails" in " ".join(run.plan.why)
    until(run, PhaseName.EXPAND)
    errors: list[str] = []

    def upsert(column: str) -> None:
        with psycopg.connect(database.dsn, autocommit=True) as session:
            for count in range(60):
                sql = f"INSERT INTO users ({column}) VALUES (%s) ON CONFLICT ({column}) DO UPDATE SET age = 1"
                try:
                    session.execute(sql, (f"same {count}",))  # type: ignore[call-overload]  # a plain text on purpose
                except psycopg.Error as error:
                    errors.append(str(error))

    threads = [threading.Thread(target=upsert, args=(column,)) for column in ("email", "address") * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_02_a_search_path_means_nothing_to_the_triggers(database: Database, tmp_path: Path):
    run = planned(database, tmp_path, RENAME, setup='CREATE SCHEMA "public_02-add-col";')
    until(run, PhaseName.DUAL_WRITE)
    for path in ('"public_02-add-col"', '"public_02-add-col", public', "''", "pg_temp"):
        database.execute(f"SET search_path = {path}; UPDATE public.users SET full_name = 'new' WHERE id = 1")
        assert database.execute("SELECT name, full_name FROM users WHERE id = 1") == [("new", "new")]
        database.execute(f"SET search_path = {path}; UPDATE public.users SET name = 'old' WHERE id = 1")
        assert database.execute("SELECT name, full_name FROM users WHERE id = 1") == [("old", "old")]


def test_03_a_backfill_does_not_rewrite_old_values_that_the_way_back_spells_otherwise(
    database: Database, tmp_path: Path
):
    run = planned(database, tmp_path, "ALTER TABLE users ALTER COLUMN born TYPE int")
    until(run, PhaseName.BACKFILL)
    assert database.execute("SELECT born, born__ms_new FROM users WHERE id = 20") == [(" 20 ", 20)]
    database.execute("UPDATE users SET born = born, born__ms_new = born__ms_new")
    assert database.execute("SELECT born FROM users WHERE id = 20") == [(" 20 ",)]


TRIM = """
CREATE FUNCTION trim_name() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := trim(NEW.name); RETURN NEW; END $$;
"""


@pytest.mark.parametrize("name", ["aaa", "zzz"])
def test_04_a_trigger_of_the_table_is_heeded_wherever_its_name_sorts(database: Database, tmp_path: Path, name: str):
    trigger = f'CREATE TRIGGER "{name}" BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION trim_name();'
    run = planned(database, tmp_path, RENAME, setup=TRIM + trigger)
    until(run, PhaseName.DUAL_WRITE)
    database.execute("UPDATE users SET full_name = '  sp3 ' WHERE id = 3")
    assert database.execute("SELECT name, full_name FROM users WHERE id = 3") == [("sp3", "sp3")]
    database.execute("UPDATE users SET name = '  sp4 ' WHERE id = 3")
    assert database.execute("SELECT name, full_name FROM users WHERE id = 3") == [("sp4", "sp4")]


HEAR = """
CREATE TABLE heard (what text);
CREATE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO heard VALUES (TG_NAME); RETURN NEW; END $$;
CREATE TRIGGER of_name AFTER UPDATE OF name ON users FOR EACH ROW EXECUTE FUNCTION hear();
"""


@pytest.mark.parametrize("name", ["!a", "~z"])
def test_04_a_trigger_that_would_run_outside_of_ours_has_to_be_renamed(database: Database, tmp_path: Path, name: str):
    trigger = f'CREATE TRIGGER "{name}" BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION trim_name();'
    run = planned(database, tmp_path, RENAME, setup=TRIM + trigger)
    assert any(f"the trigger {name} runs" in one for one in run.plan.by_hand)


def test_05_update_of_the_old_column_says_nothing_of_the_new_one_so_it_is_widened(database: Database, tmp_path: Path):
    run = planned(database, tmp_path, RENAME, setup=HEAR)
    until(run, PhaseName.DUAL_WRITE)
    database.execute("UPDATE users SET full_name = 'x' WHERE id = 1")
    assert database.execute("SELECT what FROM heard") == [("of_name",)]


def test_06_a_role_with_one_column_goes_on_and_reads_what_the_triggers_made(database: Database, tmp_path: Path):
    run = planned(database, tmp_path, RENAME)
    until(run, PhaseName.DUAL_WRITE)
    with role_of_its_own(database) as one_column:
        database.execute(f"GRANT UPDATE (name), SELECT ON users TO {one_column}")
        with database.connect() as session:
            session.execute(f"SET ROLE {one_column}")  # type: ignore[call-overload]  # a plain text on purpose
            row = session.execute("UPDATE users SET name = 'x' WHERE id = 1 RETURNING full_name").fetchone()
            assert row == ("x",)
    with database.connect() as session, session.cursor().copy("COPY users (name) FROM STDIN") as copy:
        copy.write("copied\n")
    merge = (
        "MERGE INTO users u USING (SELECT 2 AS id) s ON u.id = s.id WHEN MATCHED THEN UPDATE SET full_name = 'merged'"
    )
    database.execute(merge)
    assert database.execute("SELECT full_name FROM users WHERE name = 'copied'") == [("copied",)]
    assert database.execute("SELECT name FROM users WHERE full_name = 'merged'") == [("merged",)]


def test_07_what_a_foreign_key_does_to_the_old_column_reaches_the_new_one(database: Database, tmp_path: Path):
    keys = (
        "CREATE TABLE teams (id int PRIMARY KEY); INSERT INTO teams VALUES (1), (2); UPDATE users SET team = 1 + id % 2;"
        "ALTER TABLE users ADD FOREIGN KEY (team) REFERENCES teams ON UPDATE CASCADE ON DELETE SET NULL;"
    )
    run = planned(database, tmp_path, "ALTER TABLE users RENAME COLUMN team TO squad", setup=keys)
    until(run, PhaseName.VERIFY)
    database.execute("UPDATE teams SET id = 7 WHERE id = 1; DELETE FROM teams WHERE id = 2")
    assert database.execute("SELECT DISTINCT team, squad FROM users ORDER BY 1") == [(7, 7), (None, None)]


def test_08_expand_breaks_prepared_stars_and_the_plan_says_so(database: Database, tmp_path: Path):
    run = planned(database, tmp_path, RENAME)
    assert "a prepared SELECT * or RETURNING * has to be prepared again" in run.plan.phases[0].old_app
    with database.connect() as session:
        session.execute("PREPARE star AS SELECT * FROM users; PREPARE listed AS SELECT id, name FROM users")
        session.execute("EXECUTE star; EXECUTE listed")
        until(run, PhaseName.EXPAND)
        session.execute("EXECUTE listed")
        with pytest.raises(psycopg.errors.FeatureNotSupported, match="must not change result type"):
            session.execute("EXECUTE star")


def test_09_sessions_forget_what_their_trigger_functions_knew_of_the_old_type(database: Database, tmp_path: Path):
    sums = """
CREATE TABLE sums (age bigint);
CREATE FUNCTION sum_up() RETURNS trigger LANGUAGE plpgsql SET search_path = public AS
  $$ BEGIN INSERT INTO sums VALUES (NEW.age); RETURN NEW; END $$;
CREATE TRIGGER sum_up AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION sum_up();
"""
    run = planned(database, tmp_path, "ALTER TABLE users ALTER COLUMN age TYPE bigint", setup=sums)
    until(run, PhaseName.VERIFY)
    with database.connect() as session:
        for age in range(8):
            session.execute("UPDATE users SET age = %s WHERE id = 1", (age,))
        run.check("50_switch.sql")
        for age in range(8):
            session.execute("UPDATE users SET age = %s WHERE id = 1", (2**40 + age,))
    kept = "SELECT proconfig FROM pg_proc WHERE proname = 'sum_up'"
    assert database.execute(kept) == [(["search_path=public"],)]


def test_10_the_sequence_of_a_serial_is_widened_with_its_column(database: Database, tmp_path: Path):
    run = planned(database, tmp_path, "ALTER TABLE users ALTER COLUMN id TYPE bigint")
    until(run, PhaseName.SWITCH)
    database.execute("SELECT setval('users_id_seq', 2147483647)")
    assert database.execute("INSERT INTO users (name) VALUES ('late') RETURNING id") == [(2147483648,)]


ACROSS = AcrossTables(
    id="r1", old=Ref("public", "users"), new=Ref("public", "notes"), key=(("id", "id"),), columns=(("note", "note"),)
)
NOTES = "CREATE TABLE notes (id int PRIMARY KEY REFERENCES users ON DELETE CASCADE, note text);"


def test_11_a_value_that_changes_while_it_is_filled_is_not_lost(database: Database, tmp_path: Path):
    run = planned(database, tmp_path, RENAME)
    until(run, PhaseName.DUAL_WRITE)
    (job,) = run.plan.phases[2].backfills
    fill = f"UPDATE {job.table} SET {', '.join(job.assignments)} WHERE {job.where}"
    with database.connect() as writer:
        writer.execute("BEGIN; UPDATE users SET name = 'meanwhile' WHERE id = 7")
        filling = threading.Thread(target=database.execute, args=(fill,))
        filling.start()
        time.sleep(0.2)
        writer.execute("COMMIT")
        filling.join()
    assert database.execute("SELECT name, full_name FROM users WHERE id = 7") == [("meanwhile", "meanwhile")]


def test_12_triggers_come_after_the_writers_that_are_at_work_and_fire_for_older_snapshots(
    database: Database, tmp_path: Path
):
    run = planned(database, tmp_path, RENAME)
    until(run, PhaseName.EXPAND)
    with database.connect() as writer, database.connect() as older:
        older.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_class")
        writer.execute("BEGIN; UPDATE users SET note = 'x' WHERE id = 1")
        waiting = run.psql("20_dual-write.sql")
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(0.4)
        writer.execute("COMMIT")
        waiting.communicate()
        assert waiting.returncode == 0
        older.execute("UPDATE users SET name = 'older' WHERE id = 2; COMMIT")
    assert database.execute("SELECT full_name FROM users WHERE id = 2") == [("older",)]


def test_13_an_index_that_a_broken_build_left_is_built_again(database: Database, tmp_path: Path):
    run = planned(database, tmp_path, "CREATE INDEX users_age ON users (age)")
    invalid = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('users_age')"
    told: list[psycopg.Error] = []

    def build() -> None:
        try:
            builder.execute("CREATE INDEX CONCURRENTLY users_age ON users (age)")
        except psycopg.Error as error:
            told.append(error)

    with database.connect() as reader, database.connect() as builder:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM users")
        building = threading.Thread(target=build)
        building.start()
        eventually(lambda: database.execute(invalid) == [(False,)], "the index is there")
        builder.cancel()
        building.join()
    assert [type(one) for one in told] == [psycopg.errors.QueryCanceled]
    assert database.execute(invalid) == [(False,)]
    until(run, PhaseName.EXPAND)
    assert database.execute(invalid) == [(True,)]


def test_14_dropping_a_foreign_key_locks_the_other_table_too_and_the_step_says_so(database: Database, tmp_path: Path):
    keys = "CREATE TABLE teams (id int PRIMARY KEY); ALTER TABLE users ADD CONSTRAINT in_team FOREIGN KEY (team) REFERENCES teams;"
    run = planned(database, tmp_path, "ALTER TABLE users DROP CONSTRAINT in_team", setup=keys)
    (step,) = run.plan.steps
    assert {(lock.table, lock.mode) for lock in step.locks} == {
        ("public.users", "ACCESS EXCLUSIVE"),
        ("public.teams", "ACCESS EXCLUSIVE"),
    }
    assert step.statements[0] == "LOCK TABLE public.teams, public.users IN ACCESS EXCLUSIVE MODE"


def test_15_a_subscriber_needs_the_new_column_first_and_the_plan_says_so(database: Database, tmp_path: Path):
    run = planned(database, tmp_path, RENAME, setup="CREATE PUBLICATION everything FOR TABLE users;")
    assert any("add full_name on every subscriber before the expand phase" in one for one in run.plan.by_hand)


def test_16_the_replica_identity_is_never_without_its_index(database: Database, tmp_path: Path):
    setup = """
ALTER TABLE users DROP CONSTRAINT users_pkey, ALTER age SET NOT NULL;
CREATE UNIQUE INDEX users_key ON users (id, age);
ALTER TABLE users REPLICA IDENTITY USING INDEX users_key;
CREATE PUBLICATION everything FOR TABLE users;
"""
    run = planned(database, tmp_path, "ALTER TABLE users ALTER COLUMN age TYPE bigint", setup=setup)
    for phase in run.plan.phases:
        run.backfill(phase)
        ahead, _, for_good = run.files(phase)
        for name in (*ahead, *for_good):
            run.check(name)
            database.execute("UPDATE users SET note = 'x' WHERE id = 1")
            database.execute("DELETE FROM users WHERE id = 1000")


def test_17_writers_of_both_tables_can_deadlock_and_a_row_made_by_both_is_no_duplicate(database: Database):
    database.execute(SETUP + NOTES)
    for statement in write_across(ACROSS).statements:
        database.execute(statement)
    with database.connect() as session, session.transaction():
        session.execute("INSERT INTO users (id, note) VALUES (1000, 'old')")
        session.execute("INSERT INTO notes VALUES (1000, 'new')")
    assert database.execute("SELECT note FROM users WHERE id = 1000") == [("new",)]
    told: list[str] = []

    def write_new() -> None:
        try:
            database.execute("UPDATE notes SET note = 'theirs' WHERE id = 1000")
        except psycopg.errors.DeadlockDetected:
            told.append("new")

    with database.connect() as session:
        session.execute("SET deadlock_timeout = '100ms'; BEGIN; SELECT FROM users WHERE id = 1000 FOR UPDATE")
        other = threading.Thread(target=write_new)
        other.start()
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        while database.execute(waiting) != [(1,)]:
            time.sleep(0.02)
        try:
            session.execute("UPDATE users SET note = 'ours' WHERE id = 1000; COMMIT")
        except psycopg.errors.DeadlockDetected:
            told.append("old")
            session.execute("ROLLBACK")
        other.join()
    assert len(told) == 1, "one of them has to try again, as the building block says"
    assert database.execute("SELECT count(*) FROM users u JOIN notes n USING (id, note) WHERE u.id = 1000") == [(1,)]


AROUND = """
ALTER TABLE users RENAME TO users_before;
CREATE TABLE users (LIKE users_before) PARTITION BY RANGE (id);
ALTER TABLE users ATTACH PARTITION users_before FOR VALUES FROM (0) TO (100000);"""


def test_18_a_key_that_partitions_around_a_table_would_lose_is_in_the_way(database: Database, tmp_path: Path):
    with pytest.raises(NoPlanError, match="users_email_key is unique over columns without id"):
        planned(database, tmp_path, AROUND)


def test_18_partitions_around_a_table_lose_nothing_that_stands_on_it(database: Database, tmp_path: Path):
    with database.connect() as session:
        make_role(session, "reads_users")
    stands = """
ALTER TABLE users DROP CONSTRAINT users_email_key CASCADE; CREATE INDEX by_name ON users (name);
COMMENT ON COLUMN users.name IS 'said aloud'; GRANT SELECT ON users TO reads_users;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER does_nothing AFTER UPDATE ON users FOR EACH ROW EXECUTE FUNCTION nothing();
ALTER TABLE users ADD CONSTRAINT has_name CHECK (name <> ''), ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON users USING (true);"""
    run = planned(database, tmp_path, AROUND, setup=stands)
    before = database.execute(STANDS)
    until(run, run.plan.phases[-1].name)
    assert database.execute("SELECT relkind FROM pg_class WHERE oid = 'users'::regclass") == [("p",)]
    assert database.execute(STANDS) == before


def test_21_a_value_under_another_name_breaks_nobody_who_says_the_old_one(database: Database, tmp_path: Path):
    setup = "CREATE TYPE mood AS ENUM ('a'); ALTER TABLE users ADD COLUMN mood mood DEFAULT 'a';"
    run = planned(database, tmp_path, "ALTER TYPE mood RENAME VALUE 'a' TO 'b'", setup=setup)
    for phase in run.plan.phases[:-1]:
        ahead, _, for_good = run.files(phase)
        for name in (*ahead, *for_good):
            run.check(name)
        database.execute("UPDATE users SET mood = 'a' WHERE id = 1")


def test_22_row_security_hides_no_row_before_there_is_a_policy(database: Database, tmp_path: Path):
    run = planned(database, tmp_path, "ALTER TABLE users ENABLE ROW LEVEL SECURITY")
    texts = [text for step in run.plan.steps for text in step.statements]
    policy = next(place for place, text in enumerate(texts) if text.startswith("CREATE POLICY"))
    enabled = next(place for place, text in enumerate(texts) if "ENABLE ROW LEVEL SECURITY" in text)
    assert policy < enabled


def test_19_what_goes_with_a_column_without_a_word_is_named(database: Database, tmp_path: Path):
    beside = """
CREATE INDEX grown ON users (email) WHERE age > 17;
CREATE INDEX half ON users ((age / 2));
CREATE STATISTICS by_age ON age, team FROM users;
"""
    run = planned(database, tmp_path, "ALTER TABLE users DROP COLUMN age", setup=beside)
    (last,) = run.plan.phases[-1].for_good
    assert last.loses == "the values of age, the index grown, the index half, the statistics by_age"
    assert any("puts its values into the wrong columns" in one for one in run.plan.by_hand)


def test_20_while_two_foreign_keys_overlap_the_stricter_one_wins(database: Database, tmp_path: Path):
    keys = """
CREATE TABLE teams (id int PRIMARY KEY); INSERT INTO teams VALUES (1); UPDATE users SET team = 1;
ALTER TABLE users ADD CONSTRAINT in_team FOREIGN KEY (team) REFERENCES teams;
"""
    migration = "ALTER TABLE users DROP CONSTRAINT in_team, ADD CONSTRAINT in_team FOREIGN KEY (team) REFERENCES teams"
    run = planned(database, tmp_path, f"{migration} ON DELETE CASCADE", setup=keys)
    until(run, PhaseName.EXPAND)
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        database.execute("DELETE FROM teams")
    until(run, PhaseName.SWITCH)
    database.execute("DELETE FROM teams")
    assert database.execute("SELECT count(*) FROM users WHERE team = 1") == [(0,)]


def test_23_what_reads_a_materialized_view_does_not_stay_on_the_old_one(database: Database, tmp_path: Path):
    views = "CREATE MATERIALIZED VIEW names AS SELECT name FROM users; CREATE VIEW over_names AS SELECT * FROM names;"
    run = planned(database, tmp_path, RENAME, setup=views)
    until(run, PhaseName.CONTRACT)
    database.execute("UPDATE users SET full_name = 'somebody new' WHERE id = 1; REFRESH MATERIALIZED VIEW names")
    assert database.execute("SELECT count(*) FROM over_names WHERE name = 'somebody new'") == [(1,)]


def test_24_infinity_does_not_stop_the_questions_of_gates(database: Database, tmp_path: Path):
    times = "ALTER TABLE users ADD at timestamp; UPDATE users SET at = 'infinity'; UPDATE users SET at = '-infinity' WHERE id < 5;"
    hints = hints_of(time_zone="Europe/Berlin", bad_rows=["lossy=stop"])
    run = planned(database, tmp_path, "ALTER TABLE users ALTER at TYPE timestamptz", hints, setup=times)
    until(run, PhaseName.BACKFILL)
    run.gates(run.plan.phases[3])
    assert database.execute("SELECT count(*) FROM users WHERE at__ms_new::text = '-infinity'") == [(4,)]


@pytest.mark.parametrize(
    ("statement", "works"),
    [
        ("INSERT INTO users (email) VALUES ('new') ON CONFLICT (email) DO NOTHING", True),
        ("INSERT INTO users (address) VALUES ('new') ON CONFLICT (address) DO NOTHING", True),
        ("UPDATE users SET address = 'x' WHERE email = 'e1'", True),
        ("DELETE FROM users WHERE address = 'e1'", True),
        ("COPY users (email) FROM STDIN", False),
        ("TRUNCATE users", False),
        ("INSERT INTO users (email) VALUES ('e2') ON CONFLICT ON CONSTRAINT users_email_key DO NOTHING", False),
        ("CREATE INDEX ON users (age)", False),
        ("UPDATE users SET address = 'x', email = 'x' WHERE id = 1", False),
        ("MERGE INTO users u USING (SELECT 2 AS id) s ON u.id = s.id WHEN MATCHED THEN DELETE", False),
    ],
)
def test_25_the_limits_of_a_view_in_the_place_of_a_table_are_those_that_the_plan_names(
    database: Database, tmp_path: Path, statement: str, works: bool
):
    run = planned(database, tmp_path, "ALTER TABLE users RENAME COLUMN email TO address")
    assert compat_view.LIMITS in run.plan.phases[0].old_app
    until(run, PhaseName.EXPAND)
    if statement.startswith("MERGE"):
        works = database.major >= 17
    try:
        database.execute(statement)
    except psycopg.Error:
        assert not works
    else:
        assert works


def test_26_conversions_run_in_parallel_since_they_catch_no_errors(database: Database, tmp_path: Path):
    run = planned(database, tmp_path, "ALTER TABLE users ALTER COLUMN born TYPE int")
    assert not [text for step in run.plan.steps for text in step.statements if "EXCEPTION" in text]
    until(run, PhaseName.BACKFILL)
    for gate in run.plan.phases[3].gates:
        with database.connect() as session:
            session.execute("SET debug_parallel_query = on" if database.major >= 16 else "SET force_parallel_mode = on")
            assert gate.query is not None
            assert session.execute(gate.query).fetchone() == (0,)  # type: ignore[call-overload]  # a plain text on purpose
