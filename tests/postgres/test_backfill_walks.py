"""Every kind of key, and none: each row is met once, in the order of the database."""

from __future__ import annotations

import pytest

from tests.postgres.backfills import backfill

ROWS = 3000
KEYS = {
    "composite": (
        "CREATE TABLE t (a int, b text, n int DEFAULT 0, PRIMARY KEY (a, b))",
        "SELECT i % 7, 'k' || i, 0",
    ),
    "uuid": ("CREATE TABLE t (id uuid PRIMARY KEY, n int DEFAULT 0)", "SELECT md5(i::text)::uuid, 0"),
    "text in an ICU collation": (
        """CREATE COLLATION german (provider = icu, locale = 'de-u-kn-true');
           CREATE TABLE t (id text COLLATE german PRIMARY KEY, n int DEFAULT 0)""",
        "SELECT chr(65 + i % 3) || 'ä' || i || 'ß''\\', 0",
    ),
    "text in the order of bytes": (
        """CREATE TABLE t (id varchar(40) COLLATE "C" PRIMARY KEY, n int DEFAULT 0)""",
        "SELECT 'é%s' || i, 0",
    ),
    "char(n), padded": ("CREATE TABLE t (id char(12) PRIMARY KEY, n int DEFAULT 0)", "SELECT i::text, 0"),
    "timestamptz": (
        "CREATE TABLE t (id timestamptz PRIMARY KEY, n int DEFAULT 0)",
        "SELECT '2024-03-31 00:30+01'::timestamptz + i * interval '1.000001 min', 0",
    ),
    "timestamps with ends of time": (
        "CREATE TABLE t (id timestamp PRIMARY KEY, n int DEFAULT 0)",
        """SELECT CASE i WHEN 1 THEN 'infinity' WHEN 2 THEN '-infinity' WHEN 3 THEN '0044-03-15 12:00 BC'::timestamp
           ELSE '2024-01-31'::timestamp + i * interval '1 day' END, 0""",
    ),
    "numeric": (
        "CREATE TABLE t (id numeric PRIMARY KEY, n int DEFAULT 0)",
        "SELECT CASE i WHEN 7 THEN 'NaN'::numeric ELSE i / 3.0 * 1e20 - 1e21 END, 0",
    ),
    "double precision": (
        "CREATE TABLE t (id float8 PRIMARY KEY, n int DEFAULT 0)",
        "SELECT CASE i WHEN 7 THEN 'NaN' WHEN 8 THEN '-Infinity'::float8 ELSE i / 3e0 END, 0",
    ),
    "enum, then a number": (
        "CREATE TYPE size AS ENUM ('z', 'a', 'M'); CREATE TABLE t (s size, id int, n int DEFAULT 0, PRIMARY KEY (s, id))",
        "SELECT (enum_range(NULL::size))[1 + i % 3], i, 0",
    ),
    "bytea": ("CREATE TABLE t (id bytea PRIMARY KEY, n int DEFAULT 0)", "SELECT decode(md5(i::text), 'hex'), 0"),
    "a unique NOT NULL column": ("CREATE TABLE t (id int NOT NULL UNIQUE, n int DEFAULT 0)", "SELECT i, 0"),
    "descending": (
        "CREATE TABLE t (a int NOT NULL, b int NOT NULL, n int DEFAULT 0); CREATE UNIQUE INDEX ON t (a DESC, b DESC)",
        "SELECT i % 7, i, 0",
    ),
    "quoted mixed case": (
        'CREATE TABLE t (id int, n int); DROP TABLE t; CREATE TABLE "T'
        '""x" ("Order Id" int PRIMARY KEY, "N" int DEFAULT 0)',
        "SELECT i, 0",
    ),
    "partitioned": (
        """CREATE TABLE t (id int, day date, n int DEFAULT 0, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
           CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (MINVALUE) TO ('2024-02-01');
           CREATE TABLE t2 PARTITION OF t FOR VALUES FROM ('2024-02-01') TO (MAXVALUE) PARTITION BY LIST (id);
           CREATE TABLE "T2 empty" PARTITION OF t2 FOR VALUES IN (-1); CREATE TABLE t2_rest PARTITION OF t2 DEFAULT""",
        "SELECT i, '2024-01-01'::date + i % 60, 0",
    ),
    "inherited": (
        """CREATE TABLE t (id int PRIMARY KEY, n int DEFAULT 0); CREATE TABLE child (PRIMARY KEY (id)) INHERITS (t);
           INSERT INTO child SELECT -i, 0 FROM generate_series(1, 0) AS i""",
        "SELECT i, 0",
    ),
}


