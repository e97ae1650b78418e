"""Rails migrations become the SQL that Active Record sends, each statement at the line of its operation; no Ruby runs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from migrasafe.migrations.model import History, Migration, Part, TransactionMode
from migrasafe.migrations.rails.read import read_schema
from migrasafe.migrations.read import read_history
from migrasafe.schema.compare import differences
from migrasafe.sql.parse import read_script
from migrasafe.sql.source import Source
from migrasafe.target import Target
from migrasafe.walk import schema_after

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "fixtures" / "active-record"


def project(folder: Path, *bodies: str, version: str = "7.1", head: str = "") -> History:
    """A project with one migration for each body of `change`."""
    (folder / "db/migrate").mkdir(parents=True, exist_ok=True)
    for number, body in enumerate(bodies, start=1):
        text = f"class M{number} < ActiveRecord::Migration[{version}]\n{head}  def change\n{body}\n  end\nend\n"
        (folder / f"db/migrate/{number:03}_m{number}.rb").write_text(text)
    (history,) = read_history([str(folder)])
    return history


def sent(history: History) -> list[str]:
    return [text for one in history.migrations for part in one.parts for text in part.script.texts]


def said(history: History) -> list[tuple[int, bool, str]]:
    return [(one.line, one.blocking, one.message) for migration in history.migrations for one in migration.notices]


def as_migration(statements: list[str]) -> Migration:
    source = Source(path="sent.sql", text=";\n".join(statements))
    return Migration(id="1", path="sent.sql", parts=(Part(script=read_script(source), wrapped=TransactionMode.NONE),))


def test_the_schema_is_the_one_that_active_record_makes() -> None:
    theirs = json.loads((REFERENCE / "sent.json").read_text())
    (ours,) = read_history([str(REFERENCE)])
    assert len(theirs) > 50
    assert said(ours) == []
    mine, made = schema_after(ours.migrations, Target()), schema_after([as_migration(theirs)], Target())
    assert differences(mine, made) == ()
    assert {"users", "orders", "bare"} <= {ref.name for ref in mine.relations}


def test_indexes_and_constraints_are_called_as_active_record_calls_them() -> None:
    theirs = " ".join(json.loads((REFERENCE / "sent.json").read_text()))
    (ours,) = read_history([str(REFERENCE)])
    made = " ".join(sent(ours))
    for word in {
        word.strip('"') for word in theirs.split() if word.strip('"').startswith(("fk_rails_", "chk_rails_", "index_"))
    }:
        assert word in made


def test_a_statement_stands_at_the_line_of_its_operation(tmp_path: Path) -> None:
    history = project(
        tmp_path, "    add_column :a, :b, :string\n\n    execute <<~SQL\n      SELECT 1;\n      SELECT 2;\n    SQL"
    )
    (script,) = (part.script for part in history.migrations[0].parts)
    assert [(one.line, text) for one, text in zip(script.origins or (), script.texts, strict=True)] == [
        (3, "ALTER TABLE a ADD COLUMN b character varying"),
        (6, "SELECT 1"),
        (7, "SELECT 2"),
    ]


@pytest.mark.parametrize(
    ("body", "sql"),
    [
        ("%w[a b].each { |t| add_column t, :x, :integer, limit: 8 }", "ALTER TABLE b ADD COLUMN x bigint"),
        ("remove_columns :a, *%i[b c]", "ALTER TABLE a DROP COLUMN b, DROP COLUMN c"),
        ("safety_assured { remove_column :a, :b }", "ALTER TABLE a DROP COLUMN b"),
        ('table = "a#{1}"\n add_column table, :x, :date', "ALTER TABLE a1 ADD COLUMN x date"),
        ("reversible do |dir|\n dir.up { execute 'SELECT 1' }\n dir.down { execute 'SELECT 2' }\n end", "SELECT 1"),
        ("remove_index :a, :b unless index_exists?(:a, :b)", "DROP INDEX index_a_on_b"),
        ("User.where(age: nil, admin: true).update_all(age: 1)", "UPDATE users SET age = 1 WHERE age IS NULL AND admin = TRUE"),
        ("Admin::LineItem.where.not(a: [1, 2]).delete_all", "DELETE FROM line_items WHERE NOT (a IN (1, 2))"),
        ("change_table(:a) { |t| t.belongs_to :b, index: false }", "ALTER TABLE a ADD COLUMN b_id bigint"),
        ('add_column :a, "Order", :text, default: "\\n"', "ALTER TABLE a ADD COLUMN \"Order\" text DEFAULT '\n'"),
        ("add_column :a, :b, :enum, enum_type: :mood, null: false", "ALTER TABLE a ADD COLUMN b mood NOT NULL"),
        ("add_column :a, :b, :datetime", "ALTER TABLE a ADD COLUMN b timestamp(6) without time zone"),
    ],
)  # fmt: skip
def test_what_a_line_of_ruby_sends(tmp_path: Path, body: str, sql: str) -> None:
    history = project(tmp_path, body)
    assert sent(history)[-1] == sql
    assert said(history) == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("User.find_each { |user| user.save! }", "what User.find_each { |user| user.save! } does with the rows"),
        ("add_column :a, name_of_it, :text", "add_column is not checked: the column is name_of_it"),
        ("execute File.read('x.sql')", "execute is not checked: the SQL is File.read('x.sql'), which only a run tells"),
        ("create_view :a, version: 2", "create_view is no operation of Rails that is known here: it is not checked"),
        ("Thing.all.each { |one| remove_column one, :b }", "is not followed: over what it loops is not known here"),
        ("while true\n add_column :a, :b, :text\n end", "is not followed: what it does is not known here"),
        ("add_column :a, :b", "the type of b cannot be read"),
        ("add_index", "is no operation of Rails"),
    ],
)
def test_what_only_a_run_would_tell_is_said(tmp_path: Path, body: str, why: str) -> None:
    ((_, blocking, message),) = said(project(tmp_path, body))
    assert (blocking, why in message) == (True, True), message


@pytest.mark.parametrize("body", ["rename_column :a, :b", "add_reference :a", "rename_index :a", "remove_reference :a"])
def test_an_operation_without_its_arguments_is_not_checked(tmp_path: Path, body: str) -> None:
    ((line, blocking, message),) = said(project(tmp_path, f"    {body}"))
    assert (line, blocking) == (3, True)
    assert "does not have the arguments that Rails takes" in message


def test_integers_are_those_of_ruby(tmp_path: Path) -> None:
    history = project(
        tmp_path, "    add_column :a, :b, :string, limit: 010\n    add_column :a, :c, :string, limit: 0d1_1"
    )
    assert [text.rpartition("varying")[2] for text in sent(history)] == ["(8)", "(11)"]
    ((_, blocking, _),) = said(project(tmp_path, "    add_column :a, :b, :string, limit: 09"))
    assert blocking


def test_a_condition_is_read_as_if_it_held_and_that_is_said(tmp_path: Path) -> None:
    history = project(tmp_path, "    drop_table :a if Rails.env.production?\n    drop_table :b if table_exists?(:b)")
    assert sent(history) == ["DROP TABLE a", "DROP TABLE b"]
    assert said(history) == [(3, False, "runs only if Rails.env.production?: read as if it did")]


def test_what_asks_for_a_table_that_was_made_is_answered(tmp_path: Path) -> None:
    install = "    create_table(:jobs) { |t| t.text :queue }"
    again = "    reversible { |dir| dir.up { return if connection.table_exists?(:jobs) } }\n    create_table :jobs"
    more = "    add_column :jobs, :queue, :text unless column_exists?(:jobs, :queue)\n    add_column :jobs, :at, :date"
    assert sent(project(tmp_path, install, again, more)) == [
        "CREATE TABLE jobs (id bigserial PRIMARY KEY, queue text)",
        "ALTER TABLE jobs ADD COLUMN at date",
    ]


def test_a_migration_can_be_without_a_transaction_and_the_project_can_set_lock_timeout(tmp_path: Path) -> None:
    (tmp_path / "config/initializers").mkdir(parents=True)
    (tmp_path / "config/initializers/strong_migrations.rb").write_text("StrongMigrations.lock_timeout = 10.seconds\n")
    history = project(tmp_path, "    drop_table :a", head="  disable_ddl_transaction!\n")
    (part,) = history.migrations[0].parts
    assert part.transaction is TransactionMode.NONE
    assert part.script.texts == ("SET lock_timeout = '10s'", "DROP TABLE a")


def test_broken_ruby_is_a_notice_and_no_traceback(tmp_path: Path) -> None:
    for number, text in enumerate(("class A < ActiveRecord::Migration[7.1]\n def change\n add_column(((", "puts 1\n")):
        folder = tmp_path / str(number) / "migrate"
        folder.mkdir(parents=True)
        (folder / "1_a.rb").write_text(text)
        (folder / "2_b.rb").write_text(
            "class B < ActiveRecord::Migration[7.1]\n  def change; drop_table :a; end\nend\n"
        )
        (history,) = read_history([str(folder)])
        assert [migration.notices[0].blocking for migration in history.migrations if migration.notices] == [True]


def test_schema_rb_is_a_schema(tmp_path: Path) -> None:
    text = (
        'ActiveRecord::Schema[7.1].define(version: 2024) do\n  create_table "orders", force: :cascade do |t|\n'
        '    t.bigint "user_id", null: false\n    t.index ["user_id"], name: "by_user"\n  end\n'
        '  add_foreign_key "orders", "users"\nend\n'
    )
    migration = read_schema(Source(path="db/schema.rb", text=text))
    (script,) = (part.script for part in migration.parts)
    assert script.texts[1] == "CREATE TABLE orders (id bigserial PRIMARY KEY, user_id bigint NOT NULL)"
    assert script.texts[2] == "CREATE INDEX by_user ON orders (user_id)"


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        ("structure.sql", "CREATE TABLE public.orders (id bigint NOT NULL, note text NOT NULL);\n"),
        ("schema.rb", 'ActiveRecord::Schema[7.1].define do\n create_table :orders do |t|\n  t.text :note, null: false\n end\nend\n'),
    ],
)  # fmt: skip
def test_with_since_the_schema_of_that_commit_is_what_new_migrations_start_from(
    tmp_path: Path, file: str, schema: str
) -> None:
    project(tmp_path, "    Legacy.build_everything")
    (tmp_path / "db" / file).write_text(schema)
    git(tmp_path, "init", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "shop")
    (tmp_path / "db/migrate/002_note.rb").write_text(
        "class Note < ActiveRecord::Migration[7.1]\n  disable_ddl_transaction!\n  def change\n"
        "    change_column_null :orders, :note, false\n"
        "    add_index :orders, :note\n  end\nend\n"
    )
    (tmp_path / "db" / file).write_text("-- as it is afterwards\n" if file.endswith(".sql") else "# later\n")
    command = [sys.executable, "-m", "migrasafe", "lint", "--since", "main", "--format", "json"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    found = json.loads(ran.stdout)
    assert [one["rule"] for one in found["findings"] if one["severity"] == "error"] == [
        "create-index-without-concurrently"
    ]
    assert [(one["path"], one["line"]) for one in found["findings"]][-1] == ("db/migrate/002_note.rb", 5)
    assert len(found["migrations"]) == 1
