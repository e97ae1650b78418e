"""Queries on a schema: which objects they use, what they show, what PostgreSQL would refuse."""

from __future__ import annotations

import pytest

from migrasafe.app.resolve import Ever, Resolution, Resolver, read_query
from migrasafe.app.resolve.values import How
from migrasafe.app.usage import Action, Certainty, ObjectKind
from migrasafe.schema.load import schema_from_script
from migrasafe.schema.model import ColumnRef, Ref, Schema
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source

SHOP = """
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, mood mood, age int);
CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users, total numeric NOT NULL, note text);
CREATE VIEW order_emails AS SELECT o.id, u.email FROM orders o JOIN users u ON u.id = o.user_id;
CREATE FUNCTION age_of(who bigint, unit text DEFAULT 'y') RETURNS int LANGUAGE sql
    AS 'SELECT age FROM users WHERE id = who';
"""


def schema(sql: str = SHOP) -> Schema:
    return schema_from_script(read_script(Source(path="", text=sql)))


def resolved(query: str, on: str = SHOP, ever: Ever | None = None) -> Resolution:
    return Resolver(schema(on), ever).resolve(read_query(query))


def columns(resolution: Resolution, *actions: Action) -> set[str]:
    """`table.column` of what is used directly."""
    return {
        f"{use.object.name}.{use.name}"
        for use in resolution.uses
        if use.kind is ObjectKind.COLUMN and use.object and use.through is None and use.action in (actions or Action)
    }


def messages(resolution: Resolution) -> list[str]:
    return [problem.message for problem in resolution.problems]


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("SELECT u.email FROM users AS u", "users.email"),
        ("SELECT e FROM users AS u (i, e)", "users.email"),
        ("SELECT email FROM users JOIN orders USING (id)", "users.email users.id orders.id"),
        ("SELECT total FROM orders WHERE EXISTS (SELECT FROM users WHERE id = user_id)",
         "orders.total users.id orders.user_id"),
        ("WITH old AS (DELETE FROM orders WHERE id = $1 RETURNING total) SELECT total FROM old",
         "orders.id orders.total"),
        ("SELECT c.n FROM users u, LATERAL (SELECT count(*) FROM orders o WHERE o.user_id = u.id) AS c (n)",
         "orders.user_id users.id"),
        ("SELECT total AS email FROM orders ORDER BY email", "orders.total"),
        ("SELECT public.users.email FROM public.users", "users.email"),
        ("SELECT x.sum FROM (SELECT sum(total) FROM orders GROUP BY user_id) AS x", "orders.total orders.user_id"),
        ("WITH RECURSIVE up (n) AS (SELECT id FROM orders UNION SELECT user_id FROM orders, up WHERE id = n) TABLE up",
         "orders.id orders.user_id"),
        ("SELECT id FROM order_emails", "order_emails.id"),
    ],
)  # fmt: skip
def test_a_column_that_a_query_reads_is_found_through_every_kind_of_name(query: str, read: str) -> None:
    found = resolved(query)
    assert columns(found, Action.READS) == set(read.split())
    assert messages(found) == []


def test_a_star_reads_every_column_and_shows_all_with_their_types() -> None:
    found = resolved("SELECT * FROM users")
    assert found.star
    assert columns(found) == {"users.id", "users.email", "users.mood", "users.age"}
    assert found.outputs is not None
    assert [(output.name, output.type.name if output.type else None) for output in found.outputs] == [
        ("id", "int8"),
        ("email", "text"),
        ("mood", "mood"),
        ("age", "int4"),
    ]


def test_what_a_view_reads_is_used_through_the_view() -> None:
    through = {
        (use.object, use.name)
        for use in resolved("SELECT email FROM order_emails").uses
        if use.through == Ref("public", "order_emails") and use.name
    }
    assert through == {
        (Ref("public", "users"), "id"),
        (Ref("public", "users"), "email"),
        (Ref("public", "orders"), "id"),
        (Ref("public", "orders"), "user_id"),
    }