@pytest.mark.parametrize("kind", KEYS)
def test_each_row_is_met_once_by_a_key(kind, database):
    table, rows = KEYS[kind]
    name, column = ('"T""x"', '"N"') if kind == "quoted mixed case" else ("t", "n")
    database.execute(f"{table}; INSERT INTO {name} {rows} FROM generate_series(1, {ROWS}) AS i")
    said = backfill(database.dsn, "run", "--table", name, "--set", f"{column} = {column} + 1", "--batch-rows", "170")
    assert said.status == 0, said.output
    assert database.execute(f"SELECT {column}, count(*) FROM {name} GROUP BY 1") == [(1, ROWS)]
    assert database.execute("SELECT sum(rows_walked), sum(rows_changed) FROM migrasafe.backfill_shard") == [
        (ROWS, ROWS)
    ]
    assert database.execute("SELECT max(batch_no) FROM migrasafe.backfill_shard")[0][0] > 3


def test_the_order_is_that_of_the_database_on_every_version(each_major, database):
    database.execute(
        "CREATE COLLATION german (provider = icu, locale = 'de'); CREATE TABLE t (a text COLLATE german, b timestamptz, n int "
        "DEFAULT 0, PRIMARY KEY (a, b)); INSERT INTO t SELECT chr(97 + i % 26) || 'Ä', now() + i * interval '1 h', 0 "
        "FROM generate_series(1, 2000) AS i"
    )
    said = backfill(database.dsn, "run", "--table", "t", "--set", "n = n + 1", "--batch-rows", "130")
    assert said.status == 0, said.output
    assert database.execute("SELECT n, count(*) FROM t GROUP BY 1") == [(1, 2000)]


def test_a_table_without_a_key_is_walked_by_blocks(each_major, database):
    database.execute(
        "CREATE TABLE t (a int, b int, pad text) WITH (fillfactor = 70); INSERT INTO t SELECT i, NULL, repeat('x', 200) "
        "FROM generate_series(1, 4000) AS i; ANALYZE t; DELETE FROM t WHERE a BETWEEN 500 AND 900"
    )
    said = backfill(
        database.dsn, "run", "--table", "t", "--set", "b = a + 1", "--where", "b IS NULL", "--batch-rows", "200"
    )
    assert said.status == 0, said.output
    assert "by its blocks" in said.output
    assert database.execute("SELECT count(*) FROM t WHERE b IS DISTINCT FROM a + 1") == [(0,)]
    assert database.execute("SELECT sum(rows_changed) FROM migrasafe.backfill_shard") == [(3599,)]


def test_a_row_that_somebody_moves_behind_the_end_is_not_left_out(each_major, database):
    """It wants the change still: whoever wrote it did not know of the column."""
    database.execute("""
        CREATE TABLE t (a int, b int, pad text);
        ALTER TABLE t ALTER pad SET STORAGE plain;
        INSERT INTO t SELECT i, NULL, repeat('x', 200) FROM generate_series(1, 400) AS i;
        CREATE FUNCTION moves() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN UPDATE t SET pad = repeat('x', 7000) WHERE a = 400 AND b IS NULL AND length(pad) < 7000; RETURN NULL; END $$;
        CREATE TRIGGER moves AFTER UPDATE OF b ON t FOR EACH STATEMENT EXECUTE FUNCTION moves();
        ANALYZE t;
    """)
    run = ("run", "--table", "t", "--set", "b = a + 1", "--where", "b IS NULL", "--batch-rows", "50")
    said = backfill(database.dsn, *run)
    assert said.status == 0, said.output
    assert "done: 400 of" in said.output and "none is left that wants it" in said.output
    assert database.execute("SELECT count(*) FROM t WHERE b IS DISTINCT FROM a + 1") == [(0,)]


