"""`lint --fix` and `--diff`: what they change in the files of each migration tool, and that all else stays as it was."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from migrasafe.cli.commands import cli

TABLE = "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n"
INDEX = "CREATE INDEX orders_note ON orders (note);\n"
FIXED = "CREATE INDEX CONCURRENTLY orders_note ON orders (note);\n"
FORMATTED = "--liquibase formatted sql\n"

# Layout: the files before, and those that are different afterwards (None: nothing can be done in a file).
LAYOUTS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "plain": ({"1.sql": TABLE, "2.sql": INDEX}, {"2.sql": FIXED}),
    "diesel": (
        {"1_a/up.sql": TABLE, "1_a/down.sql": "", "2_b/up.sql": INDEX, "2_b/down.sql": ""},
        {"2_b/up.sql": FIXED, "2_b/metadata.toml": "run_in_transaction = false\n"},
    ),
    "goose": (
        {
            "1_a.sql": f"-- +goose Up\n{TABLE}-- +goose Down\nDROP TABLE orders;\n",
            "2_b.sql": f"-- why\n-- +goose Up\n{INDEX}\n-- +goose Down\nDROP INDEX orders_note;\n",
        },
        {
            "2_b.sql": "-- why\n-- +goose NO TRANSACTION\n-- +goose Up\n"
            f"{FIXED}\n-- +goose Down\nDROP INDEX orders_note;\n"
        },
    ),
    "dbmate": (
        {
            "1_a.sql": f"-- migrate:up\n{TABLE}-- migrate:down\n",
            "2_b.sql": f"-- migrate:up\n{INDEX}-- migrate:down\nDROP INDEX orders_note;\n",
        },
        {"2_b.sql": f"-- migrate:up transaction:false\n{FIXED}-- migrate:down\nDROP INDEX orders_note;\n"},
    ),
    "sql-migrate": (
        {"1-a.sql": f"-- +migrate Up\n{TABLE}", "2-b.sql": f"-- +migrate Up \n{INDEX}-- +migrate Down\n"},
        {"2-b.sql": f"-- +migrate Up notransaction \n{FIXED}-- +migrate Down\n"},
    ),
    "sqlx": (
        {"1_a.sql": TABLE, "2_b.sql": INDEX, "3_c.sql": "-- no-transaction\nSELECT 1;\n"},
        {"2_b.sql": f"-- no-transaction\n{FIXED}"},
    ),
    "flyway": ({"V1__a.sql": TABLE, "V2__b.sql": INDEX}, {"V2__b.sql": FIXED}),
    "golang-migrate": ({"1_a.up.sql": TABLE, "2_b.up.sql": INDEX}, {"2_b.up.sql": FIXED}),
    "prisma": ({"1_a/migration.sql": TABLE, "2_b/migration.sql": INDEX}, {"2_b/migration.sql": FIXED}),
    "liquibase": (
        {
            "a.sql": f"{FORMATTED}--changeset me:1\n{TABLE}",
            "b.sql": f"{FORMATTED}--changeset me:2 labels:x\n{INDEX}--rollback DROP INDEX orders_note;\n",
        },
        {
            "b.sql": f"{FORMATTED}--changeset me:2 labels:x runInTransaction:false\n{FIXED}"
            "--rollback DROP INDEX orders_note;\n"
        },
    ),
    "drizzle": (
        {
            "meta/_journal.json": '{"entries": [{"idx": 0, "tag": "0000_a"}, {"idx": 1, "tag": "0001_b"}]}',
            "0000_a.sql": TABLE,
            "0001_b.sql": INDEX,
        },
        {},
    ),
    "pop": ({"1_a.up.sql": TABLE, "2_b.up.sql": INDEX}, {}),
}


def lint(*arguments: str) -> int:
    status = cli.main(["lint", *arguments], standalone_mode=False)
    assert isinstance(status, int)
    return status


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(text.encode())


def content(folder: Path) -> dict[str, bytes]:
    return {str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


@pytest.fixture
def db(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    (tmp_path / "db").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "db"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_fix_says_without_a_transaction_in_the_words_of_the_tool(layout, line_end, db):
    before, expected = (
        {name: text.replace("\n", line_end) for name, text in files.items()} for files in LAYOUTS[layout]
    )
    write(db, before)
    rule = ["--select", "create-index-without-concurrently", "--layout", layout]
    assert lint("db", *rule) == 1
    status = lint("db", "--fix", *rule)
    assert content(db) == {name: text.encode() for name, text in {**before, **expected}.items()}
    assert status == (0 if expected else 1)
    assert lint("db", "--fix", *rule) == status
    assert content(db) == {name: text.encode() for name, text in {**before, **expected}.items()}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_diff_is_what_a_fix_would_change_and_changes_nothing(layout, db, capsys):
    before, expected = LAYOUTS[layout]
    write(db, before)
    assert lint("db", "--diff", "--select", "create-index-without-concurrently", "--layout", layout) == 1
    assert content(db) == {name: text.encode() for name, text in before.items()}
    diff = capsys.readouterr().out
    assert bool(diff) == bool(expected)
    if diff:
        subprocess.run(["git", "apply", "-p1", "--unsafe-paths", "-"], input=diff, text=True, check=True, cwd=db.parent)
    assert content(db) == {name: text.encode() for name, text in {**before, **expected}.items()}


def test_a_file_keeps_its_byte_order_mark_its_mode_and_its_link(db):
    real = db.parent / "real.sql"
    real.write_bytes(b"\xef\xbb\xbf" + f"-- für alle\r\n{INDEX}".encode())
    real.chmod(0o640)
    (db / "1.sql").write_text(TABLE)
    (db / "2.sql").symlink_to(real)
    assert lint("db", "--fix") == 0
    assert real.read_bytes() == b"\xef\xbb\xbf" + f"-- für alle\r\n{FIXED}".encode()
    assert (real.stat().st_mode & 0o777, (db / "2.sql").is_symlink()) == (0o640, True)
    assert sorted(one.name for one in db.iterdir()) == ["1.sql", "2.sql"]


def test_a_setting_that_says_otherwise_is_left_alone(db, capsys):
    files, _ = LAYOUTS["diesel"]
    write(db, {**files, "2_b/metadata.toml": "run_in_transaction = true\n"})
    before = content(db)
    assert lint("db", "--fix") == 1
    assert content(db) == before
    assert "Nothing to fix." in capsys.readouterr().err


def test_other_settings_of_a_migration_stay(db):
    files, fixed = LAYOUTS["diesel"]
    write(db, {**files, "2_b/metadata.toml": "[other]\nx = 1\n"})
    assert lint("db", "--fix") == 0
    assert (db / "2_b/metadata.toml").read_text() == "run_in_transaction = false\n[other]\nx = 1\n"
    assert (db / "2_b/up.sql").read_text() == fixed["2_b/up.sql"]


def test_statements_that_belong_together_are_not_torn_apart(db):
    write(
        db,
        {
            "1.sql": TABLE,
            "2.sql": f"BEGIN;\nSET LOCAL lock_timeout = '1s';\nALTER TABLE orders ADD b int;\n{INDEX}COMMIT;\n",
        },
    )
    before = content(db)
    assert lint("db", "--fix") == 1
    assert content(db) == before


def test_several_statements_of_a_file_are_fixed_together_and_comments_stay(db):
    write(
        db,
        {
            "1_a.sql": f"-- +goose Up\n{TABLE}CREATE INDEX orders_old ON orders (note);\n",
            "2_b.sql": "-- +goose Up\ncreate index a on orders /* both */ (note) ; -- first\n\tDROP   INDEX orders_old;",
        },
    )
    assert lint("db", "--fix") == 0
    assert (db / "2_b.sql").read_text() == (
        "-- +goose NO TRANSACTION\n-- +goose Up\n"
        "create index concurrently a on orders /* both */ (note) ; -- first\n\tDROP   INDEX CONCURRENTLY orders_old;"
    )


def test_what_is_allowed_is_not_fixed(db):
    write(
        db,
        {
            "1.sql": TABLE,
            "2.sql": f"-- migrasafe: allow create-index-without-concurrently because it is small\n{INDEX}",
        },
    )
    before = content(db)
    assert lint("db", "--fix") == 0
    assert content(db) == before


def test_a_lock_timeout_is_set_above_the_statement_as_it_is_indented(db):
    write(db, {"1_a.sql": f"-- migrate:up\n{TABLE}", "2_b.sql": "-- migrate:up\n  alter table orders add b int;\n"})
    assert lint("db", "--fix", "--layout", "dbmate") == 0
    assert (db / "2_b.sql").read_text() == (
        "-- migrate:up\n  set local lock_timeout = '2s';\n  alter table orders add b int;\n"
    )
    before = content(db)
    assert lint("db", "--fix", "--layout", "dbmate", "--fail-on", "info") == 0
    assert content(db) == before


def test_a_file_that_changes_meanwhile_is_not_overwritten(db, monkeypatch):
    from migrasafe.cli.lint import changed_files
    from migrasafe.errors import InputError

    write(db, {"1.sql": TABLE, "2.sql": INDEX})
    files = [changed_files.ChangedFile(path=str(db / "2.sql"), before="other", after=FIXED)]
    with pytest.raises(
        InputError, match=r"2\.sql: has changed while it was looked at \(nothing is changed\); run again"
    ):
        changed_files.write_changed(files)
    assert (db / "2.sql").read_text() == INDEX
    assert sorted(one.name for one in db.iterdir()) == ["1.sql", "2.sql"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["db", "--fix", "--diff"], "--fix and --diff exclude each other: give one of them"),
        (["-", "--fix"], "--fix and --diff are about files: give their paths instead of -"),
    ],
)
def test_what_cannot_be_fixed_is_said_in_one_sentence(arguments, complaint, db):
    from migrasafe.errors import InputError

    with pytest.raises(InputError) as refused:
        lint(*arguments)
    assert str(refused.value) == complaint


def test_steps_have_the_placeholders_of_the_author(db, capsys):
    users = '{{ index .Options "Namespace" }}.users'
    files = {
        "1_a.up.sql": f"CREATE TABLE {users} (id bigint PRIMARY KEY, age int);\n",
        "2_b.up.sql": f"alter table {users} add constraint adult check (age > 17);\nDROP INDEX {users.replace('users', 'i')};\n",
    }
    write(db, files)
    assert lint("db", "--layout", "pop", "--select", "add-check-without-not-valid") == 1
    printed = capsys.readouterr().out
    assert f"    alter table {users} add constraint adult check (age > 17) NOT VALID;\n" in printed
    assert f"    ALTER TABLE {users} VALIDATE CONSTRAINT adult;\n" in printed


def test_an_index_if_not_exists_is_dropped_before_where_a_failed_build_left_it(db, capsys):
    write(db, {"1_a.up.sql": TABLE, "2_b.up.sql": INDEX.replace("INDEX", "INDEX IF NOT EXISTS")})
    before = content(db)
    assert lint("db", "--layout", "golang-migrate", "--fix", "--select", "create-index-without-concurrently") == 1
    assert content(db) == before
    printed = capsys.readouterr().out
    assert (
        "    -- 1. a migration of its own, without a transaction (golang-migrate: nothing else in the file)\n"
        "    DROP INDEX CONCURRENTLY IF EXISTS orders_note;\n"
        "    -- 2. a migration of its own, without a transaction (golang-migrate: nothing else in the file)\n"
        "    CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_note ON orders (note);\n"
    ) in printed
