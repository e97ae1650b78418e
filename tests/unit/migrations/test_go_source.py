"""The SQL that a Go migration executes, at the positions of the Go file."""

from __future__ import annotations

from migrasafe.migrations.formats.go_source import read_go
from migrasafe.sql.source import Source

FRAME = """package migrations

func init() {{ goose.AddMigrationContext(up, down) }}

func up(ctx context.Context, tx *sql.Tx) error {{
{body}
    return nil
}}

func down(ctx context.Context, tx *sql.Tx) error {{
    _, err := tx.Exec("DROP TABLE orders")
    return err
}}
"""


def go(body):
    return read_go(Source(path="1_x.go", text=FRAME.format(body=body)))


def sql(found):
    return [" ".join(found.source.text[begin:end].split()) for begin, end in found.sections]


def test_literals_of_the_up_function_are_read_and_those_of_the_down_function_are_not():
    found = go(
        '    tx.Exec(`CREATE TABLE orders (id int)`)\n    tx.ExecContext(ctx, "ALTER TABLE \\"orders\\" ADD n int")'
    )
    assert sql(found) == ["CREATE TABLE orders (id int)", 'ALTER TABLE "orders" ADD n int']
    assert found.notices == ()
    assert len(found.source.text) == len(FRAME.format(body="")) + len(
        '    tx.Exec(`CREATE TABLE orders (id int)`)\n    tx.ExecContext(ctx, "ALTER TABLE \\"orders\\" ADD n int")'
    )


def test_literals_that_are_joined_are_one_text():
    assert sql(go('    tx.Exec("ALTER TABLE orders" +\n        " ADD n int")')) == ["ALTER TABLE orders ADD n int"]


def test_a_name_that_is_given_one_literal_stands_for_it():
    assert sql(go("    const query = `SELECT 1`\n    tx.Exec(query)")) == ["SELECT 1"]


def test_a_commented_out_call_is_not_read():
    assert sql(go('    // tx.Exec("DROP TABLE orders")')) == []


def test_sql_that_is_put_together_when_it_runs_blocks_at_its_line():
    (notice,) = go('    tx.Exec(fmt.Sprintf("DROP TABLE %s", name))').notices
    assert (notice.line, notice.blocking) == (6, True)


def test_a_function_that_gets_the_transaction_blocks():
    (notice,) = go("    backfill(ctx, tx)").notices
    assert notice.blocking


def test_a_migration_registered_without_a_transaction_says_so():
    text = FRAME.format(body="").replace("AddMigrationContext", "AddMigrationNoTxContext")
    assert not read_go(Source(path="1_x.go", text=text)).in_transaction
