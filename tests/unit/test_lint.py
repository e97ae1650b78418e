"""How lint walks migrations: history, transactions, what is new, what a rollback undoes."""

from __future__ import annotations

from migrasafe.findings import Finding
from migrasafe.lint import LintOptions, LintResult, lint
from migrasafe.migrations.model import History, Migration, Part, TransactionMode
from migrasafe.rules.registry import RULES
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target

ONE, NONE, IMPLICIT = TransactionMode.ONE, TransactionMode.NONE, TransactionMode.IMPLICIT


def migration(sql: str, mode: TransactionMode = ONE, path: str = "m.sql") -> Migration:
    return Migration(id=path, path=path, parts=(Part(script=read_script(Source(path=path, text=sql)), wrapped=mode),))


def linted(*migrations: Migration, options: LintOptions | None = None) -> LintResult:
    by_default = [rule for rule in RULES if rule.default]
    return lint([History(layout="plain", root=".", migrations=migrations)], by_default, options or LintOptions())


def errors(result: LintResult) -> list[str]:
    return [finding.rule for finding in result.findings if finding.severity.value == "error"]


def only(result: LintResult) -> Finding:
    (finding,) = [one for one in result.findings if one.severity.value == "error"]
    return finding


def test_an_index_on_a_table_made_by_the_same_migration_is_fine() -> None:
    assert errors(linted(migration("CREATE TABLE t (a int); CREATE INDEX i ON t (a);"))) == []


def test_a_new_table_stays_new_when_it_is_renamed() -> None:
    sql = "CREATE TABLE a (x int); ALTER TABLE a RENAME TO b; CREATE INDEX i ON b (x);"
    assert errors(linted(migration(sql))) == []


def test_a_table_made_by_an_earlier_migration_is_in_use() -> None:
    result = linted(migration("CREATE TABLE t (a int);", path="1.sql"), migration("CREATE INDEX i ON t (a);"))
    assert errors(result) == ["create-index-without-concurrently"]


def test_independent_migrations_know_nothing_of_each_other() -> None:
    widen = "ALTER TABLE t ALTER COLUMN a TYPE text;"
    history = (migration("CREATE TABLE t (a varchar(5));", path="1.sql"), migration(widen, path="2.sql"))
    assert errors(linted(*history)) == []
    assert errors(linted(*history, options=LintOptions(independent=True))) == ["change-column-type"]


def test_history_is_not_reported() -> None:
    options = LintOptions(reported=lambda one: one.path == "2.sql")
    result = linted(migration("DROP TABLE a;", path="1.sql"), migration("DROP TABLE b;", path="2.sql"), options=options)
    assert [one.path for one in result.migrations] == ["2.sql"]


def test_a_lock_is_held_until_the_transaction_ends() -> None:
    sql = "ALTER TABLE a ADD COLUMN x int; SELECT count(*) FROM b;"
    assert errors(linted(migration(sql))) == ["work-while-lock-is-held"]
    assert errors(linted(migration(sql, NONE))) == []


def test_the_finding_says_which_line_took_the_lock() -> None:
    result = linted(migration("SELECT 1;\nALTER TABLE a ADD COLUMN x int;\nSELECT count(*) FROM b;"))
    assert "that line 2 took" in only(result).message


def test_commit_inside_the_script_ends_the_transaction_of_the_tool() -> None:
    assert errors(linted(migration("ALTER TABLE a ADD COLUMN x int; COMMIT; SELECT count(*) FROM b;"))) == []


def test_begin_in_the_script_opens_a_transaction() -> None:
    sql = "BEGIN; ALTER TABLE a ADD COLUMN x int; SELECT count(*) FROM b; COMMIT;"
    assert errors(linted(migration(sql, NONE))) == ["work-while-lock-is-held"]


def test_a_rollback_undoes_the_schema() -> None:
    sql = "BEGIN; CREATE TABLE t (a int); ROLLBACK; CREATE INDEX i ON t (a);"
    assert errors(linted(migration(sql, NONE))) == ["create-index-without-concurrently"]