def test_the_body_of_a_function_that_is_called_counts() -> None:
    through = {use.name for use in resolved("SELECT age_of(1)").uses if use.through == Ref("public", "age_of")}
    assert {"age", "id"} <= through


def test_the_body_of_a_trigger_that_an_insert_fires_counts() -> None:
    with_trigger = (
        SHOP
        + """
        CREATE FUNCTION check_total() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE least numeric;
        BEGIN
          SELECT min(total) INTO least FROM orders;
          IF new.legacy THEN new.note := least; END IF;
          RETURN new;
        END $$;
        CREATE TRIGGER t BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION check_total();
        """
    )
    found = resolved("INSERT INTO orders (id, total) VALUES (1, 2)", with_trigger)
    assert messages(found) == ["column new.legacy does not exist"]
    assert found.problems[0].through == Ref("public", "check_total")


def test_an_insert_says_which_columns_it_fills() -> None:
    (named,) = resolved("INSERT INTO orders (id, total) VALUES ($1, $2)").insertions
    (positional,) = resolved("INSERT INTO orders VALUES ($1, $2, $3)").insertions
    assert (named.how, named.columns, named.width) == (How.NAMED, ("id", "total"), 2)
    assert (positional.how, positional.columns) == (How.POSITIONAL, ("id", "user_id", "total"))


def test_a_merge_is_walked_in_all_of_its_parts() -> None:
    found = resolved(
        "MERGE INTO orders o USING users u ON o.user_id = u.id WHEN MATCHED AND u.age > 1 THEN UPDATE SET note = u.email"
        " WHEN NOT MATCHED THEN INSERT (id, total) VALUES (u.id, 0)"
    )
    assert columns(found, Action.READS) == {"orders.user_id", "users.id", "users.age", "users.email"}
    assert columns(found, Action.WRITES) == {"orders.note"}
    assert found.insertions[0].columns == ("id", "total")


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT nick FROM users", 'column "nick" does not exist'),
        ("SELECT u.nick FROM users u", "column u.nick does not exist"),
        ("UPDATE users SET nick = 1", 'column "nick" of relation "users" does not exist'),
        ("INSERT INTO users (nick) VALUES (1)", 'column "nick" of relation "users" does not exist'),
        ("SELECT * FROM users JOIN orders USING (email)",
         'column "email" specified in USING clause does not exist in right table'),
        ("SELECT id FROM users, orders", 'column reference "id" is ambiguous'),
        ("SELECT x.id FROM users", 'missing FROM-clause entry for table "x"'),
        ("SELECT age_of(1, 'y', 2)", "function age_of(integer, unknown, integer) does not exist"),
        ("SELECT 1 FROM users WHERE mood = 'angry'", 'invalid input value for enum mood: "angry"'),
        ("SELECT 1 FROM users WHERE mood IN ('sad', 'angry')", 'invalid input value for enum mood: "angry"'),
        ("UPDATE users SET mood = 'angry'", 'invalid input value for enum mood: "angry"'),
        ("SELECT 1 FROM users WHERE email = 5", "operator does not exist: text = integer"),
        ("UPDATE users SET age = email", 'column "age" is of type integer but expression is of type text'),
        ("SELECT 1 FROM users WHERE age = 'abc'", 'invalid input syntax for type integer: "abc"'),
        ("SELECT nextval('orders_id_seq')", 'relation "orders_id_seq" does not exist'),
        ("SELECT 'public.nothing'::regclass", 'relation "public.nothing" does not exist'),
        ("INSERT INTO users VALUES (1, 'a', 'sad', 3, 4)", "INSERT has more expressions than target columns"),
        ("INSERT INTO users (id, email) VALUES (1, 'a') ON CONFLICT (age) DO NOTHING",
         "there is no unique or exclusion constraint matching the ON CONFLICT specification"),
        ("INSERT INTO users (id, email) VALUES (1, 'a') ON CONFLICT ON CONSTRAINT u DO NOTHING",
         'constraint "u" for table "users" does not exist'),
    ],
)  # fmt: skip
def test_what_postgresql_would_refuse_is_said_in_its_words(query: str, message: str) -> None:
    assert messages(resolved(query)) == [message]


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO users (id, email) VALUES (1, 'a') ON CONFLICT (email) DO UPDATE SET age = excluded.age",
        "INSERT INTO users (id, email) VALUES (1, 'a') ON CONFLICT ON CONSTRAINT users_email_key DO NOTHING",
        "SELECT to_jsonb(u), (u).email, u.ctid FROM users u",
        "SELECT * FROM json_to_recordset('[]') AS r (a int, b text) WHERE r.a > 1 AND b = 'x'",
        "SELECT d.value, d.key FROM users, jsonb_each(to_jsonb(users)) AS d",
        "SELECT n, i FROM unnest(ARRAY[1, 2]) WITH ORDINALITY AS t (n, i)",
        "INSERT INTO users (id, email) SELECT 1, * FROM unnest($1::text[]) AS t (email)",
        "SELECT w.lexeme, w.positions FROM unnest(to_tsvector('x')) AS w",
        "SELECT relname FROM pg_class WHERE relkind = 'r'",
        "SELECT j.total FROM (users JOIN orders ON user_id = users.id) AS j",
        "SELECT 1 FROM users WHERE mood = $1 AND age = ANY ($2) AND email LIKE '%x'",
    ],
)
def test_a_query_that_runs_is_not_complained_of(query: str) -> None:
    found = resolved(query)
    assert messages(found) == []
    assert found.opaque == ""


