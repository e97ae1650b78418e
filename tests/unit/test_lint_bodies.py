"""Code that a migration runs: DO blocks, functions that it calls, triggers that it fires."""

from __future__ import annotations

from migrasafe.findings import Finding, FixKind
from migrasafe.migrations.model import TransactionMode
from tests.unit.test_lint import errors, linted, migration

NONE = TransactionMode.NONE

MAKES_INDEX = """
CREATE FUNCTION make_index(tab text, col text DEFAULT 'id') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE INDEX %I ON %I (%I)', tab || '_idx', tab, col);
END $$;
"""


def findings(*scripts: str, mode: TransactionMode = TransactionMode.ONE) -> tuple[Finding, ...]:
    """Of the last script; those before are history."""
    return linted(*(migration(sql, mode, path=f"{n}.sql") for n, sql in enumerate(scripts))).migrations[-1].findings


def rules(*scripts: str, mode: TransactionMode = TransactionMode.ONE) -> list[str]:
    return [one.rule for one in findings(*scripts, mode=mode) if one.severity.value == "error"]


def test_a_function_that_is_called_is_checked_with_its_arguments() -> None:
    [found] = findings(MAKES_INDEX, "\nSELECT make_index('orders');")
    assert found.rule == "create-index-without-concurrently"
    assert found.objects == ("public.orders",)
    assert (found.place.path, found.place.line) == ("1.sql", 2)
    assert "in make_index(), which is called here" in found.message
    assert found.fix.kind is not FixKind.EDIT


def test_a_function_that_is_only_made_runs_nothing() -> None:
    assert rules(MAKES_INDEX) == []


def test_named_and_default_arguments_are_known() -> None:
    assert rules(MAKES_INDEX, "SELECT make_index(col => 'note', tab => 'orders')") == [
        "create-index-without-concurrently"
    ]


def test_what_a_function_does_with_unknown_arguments_is_reported_as_unknown() -> None:
    assert [one.rule for one in findings(MAKES_INDEX, "SELECT make_index(tablename) FROM pg_tables")] == [
        "statement-not-understood"
    ]


def test_procedures_and_functions_inside_functions_are_followed() -> None:
    outer = "CREATE PROCEDURE all_of_it() LANGUAGE plpgsql AS $$ BEGIN PERFORM make_index('orders'); END $$;"
    assert rules(MAKES_INDEX + outer, "CALL all_of_it()") == ["create-index-without-concurrently"]


def test_a_function_may_add_what_has_no_name_for_its_elements() -> None:
    sql = """
    CREATE FUNCTION go() RETURNS void LANGUAGE sql AS $$
      ALTER TABLE bookings ADD EXCLUDE USING gist (room WITH =, lower(at) WITH &&)
    $$;
    """
    assert "add-exclusion-constraint" in rules(sql, "SELECT go()")


def test_a_function_that_calls_itself_comes_to_an_end() -> None:
    sql = "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ SELECT f(); UPDATE orders SET a = 1 $$;"
    assert set(rules(sql, "SELECT f()")) == {"bulk-change-in-one-transaction"}


def test_a_stable_function_cannot_write() -> None:
    assert rules(MAKES_INDEX.replace("AS $$", "STABLE AS $$"), "SELECT make_index('orders')") == []


def test_the_last_definition_counts() -> None:
    harmless = "CREATE OR REPLACE FUNCTION make_index(tab text, col text DEFAULT 'id') RETURNS void LANGUAGE sql AS 'SELECT 1';"
    assert rules(MAKES_INDEX, harmless, "SELECT make_index('orders')") == []


def test_a_branch_that_the_server_decides_is_said_to_be_assumed() -> None:
    sql = "DO $$ BEGIN IF to_regclass('x') IS NULL THEN CREATE INDEX i ON orders (a); END IF; END $$"
    [found] = findings(sql)
    assert found.assumed[-1:] == ("the branch that it stands in is taken",)


def test_a_table_that_a_called_function_makes_is_known_afterwards() -> None:
    sql = (
        "CREATE FUNCTION make() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TABLE fresh (a int); END $$;"
        "SELECT make(); CREATE INDEX i ON fresh (a);"
    )
    assert rules(sql) == []