def test_the_cursor_does_not_depend_on_settings_of_the_role(database):
    name = database.execute("SELECT current_database()")[0][0]
    database.execute(
        f"ALTER DATABASE {name} SET datestyle = 'SQL, DMY'; ALTER DATABASE {name} SET timezone = 'America/New_York'; "
        f"ALTER DATABASE {name} SET bytea_output = 'escape'; ALTER DATABASE {name} SET intervalstyle = 'sql_standard'; "
        "CREATE TABLE t (at timestamptz, d date, n int DEFAULT 0, PRIMARY KEY (at, d)); INSERT INTO t SELECT "
        "'2023-11-04 20:00+00'::timestamptz + i * interval '7 min', '2023-01-01'::date + i % 5, 0 FROM generate_series(1, 1000) i"
    )
    said = backfill(database.dsn, "run", "--table", "t", "--set", "n = n + 1", "--batch-rows", "60")
    assert said.status == 0, said.output
    assert database.execute("SELECT n, count(*) FROM t GROUP BY 1") == [(1, 1000)]


def test_rows_with_one_value_of_a_key_that_is_not_unique_are_changed_together(database):
    database.execute(
        "CREATE TABLE t (day date NOT NULL, n int DEFAULT 0); CREATE INDEX ON t (day); "
        "INSERT INTO t SELECT '2024-01-01'::date + i % 10, 0 FROM generate_series(1, 1000) AS i"
    )
    said = backfill(database.dsn, "run", "--table", "t", "--set", "n = n + 1", "--key", "day", "--batch-rows", "30")
    assert said.status == 0, said.output
    assert "(day) is not unique" in said.output
    assert database.execute("SELECT n, count(*) FROM t GROUP BY 1") == [(1, 1000)]


def test_a_rewritten_table_is_walked_by_blocks_from_the_start(database):
    database.execute(
        "CREATE TABLE t (a int, b int, pad text); INSERT INTO t SELECT i, NULL, repeat('x', 500) FROM generate_series(1, 2000) i"
    )
    run = ("run", "--table", "t", "--set", "b = 1", "--where", "b IS NULL")
    assert backfill(database.dsn, *run).status == 0
    database.execute(
        "UPDATE migrasafe.backfill_job SET status = 'failed'; UPDATE migrasafe.backfill_shard SET is_done = false"
    )
    database.execute("UPDATE t SET b = NULL")
    database.execute("VACUUM FULL t")
    said = backfill(database.dsn, *run)
    assert said.status == 0, said.output
    assert "was rewritten meanwhile" in said.output
    assert database.execute("SELECT count(*) FROM t WHERE b IS NULL") == [(0,)]


def test_a_changed_order_of_texts_is_not_gone_on_with(database):
    database.execute("CREATE COLLATION german (provider = icu, locale = 'de')")
    database.execute("CREATE TABLE t (id text COLLATE german PRIMARY KEY, n int DEFAULT 0); INSERT INTO t VALUES ('a')")
    run = ("run", "--table", "t", "--set", "n = n + 1")
    assert backfill(database.dsn, *run).status == 0
    database.execute("UPDATE migrasafe.backfill_job SET status = 'failed', key_collations = ARRAY['public.german 1.2.3'];"
                     "UPDATE migrasafe.backfill_shard SET is_done = false")  # fmt: skip
    said = backfill(database.dsn, *run)
    assert said.status == 2
    assert "are ordered by" in said.output
    assert "--restart" in said.output