def test_a_rollback_to_a_savepoint_undoes_what_came_after_it() -> None:
    sql = "SAVEPOINT s; CREATE TABLE t (a int); ROLLBACK TO s; CREATE INDEX i ON t (a);"
    assert errors(linted(migration(sql))) == ["create-index-without-concurrently"]


def test_concurrently_alone_in_a_file_sent_as_one_query_is_fine() -> None:
    one = "CREATE INDEX CONCURRENTLY i ON t (a);"
    assert errors(linted(migration(one, IMPLICIT))) == []
    assert errors(linted(migration(one + "SELECT 1;", IMPLICIT))) == ["cannot-run-in-transaction"]


def test_a_body_may_commit_where_its_statement_is_all_that_is_sent():
    body = "DO $$ BEGIN COMMIT; END $$;"
    assert errors(linted(migration(body, IMPLICIT))) == []
    assert errors(linted(migration(body + "SELECT 1;", IMPLICIT))) == ["cannot-run-in-transaction"]


def test_lock_timeout_set_before_silences_the_warning() -> None:
    for setting in ("SET lock_timeout = '2s'", "SET LOCAL lock_timeout TO 2000"):
        assert linted(migration(f"{setting}; ALTER TABLE a ADD COLUMN x int;")).findings == ()


def test_set_local_outside_a_transaction_has_no_effect() -> None:
    result = linted(migration("SET LOCAL lock_timeout = '2s'; ALTER TABLE a ADD COLUMN x int;", NONE))
    assert [one.rule for one in result.findings] == ["set-local-outside-transaction", "missing-lock-timeout"]


def test_a_statement_in_a_do_block_is_found_at_its_own_line() -> None:
    result = linted(migration("DO $$\nBEGIN\n  CREATE INDEX i ON t (a);\nEND $$;"))
    assert (only(result).place.line, only(result).place.column) == (3, 3)


def test_an_action_of_an_alter_table_is_found_at_its_own_place() -> None:
    result = linted(migration("ALTER TABLE t\n  ADD COLUMN a int,\n  ADD CHECK (b > 0);"))
    assert (only(result).place.line, only(result).place.column) == (3, 3)


def test_the_proof_of_a_not_null_must_be_about_its_column() -> None:
    table = migration("CREATE TABLE t (a int, b int);", path="0.sql")

    def check(expression: str) -> list[str]:
        proof = migration(f"ALTER TABLE t ADD CONSTRAINT c CHECK ({expression}) NOT VALID;", path="1.sql")
        valid = migration("ALTER TABLE t VALIDATE CONSTRAINT c;", path="2.sql")
        return errors(linted(table, proof, valid, migration("ALTER TABLE t ALTER COLUMN a SET NOT NULL;")))

    assert check("a IS NOT NULL") == []
    assert check("a IS NOT NULL AND a > 0") == []
    assert check("b IS NOT NULL") == ["set-not-null-by-full-scan"]
    assert check("a > 0") == ["set-not-null-by-full-scan"]


def test_a_small_table_is_not_busy() -> None:
    from msgspec import structs

    from migrasafe.schema.load import schema_from_script
    from migrasafe.schema.model import Ref

    schema = schema_from_script(read_script(Source(path="", text="CREATE TABLE t (a int);")))
    table = schema.table(Ref("public", "t"))
    assert table is not None
    small = structs.replace(schema, relations=schema.relations.insert(table.ref, structs.replace(table, rows=10.0)))
    index = migration("CREATE INDEX i ON t (a);")
    assert errors(linted(index, options=LintOptions(schema=small))) == ["create-index-without-concurrently"]
    busy = LintOptions(schema=small, target=Target(busy_rows=1000))
    assert errors(linted(index, options=busy)) == []


def test_what_is_temporary_is_gone_in_the_next_migration() -> None:
    made = migration("CREATE TABLE orders (id int)")
    hidden = migration("CREATE TEMP TABLE orders (id int); CREATE INDEX copied ON orders (id)")
    assert errors(linted(made, hidden)) == []
    assert errors(linted(made, hidden, migration("CREATE INDEX orders_by_id ON orders (id)"))) == [
        "create-index-without-concurrently"
    ]