def test_triggers_fire_with_their_operation() -> None:
    setup = (
        "CREATE TABLE orders (id int PRIMARY KEY); CREATE TABLE log (a int);"
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF TG_OP = 'DELETE' THEN ALTER TABLE log ADD COLUMN b int NOT NULL DEFAULT random(); END IF; RETURN NULL; END $$;"
        "CREATE TRIGGER note AFTER INSERT OR DELETE ON orders FOR EACH STATEMENT EXECUTE FUNCTION note();"
    )
    assert rules(setup, "INSERT INTO orders VALUES (1)") == []
    assert rules(setup, "DELETE FROM orders WHERE id = 1") == ["add-column-with-volatile-default"]


def test_rows_that_a_trigger_changes_are_the_apps_own_business() -> None:
    setup = (
        "CREATE TABLE orders (id int PRIMARY KEY); CREATE TABLE totals (n int);"
        "CREATE FUNCTION count_up() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN UPDATE totals SET n = n + 1; RETURN NULL; END $$;"
        "CREATE TRIGGER t AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION count_up();"
    )
    assert findings(setup, "INSERT INTO orders VALUES (1)") == ()


def test_locks_of_a_do_block_are_held_until_its_end_without_a_transaction_too() -> None:
    sql = "DO $$ BEGIN ALTER TABLE orders ADD COLUMN a int; UPDATE users SET b = 1; END $$;"
    assert "work-while-lock-is-held" in rules(sql, mode=NONE)
    assert "work-while-lock-is-held" not in rules(sql.replace("UPDATE", "COMMIT; UPDATE"), mode=NONE)


def test_a_loop_that_changes_a_row_for_each_row_of_a_query_is_one_bulk_change() -> None:
    loop = "DO $$ DECLARE r record; BEGIN FOR r IN {} LOOP UPDATE orders SET a = 1 WHERE id = r.id;{} END LOOP; END $$"
    assert rules(loop.format("SELECT id FROM users", "")) == ["bulk-change-in-one-transaction"]
    assert rules(loop.format("SELECT id FROM users", " COMMIT;"), mode=NONE) == []
    assert rules(loop.format("SELECT id FROM users WHERE id = 7", "")) == []
    assert rules(loop.format("SELECT oid AS id FROM pg_class", "")) == []


def test_batches_that_commit_one_by_one_are_fine() -> None:
    sql = (
        "DO $$ DECLARE n int; BEGIN LOOP"
        " UPDATE orders SET a = 1 WHERE id IN (SELECT id FROM orders WHERE a IS NULL LIMIT 1000);"
        " GET DIAGNOSTICS n = ROW_COUNT; EXIT WHEN n = 0; COMMIT; END LOOP; END $$;"
    )
    assert rules(sql, mode=NONE) == []


def test_execute_ends_no_transaction() -> None:
    assert rules("DO $$ BEGIN EXECUTE 'COMMIT'; END $$", mode=NONE) == ["statement-not-understood"]


def test_calls_run_in_the_order_in_which_they_are_written() -> None:
    found = findings(MAKES_INDEX, "SELECT make_index('orders'), make_index('users')")
    built = [one.objects[0] for one in found if one.rule == "create-index-without-concurrently"]
    assert built == ["public.orders", "public.users"]


def test_several_tables_in_one_block_are_said_once() -> None:
    sql = (
        "DO $$ DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['a', 'b', 'c'] LOOP"
        " EXECUTE format('ALTER TABLE %I ADD COLUMN x int', t); END LOOP; END $$"
    )
    assert [one.rule for one in findings(sql)].count("locks-on-several-tables") == 1


def test_a_lock_timeout_that_set_config_sets_counts() -> None:
    add = "ALTER TABLE orders ADD COLUMN a int;"
    assert [one.rule for one in findings(add)] == ["missing-lock-timeout"]
    assert findings("SELECT set_config('lock_timeout', '2s', true);" + add) == ()
    assert findings("DO $$ BEGIN PERFORM set_config('lock_timeout', '2s', false); END $$;" + add) == ()
    assert len(findings("SELECT set_config('lock_timeout', '0', true);" + add)) == 1


def test_errors_of_migrations_in_plain_sql_stay_as_they_were() -> None:
    assert errors(linted(migration("CREATE INDEX i ON orders (a)"))) == ["create-index-without-concurrently"]
