"""What a move to another database refuses, asks, and never writes down."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.in_process import migrasafe

USERS = "CREATE TABLE users (id bigserial PRIMARY KEY, name text);\n"


def planned(folder: Path, schema: str, *words: str) -> tuple[int, str]:
    (folder / "schema.sql").write_text(schema, encoding="utf-8")
    done = migrasafe(folder, "plan", *words, "--schema", "schema.sql", "--out", "plan")
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ("CREATE TABLE users (name text);", "it has no primary key"),
        (USERS + "CREATE TABLE orders (user_id bigint REFERENCES users);", "public.orders refers to it"),
        (USERS + "CREATE VIEW names AS SELECT name FROM users;", "the view public.names reads it"),
        ("CREATE UNLOGGED TABLE users (id bigint PRIMARY KEY);", "it is UNLOGGED"),
        ("CREATE TABLE users (id int PRIMARY KEY) PARTITION BY RANGE (id);", "it is partitioned"),
        (USERS + "ALTER TABLE users REPLICA IDENTITY NOTHING;", "REPLICA IDENTITY is NOTHING"),
    ],
)
def test_a_table_that_replication_cannot_carry_is_refused_with_the_reason(
    tmp_path: Path, schema: str, said: str
) -> None:
    status, told = planned(tmp_path, schema, "move-to-database", "users", "archive")
    assert status == 2
    assert said in told


def test_the_password_of_the_other_database_is_written_nowhere(tmp_path: Path) -> None:
    status, told = planned(tmp_path, USERS, "move-to-database", "users", "postgresql://app:s3cret@there/archive")
    assert status == 0, told
    texts = [path.read_text(encoding="utf-8") for path in (tmp_path / "plan").iterdir()]
    assert not any("s3cret" in text for text in (told, *texts))
    assert any("postgresql://app@there/archive" in text for text in texts)


def test_a_migration_tool_cannot_run_what_goes_between_two_databases(tmp_path: Path) -> None:
    status, told = planned(tmp_path, USERS, "move-to-database", "users", "archive", "--format", "flyway")
    assert status == 2
    assert "--format flyway: a migration tool runs in one database" in told


def test_foreign_keys_and_triggers_that_stay_behind_are_asked_for(tmp_path: Path) -> None:
    schema = (
        USERS
        + "CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users);"
        + "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';"
        + "CREATE TRIGGER audited AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f();"
    )
    status, told = planned(tmp_path, schema, "move-to-database", "orders", "archive")
    assert status == 0, told
    runbook = (tmp_path / "plan" / "RUNBOOK.md").read_text(encoding="utf-8")
    assert "orders_user_id_fkey to public.users" in runbook
    assert "(audited)" in runbook
    assert "50_switch_b_on_new_database.sql …  # in the new database" in runbook


def test_only_a_plan_that_moves_a_table_has_rows_to_compare(tmp_path: Path) -> None:
    planned(tmp_path, USERS, "add", "users.age", "int")
    done = migrasafe(tmp_path, "compare", "plan", "--dsn", "host=/nowhere", "--other-dsn", "host=/nowhere")
    assert done.returncode == 2
    assert "moves no table to another database" in done.stderr