def test_a_table_that_nobody_knows_is_reported_as_unknown_not_as_gone() -> None:
    found = Resolver(Schema()).resolve(read_query("SELECT a FROM elsewhere"))
    assert {use.certainty for use in found.uses} == {Certainty.UNKNOWN}
    assert [problem.certain for problem in found.problems] == [False]


def test_a_table_that_the_history_had_is_known_to_be_gone() -> None:
    gone = Ref("public", "elsewhere")
    ever = Ever(relations=frozenset({gone}), columns=frozenset({ColumnRef(gone, "a")}))
    found = Resolver(Schema(), ever).resolve(read_query("SELECT a FROM elsewhere"))
    assert next(problem.certain for problem in found.problems)
    assert 'relation "elsewhere" does not exist' in messages(found)


def test_sql_that_cannot_be_read_is_said_to_be_opaque() -> None:
    assert resolved("SELECT FROM WHERE").opaque == 'syntax error at or near "WHERE"'
    assert "not followed" in resolved("ALTER TABLE users ADD x int").opaque


def test_thousands_of_terms_and_unions_are_walked() -> None:
    assert columns(resolved("SELECT " + " || ".join(["email"] * 3000) + " FROM users")) == {"users.email"}
    assert columns(resolved(" UNION ALL ".join(["SELECT id FROM users"] * 1500))) == {"users.id"}


def test_a_call_that_two_functions_answer_equally_well_is_noticed() -> None:
    two = """
    CREATE FUNCTION finish(id int, at timestamptz) RETURNS void LANGUAGE sql AS 'SELECT';
    CREATE FUNCTION finish(id int, remove bool) RETURNS void LANGUAGE sql AS 'SELECT';
    CREATE FUNCTION start(id int, note text) RETURNS void LANGUAGE sql AS 'SELECT';
    CREATE FUNCTION start(id int, remove bool) RETURNS void LANGUAGE sql AS 'SELECT';
    """
    assert messages(resolved("SELECT finish($1, $2)", two)) == ["function finish(unknown, unknown) is not unique"]
    assert messages(resolved("SELECT finish($1, true), start($1, $2)", two)) == []


def test_a_constant_in_insert_select_takes_the_type_of_its_column() -> None:
    assert messages(resolved("INSERT INTO users (id, email, mood) SELECT id, 'a', 'sad' FROM orders")) == []
    assert messages(resolved("INSERT INTO users (id, email, mood) SELECT id, 'a', 'x' FROM orders")) == [
        'invalid input value for enum mood: "x"'
    ]
