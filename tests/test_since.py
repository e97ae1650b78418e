"""What git knows of migrations: which have shipped, which were edited since, which come too late."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """Migrations 1 and 3 are on main; a branch is checked out."""
    (tmp_path / "db").mkdir()
    (tmp_path / "db/V1__orders.sql").write_text("CREATE TABLE orders (id int);\n")
    (tmp_path / "db/V3__items.sql").write_text("CREATE TABLE items (id int);\n")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "shipped")
    git(tmp_path, "checkout", "-b", "topic")
    return tmp_path


def reported(folder: Path) -> list[dict[str, str]]:
    command = [sys.executable, "-m", "migrasafe", "lint", "db", "--since", "main", "--no-config", "--format", "json"]
    path = os.pathsep.join([str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path}
    )
    assert ran.stderr == ""
    findings: list[dict[str, str]] = json.loads(ran.stdout)["findings"]
    return findings


def found(folder: Path) -> list[tuple[str, str]]:
    return [(Path(one["path"]).name, one["rule"]) for one in reported(folder)]


def test_a_shipped_migration_with_other_statements_is_found(shipped: Path) -> None:
    (shipped / "db/V1__orders.sql").write_text("CREATE TABLE orders (id int, note text);\n")
    assert found(shipped) == [("V1__orders.sql", "shipped-migration-edited")]


def all_under(shipped: Path, folder: str, **texts: str) -> None:
    """Other migrations in the place of those of main."""
    git(shipped, "rm", "-r", "db")
    for name, text in texts.items():
        file = shipped / folder / name.replace("__", "/").replace("_sql", ".sql")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    git(shipped, "add", ".")
    git(shipped, "commit", "-m", "others")
    git(shipped, "branch", "-f", "main", "topic")


def test_comments_and_space_may_change_where_no_checksum_counts_them(shipped: Path) -> None:
    all_under(shipped, "db", **{"1_orders.up_sql": "CREATE TABLE orders (id int);\n"})
    (shipped / "db/1_orders.up.sql").write_text("-- what people order\nCREATE TABLE orders (\n  id int\n);\n")
    assert found(shipped) == []


def test_a_comment_in_a_shipped_migration_of_flyway_stops_flyway(shipped: Path) -> None:
    (shipped / "db/V1__orders.sql").write_text("-- what people order\nCREATE TABLE orders (id int);\n")
    assert found(shipped) == [("V1__orders.sql", "shipped-migration-edited")]


def test_a_migration_that_is_a_folder_is_called_by_its_folder(shipped: Path) -> None:
    all_under(shipped, "db", **{"20260101_users__migration_sql": "CREATE TABLE users (id int);\n"})
    (shipped / "db/20260101_users").rename(shipped / "db/20260102_users")
    git(shipped, "add", ".")
    (finding,) = reported(shipped)
    assert finding["rule"] == "shipped-migration-edited"
    assert "was in main as 20260101_users:" in finding["message"]


def test_a_folder_of_migrations_may_move(shipped: Path) -> None:
    (shipped / "db").rename(shipped / "old")
    (shipped / "db").mkdir()
    (shipped / "old").rename(shipped / "db/migrations")
    git(shipped, "add", ".")
    assert found(shipped) == []


def test_a_new_migration_before_a_shipped_one_is_found(shipped: Path) -> None:
    (shipped / "db/V2__notes.sql").write_text("CREATE TABLE notes (id int);\n")
    (shipped / "db/V4__tags.sql").write_text("CREATE TABLE tags (id int);\n")
    assert found(shipped) == [("V2__notes.sql", "late-migration")]


def test_migrations_that_run_whenever_they_change_may_be_edited(shipped: Path) -> None:
    view = shipped / "db/R__view.sql"
    view.write_text("CREATE OR REPLACE VIEW v AS SELECT id FROM orders;\n")
    git(shipped, "add", ".")
    git(shipped, "commit", "-m", "view")
    git(shipped, "branch", "-f", "main", "topic")
    view.write_text("CREATE OR REPLACE VIEW v AS SELECT id, 1 AS one FROM orders;\n")
    assert found(shipped) == []


def test_changesets_that_are_added_to_a_shipped_file_are_new(shipped: Path) -> None:
    log = shipped / "db/changes.sql"
    for one in (shipped / "db").glob("V*.sql"):
        one.unlink()
    text = "--liquibase formatted sql\n--changeset a:1\nCREATE TABLE orders (id int);\n"
    log.write_text(text)
    git(shipped, "add", "-A")
    git(shipped, "commit", "-m", "liquibase")
    git(shipped, "branch", "-f", "main", "topic")
    log.write_text(f"{text}--changeset a:2\nCREATE TABLE items (id int);\n")
    assert found(shipped) == []


def test_a_shipped_migration_under_another_name_is_found(shipped: Path) -> None:
    (shipped / "db/V1__orders.sql").rename(shipped / "db/V2__orders.sql")
    git(shipped, "add", ".")
    assert found(shipped) == [("V2__orders.sql", "shipped-migration-edited")]


def notices(folder: Path) -> list[str]:
    command = [sys.executable, "-m", "migrasafe", "lint", "db", "--since", "main", "--no-config", "--format", "json"]
    path = os.pathsep.join([str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(command, cwd=folder, capture_output=True, env={**os.environ, "PYTHONPATH": path}, check=False)
    return [one["message"] for one in json.loads(ran.stdout)["notices"]]


def test_a_repository_that_lacks_objects_says_what_git_says(shipped: Path) -> None:
    asked = ["git", "rev-parse", "HEAD:db/V1__orders.sql"]
    lost = subprocess.run(asked, cwd=shipped, capture_output=True, text=True, check=True).stdout.strip()
    (shipped / "db/V1__orders.sql").rename(shipped / "db/V2__orders.sql")
    (shipped / "db/V2__orders.sql").write_text("CREATE TABLE orders (id bigint);\n")
    git(shipped, "add", ".")
    (shipped / ".git/objects" / lost[:2] / lost[2:]).unlink()
    with pytest.raises(AssertionError, match=rf"git cannot tell what has changed in .*: .*{lost}"):
        found(shipped)


def test_a_shipped_migration_that_is_gone_is_told_of(shipped: Path) -> None:
    (shipped / "db/V1__orders.sql").unlink()
    (told,) = notices(shipped)
    assert told.startswith("V1__orders.sql was in main and is gone")


def test_files_that_take_migrations_back_may_go(shipped: Path) -> None:
    (shipped / "db/U3__items.sql").write_text("DROP TABLE items;\n")
    git(shipped, "add", ".")
    git(shipped, "commit", "-m", "undo")
    git(shipped, "branch", "-f", "main")
    (shipped / "db/U3__items.sql").unlink()
    assert notices(shipped) == []


def test_a_shallow_clone_says_what_to_fetch_and_that_suffices(
    shipped: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (shipped / "db/V4__tags.sql").write_text("TRUNCATE orders;\n")
    git(shipped, "add", ".")
    git(shipped, "commit", "-m", "tags")
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "clone", "--depth", "1", "--branch", "topic", f"file://{shipped}", ".")
    command = [sys.executable, "-m", "migrasafe", "lint", "db", "--since", "origin/main", "--no-config"]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    refused = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False, env=env)
    assert (refused.returncode, refused.stdout) == (2, "")
    (fetch,) = re.findall(r"`git (fetch [^`]+)`", refused.stderr)
    git(clone, *fetch.split())
    ran = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False, env=env)
    assert "db/V4__tags.sql:1:1" in ran.stdout
    assert ran.stdout.splitlines()[-1].startswith("1 error, 1 warning in 1 migration, ")


def test_folders_and_files_with_odd_names_and_links_to_them_are_asked_about(tmp_path: Path) -> None:
    """As git would take them for patterns, or for options."""
    folder = tmp_path / "-db [v*]"
    folder.mkdir()
    (folder / "V1__orders.sql").write_text("CREATE TABLE orders (id int);\n")
    (tmp_path / "V0__outside.sql").write_text("CREATE TABLE outside (id int);\n")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "shipped")
    (folder / "V2__ü.sql").write_text("ALTER TABLE orders ADD COLUMN total int NOT NULL;\n")
    (tmp_path / "db").symlink_to(folder.name)
    assert found(tmp_path) == [
        ("V2__ü.sql", "add-not-null-column-without-default"),
        ("V2__ü.sql", "missing-lock-timeout"),
    ]
