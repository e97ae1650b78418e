"""The verdict on a migration: which version of the app breaks before and after it, and which side is deployed first."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from migrasafe.app.model import App, Expectation, Mention, Origin, Query, Unread
from migrasafe.app.usage import SourceLocation
from migrasafe.app.verdict import Deploy, StepKind, Verdict, Version, Weight
from tests.unit.app.small_releases import READ, SHOP, app, judge


def deploys(migration: str, old: str, new: str) -> str:
    (one,) = judge(migration, app(old), app(new)).migrations
    return one.deploy.value


@pytest.mark.parametrize(
    ("migration", "old", "new", "deploy"),
    [
        # names
        ("ALTER TABLE orders ADD currency text", READ, "SELECT currency FROM orders", "before"),
        ("ALTER TABLE orders DROP COLUMN note", "SELECT note FROM orders", READ, "after"),
        ("ALTER TABLE orders DROP COLUMN note", READ, READ, "either"),
        ("ALTER TABLE orders RENAME note TO remark", "SELECT note FROM orders", "SELECT remark FROM orders", "split"),
        ("ALTER TABLE users RENAME TO people", "SELECT 1 FROM users", "SELECT 1 FROM people", "split"),
        ("ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people", "SELECT email FROM users",
         "SELECT email FROM people", "before"),
        ("CREATE TABLE carts (id int)", READ, "INSERT INTO carts VALUES (1)", "before"),
        ("CREATE INDEX ON orders (note)", "SELECT note FROM orders", READ, "either"),
        ("DROP VIEW recent", "SELECT id FROM recent", READ, "after"),
        ("DROP FUNCTION fee; CREATE FUNCTION fee(a numeric, b int) RETURNS numeric LANGUAGE sql AS 'SELECT 1.0'",
         "SELECT fee(total) FROM orders", "SELECT fee(total, 1) FROM orders", "split"),
        # required columns
        ("ALTER TABLE orders ADD currency text NOT NULL", "INSERT INTO orders (id, total) VALUES ($1, $2)", READ, "after"),
        ("ALTER TABLE orders ADD currency text NOT NULL DEFAULT 'EUR'", "INSERT INTO orders (id, total) VALUES ($1, $2)",
         READ, "either"),
        ("ALTER TABLE orders ADD currency text NOT NULL", "INSERT INTO orders (id, total) VALUES ($1, $2)",
         "INSERT INTO orders (id, total, currency) VALUES ($1, $2, $3)", "split"),
        ("ALTER TABLE orders ALTER code DROP DEFAULT", "INSERT INTO orders (id, total) VALUES ($1, $2)", READ, "after"),
        ("ALTER TABLE orders ALTER total DROP NOT NULL", READ, "INSERT INTO orders (id) VALUES ($1)", "before"),
        ("ALTER TABLE orders ALTER note SET NOT NULL", "UPDATE orders SET note = NULL", READ, "after"),
        ("ALTER TABLE orders ALTER note SET NOT NULL", "UPDATE orders SET note = $1", READ, "after"),
        ("ALTER TABLE orders ALTER note SET NOT NULL", "UPDATE orders SET note = (SELECT email FROM users)", READ, "after"),
        ("ALTER TABLE orders ALTER note SET NOT NULL", "UPDATE orders SET note = coalesce($1, code) || 'x'", READ,
         "either"),
        # narrowing
        ("ALTER TABLE orders ADD CHECK (total > 0) NOT VALID", "UPDATE orders SET total = $1", READ, "after"),
        ("ALTER TABLE orders ADD CHECK (total > 0) NOT VALID", "UPDATE orders SET note = $1", READ, "either"),
        ("CREATE UNIQUE INDEX CONCURRENTLY ON users (email)", "INSERT INTO users VALUES ($1, $2)", READ, "after"),
        ("ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID", "DELETE FROM users WHERE id = $1",
         READ, "after"),
        ("ALTER TABLE users ALTER email TYPE varchar(50)", "UPDATE users SET email = $1", READ, "after"),
        ("ALTER TABLE users ALTER email TYPE varchar(200)", "UPDATE users SET email = $1", READ, "either"),
        # ON CONFLICT, enums, positions, row security, privileges
        ("CREATE UNIQUE INDEX CONCURRENTLY u ON users (email)", READ,
         "INSERT INTO users VALUES ($1, $2) ON CONFLICT (email) DO NOTHING", "before"),
        ("ALTER TYPE state ADD VALUE 'sent'", READ, "UPDATE orders SET state = 'sent'", "before"),
        ("ALTER TYPE state RENAME VALUE 'paid' TO 'done'", "SELECT 1 FROM orders WHERE state = 'paid'",
         "SELECT 1 FROM orders WHERE state = 'done'", "split"),
        ("ALTER TABLE users DROP COLUMN email", "INSERT INTO users VALUES ($1, $2)",
         "INSERT INTO users VALUES ($1)", "after"),
        ("ALTER TABLE orders ENABLE ROW LEVEL SECURITY", READ, "SELECT id FROM users", "after"),
        ("ALTER TABLE orders ALTER id TYPE text", "SELECT 1 FROM orders WHERE id = 5", "SELECT 1 FROM users", "after"),
    ],
)  # fmt: skip
def test_each_kind_of_change_is_decided(migration: str, old: str, new: str, deploy: str) -> None:
    assert deploys(migration, old, new) == deploy


def test_a_breaking_line_comes_with_its_place_and_postgresqls_words() -> None:
    (one,) = judge(
        "ALTER TABLE orders DROP COLUMN note", app(READ, "SELECT id,\n  note FROM orders"), app(READ)
    ).migrations
    (breakage,) = one.breakages
    assert (one.old.before, one.old.after) == (Verdict.WORKS, Verdict.BREAKS)
    assert (one.new.before, one.new.after) == (Verdict.WORKS, Verdict.WORKS)
    assert breakage.location == SourceLocation("app.sql", 3, 3)
    assert breakage.message == 'column "note" does not exist'
    assert breakage.sqlstate == "42703"


def test_each_migration_answers_for_itself_only() -> None:
    result = judge(
        ("ALTER TABLE orders ADD a int", "ALTER TABLE orders ADD b int", "ALTER TABLE orders DROP COLUMN note"),
        app("SELECT note FROM orders"),
        app("SELECT a, b FROM orders"),
    )
    assert [one.deploy.value for one in result.migrations] == ["before", "before", "after"]
    assert [one.new.after for one in result.migrations] == [Verdict.WORKS] * 3
    assert [(step.kind, step.migrations) for step in result.steps] == [
        (StepKind.MIGRATE, ("0001", "0002")),
        (StepKind.DEPLOY, ()),
        (StepKind.WAIT, ()),
        (StepKind.MIGRATE, ("0003",)),
    ]


def test_what_stands_in_the_wrong_order_is_said_to_be_moved() -> None:
    result = judge(
        ("ALTER TABLE orders DROP COLUMN note", "ALTER TABLE orders ADD a int"),
        app("SELECT note FROM orders"),
        app("SELECT a FROM orders"),
    )
    assert result.deploy is Deploy.SPLIT
    assert "Move 0001 behind 0002" in result.steps[0].text


def test_a_column_of_a_table_that_comes_later_is_not_held_against_the_migration_that_makes_the_table() -> None:
    result = judge(
        ("CREATE TABLE carts (id int)", "ALTER TABLE carts ADD owner int"),
        app(READ),
        app("SELECT id, owner FROM carts"),
    )
    assert [one.deploy.value for one in result.migrations] == ["before", "before"]
    assert [one.new.after for one in result.migrations] == [Verdict.WORKS] * 2


def test_what_no_migration_mends_is_listed_apart() -> None:
    result = judge("ALTER TABLE orders ADD a int", app("SELECT nowhere FROM orders"), app("SELECT b FROM orders"))
    assert [(one.version, one.message) for one in result.left] == [
        (Version.OLD, 'column "nowhere" does not exist'),
        (Version.NEW, 'column "b" does not exist'),
    ]
    assert [one.deploy.value for one in result.migrations] == ["either"]


def test_a_string_of_a_program_counts_only_where_it_names_a_table() -> None:
    strings = [
        Query(sql=sql, location=SourceLocation("a.py", 1), origin=Origin.LITERAL)
        for sql in ("SELECT a FROM elsewhere", "SELECT note FROM orders")
    ]
    result = judge("ALTER TABLE orders DROP COLUMN note", app(*strings), app(READ))
    assert dict(result.queries)[Version.OLD] == 1
    assert result.left == ()


def test_a_hole_in_the_text_makes_it_uncertain() -> None:
    hole = Query(sql="SELECT note FROM orders", location=SourceLocation("a.py", 1), partial=True)
    (one,) = judge("ALTER TABLE orders DROP COLUMN note", app(hole), app(READ)).migrations
    assert one.old.after is Verdict.UNKNOWN
    assert one.deploy is Deploy.AFTER


def test_a_value_that_an_old_reader_does_not_know_breaks_it_where_the_new_version_writes_it() -> None:
    place = SourceLocation("models.py", 7)
    reader = Query(
        sql="SELECT state FROM orders",
        location=place,
        origin=Origin.MODEL,
        expects=(Expectation(table="orders", column="state", location=place, labels=("new", "paid")),),
    )
    (one,) = judge("ALTER TYPE state ADD VALUE 'sent'", app(reader), app("UPDATE orders SET state = 'sent'")).migrations
    assert one.deploy is Deploy.SPLIT
    assert one.breakages[0].message == 'orders.state can be "sent" now, which its reader does not know'


def test_a_parameter_that_the_model_never_leaves_empty_minds_no_not_null() -> None:
    sql = "UPDATE orders SET note = CAST($1 AS text)"
    query = Query(sql=sql, location=SourceLocation("app.py", 1), origin=Origin.MODEL, never_null=(1,))
    (one,) = judge("ALTER TABLE orders ALTER note SET NOT NULL", app(query), app(READ)).migrations
    assert one.deploy is Deploy.EITHER


def test_null_breaks_an_old_reader_where_the_new_version_leaves_the_column_out() -> None:
    place = SourceLocation("models.py", 7)
    reader = Query(
        sql="SELECT total FROM orders",
        location=place,
        expects=(Expectation(table="orders", column="total", location=place, not_null=True),),
    )
    new = app("INSERT INTO orders (id) VALUES ($1)")
    (one,) = judge("ALTER TABLE orders ALTER total DROP NOT NULL", app(reader), new).migrations
    assert one.deploy is Deploy.SPLIT


def test_a_star_that_the_driver_keeps_prepared_is_a_risk_and_decides_nothing() -> None:
    star = Query(sql="SELECT * FROM users", location=SourceLocation("a.go", 1), origin=Origin.QUERY_FILE, prepared=True)
    (one,) = judge("ALTER TABLE users ADD nick text", app(star), app("SELECT nick FROM users")).migrations
    assert one.deploy is Deploy.BEFORE
    assert [(risk.weight, risk.message) for risk in one.breakages if risk.version is Version.OLD] == [
        (Weight.RISK, "cached plan must not change result type")
    ]


def test_the_line_that_takes_a_column_from_the_rows_of_a_star_is_named_when_the_star_loses_it_or_lacks_it() -> None:
    def reads(path: str, column: str) -> App:
        star = Query(sql="INSERT INTO orders (id, total) VALUES ($1, $2) RETURNING *", location=SourceLocation(path, 1))
        elsewhere = Mention(column, SourceLocation("other.py", 3), True)
        return app(star, words={column: (elsewhere, Mention(column, SourceLocation(path, 2), True))})

    (gone,) = judge("ALTER TABLE orders DROP COLUMN note", reads("a.py", "note"), app(READ)).migrations
    assert gone.deploy is Deploy.AFTER
    assert gone.breakages[0].location == SourceLocation("a.py", 2)
    (made,) = judge("ALTER TABLE orders ADD nick text", app(READ), reads("b.py", "nick")).migrations
    assert made.deploy is Deploy.BEFORE
    assert made.breakages[0].location == SourceLocation("b.py", 2)
    (other,) = judge("ALTER TABLE orders DROP COLUMN note", reads("a.py", "total"), app(READ)).migrations
    assert other.deploy is Deploy.EITHER


def test_a_constraint_that_the_program_names_in_its_error_handling_is_noticed_when_it_goes() -> None:
    words = {"orderspkey": (Mention("orders_pkey", SourceLocation("a.go", 9), True),)}
    (one,) = judge(
        "ALTER TABLE orders RENAME CONSTRAINT orders_pkey TO orders_key", app(READ, words=words), app(READ)
    ).migrations
    assert one.deploy is Deploy.AFTER
    assert one.breakages[0].location == SourceLocation("a.go", 9)


def test_a_migration_that_nobody_understands_leaves_the_order_open() -> None:
    (one,) = judge("DO $$ BEGIN EXECUTE current_setting('x.y'); END $$", app(READ), app(READ)).migrations
    assert one.deploy is Deploy.UNKNOWN
    assert one.not_understood


def test_the_body_of_a_trigger_can_break_the_app() -> None:
    schema = (
        SHOP
        + """
    CREATE FUNCTION log_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.legacy := 'y'; RETURN new; END $$;
    CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF new.legacy = 'y' THEN RETURN NULL; END IF; RETURN new; END $$;
    CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION look();
    DROP VIEW recent;
    """
    )
    same = app("INSERT INTO orders (id, total) VALUES ($1, $2)")
    (one,) = judge("ALTER TABLE orders DROP COLUMN legacy", same, same, schema).migrations
    assert one.old.after is Verdict.BREAKS
    assert str(one.breakages[0].through) == "public.look"


def test_a_migration_after_which_the_new_version_breaks_has_no_good_moment() -> None:
    same = app("SELECT note FROM orders")
    (one,) = judge("ALTER TABLE orders DROP COLUMN note", same, same).migrations
    assert one.deploy is Deploy.SPLIT
    assert one.why == 'The new version breaks after it (column "note" does not exist), whenever it runs.'


def test_a_version_without_queries_is_not_taken_for_one_that_minds_nothing() -> None:
    result = judge("ALTER TABLE orders DROP COLUMN note", app(), app(READ))
    (notice,) = result.notices
    assert notice.blocking


def test_a_missing_table_is_said_once_without_its_columns() -> None:
    (one,) = judge("DROP TABLE users", app("SELECT u.id, email FROM users u"), app(READ)).migrations
    assert [breakage.message for breakage in one.breakages] == ['relation "users" does not exist']


def test_a_text_that_could_not_be_read_and_names_what_goes_leaves_the_verdict_open() -> None:
    unread = Unread(location=SourceLocation("a.py", 4), reason="a quoted text has no end", text="SELECT note FROM ord")
    old = replace(app(READ), unread=(unread,))
    (one,) = judge("ALTER TABLE orders DROP COLUMN note", old, app(READ)).migrations
    assert one.old.after is Verdict.UNKNOWN
    assert one.deploy is Deploy.AFTER


def test_a_new_table_that_refers_to_rows_is_no_reason_to_wait() -> None:
    made = "CREATE TABLE carts (owner bigint REFERENCES users)"
    (one,) = judge(made, app("DELETE FROM users WHERE id = $1"), app("INSERT INTO carts VALUES ($1)")).migrations
    assert one.deploy is Deploy.BEFORE
    assert [(risk.weight, risk.help) for risk in one.breakages if risk.version is Version.OLD] == [
        (Weight.RISK, "once the new version has written to carts")
    ]


def test_a_query_that_a_migration_mends_is_not_held_against_it() -> None:
    new = app("INSERT INTO orders (id, total, cart) VALUES ($1, $2, $3)")
    made = "CREATE TABLE carts (id bigint PRIMARY KEY); ALTER TABLE orders ADD cart bigint UNIQUE REFERENCES carts"
    (one,) = judge(made, app(READ), new).migrations
    assert (one.new.before, one.new.after) == (Verdict.BREAKS, Verdict.WORKS)
    assert one.deploy is Deploy.BEFORE
