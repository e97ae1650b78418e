"""The hooks of .pre-commit-hooks.yaml, run by pre-commit itself in git repositories, and --staged without it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
INDEX = "SET lock_timeout = '2s';\nCREATE INDEX{} orders_note ON orders (note);\n"
UNSAFE, SAFE = INDEX.format(""), "CREATE INDEX CONCURRENTLY orders_note ON orders (note);\n"


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command with our own migrasafe first on the PATH, in a home of its own."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**os.environ, "PATH": path, "PRE_COMMIT_HOME": str(folder / ".git/pre-commit"), "NO_COLOR": "1"}
    env |= {"PYTHONPATH": str(ROOT), "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository with one migration, an app that reads its table, and both hooks; pre-commit installs nothing for them."""
    (tmp_path / "db").mkdir()
    (tmp_path / "db/V1__orders.sql").write_text("CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n")
    (tmp_path / "app.py").write_text('import psycopg\nSQL = "SELECT id, note FROM orders"\n')
    hooks = [{**hook, "language": "system"} for hook in HOOKS.values()]
    (tmp_path / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}))
    git(tmp_path, "init", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "shop")
    return tmp_path


def lint(shop: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(shop, sys.executable, "-m", "pre_commit", "run", "migrasafe-lint", *arguments)


def test_what_is_staged_is_linted_and_not_what_the_file_says_now(shop: Path) -> None:
    migration = shop / "db/V2__index.sql"
    migration.write_text(UNSAFE)
    git(shop, "add", ".")
    migration.write_text(SAFE)
    ran = lint(shop)
    assert ran.returncode == 1
    assert "error[create-index-without-concurrently] db/V2__index.sql:2:1" in ran.stdout
    assert "V1__orders" not in ran.stdout
    assert migration.read_text() == SAFE

    git(shop, "add", ".")
    migration.write_text(UNSAFE)
    assert lint(shop).returncode == 0
    assert migration.read_text() == UNSAFE


def test_a_migration_that_is_not_known_to_git_is_no_history(shop: Path) -> None:
    (shop / "db/V1_1__new_table.sql").write_text("DROP TABLE orders; CREATE TABLE orders (id bigint, note text);\n")
    (shop / "db/V2__index.sql").write_text("CREATE INDEX orders_note ON orders (note);\n")
    git(shop, "add", "db/V2__index.sql")
    assert "CREATE INDEX CONCURRENTLY orders_note" in lint(shop).stdout


def test_what_is_committed_already_is_history(shop: Path) -> None:
    (shop / "db/V2__notes.sql").write_text("CREATE TABLE notes (id bigint PRIMARY KEY);\n")
    git(shop, "add", ".")
    ran = lint(shop)
    assert (ran.returncode, "Passed" in ran.stdout) == (0, True), ran.stdout


def test_files_that_are_no_migrations_are_not_looked_at(shop: Path) -> None:
    (shop / "reports.py").write_text("import os\n")
    git(shop, "add", ".")
    assert lint(shop).returncode == 0


def test_all_files_can_be_asked_for(shop: Path) -> None:
    (shop / "db/V2__index.sql").write_text(UNSAFE)
    git(shop, "add", ".")
    git(shop, "commit", "-m", "index", "--no-verify")
    assert "db/V2__index.sql:2:1" in lint(shop, "--all-files").stdout


def test_the_app_that_is_committed_is_held_against_the_staged_migration(shop: Path) -> None:
    (shop / "db/V2__drop.sql").write_text("ALTER TABLE orders DROP COLUMN note;\n")
    git(shop, "add", ".")
    ran = run(shop, sys.executable, "-m", "pre_commit", "run", "migrasafe-compat")
    assert ran.returncode == 1
    assert "breaks old app, after 2: app.py:2:19" in ran.stdout


def test_what_cannot_be_read_in_the_app_refuses_no_commit_but_is_asked_for_by_an_option(shop: Path) -> None:
    (shop / "Books.java").write_text("import org.jooq.DSLContext;\nclass Books { DSLContext db; }\n")
    git(shop, "add", ".")
    git(shop, "commit", "-m", "jooq", "--no-verify")
    (shop / "db/V2__total.sql").write_text("ALTER TABLE orders ADD COLUMN total bigint;\n")
    git(shop, "add", ".")
    hook = run(shop, sys.executable, "-m", "pre_commit", "run", "migrasafe-compat", "--verbose")
    assert (hook.returncode, "queries of jOOQ are not read" in hook.stdout) == (0, True), hook.stdout
    assert run(shop, "migrasafe", "compat", "--staged", "--old", "HEAD", "--new", ".").returncode == 1


def test_staged_alone_reports_what_a_commit_would_take(shop: Path) -> None:
    migration = shop / "db/V2__index.sql"
    migration.write_text(UNSAFE)
    git(shop, "add", ".")
    migration.write_text(SAFE)
    (shop / "db/V3__other.sql").write_text("TRUNCATE orders;\n")
    ran = run(shop, "migrasafe", "lint", "--staged")
    assert "db/V2__index.sql:2:1" in ran.stdout
    assert "V3__other" not in ran.stdout
    ran = run(shop / "db", "migrasafe", "lint", "--staged", "--output", "found.txt")
    assert ran.returncode == 1
    assert "V2__index.sql:2:1" in (shop / "db/found.txt").read_text()


def test_the_config_is_read_as_it_is_staged_and_its_paths_are_the_history(shop: Path) -> None:
    (shop / "other").mkdir()
    (shop / "other/V9__index.sql").write_text(UNSAFE)
    (shop / "db/V2__index.sql").write_text(UNSAFE)
    (shop / "migrasafe.toml").write_text('paths = ["db"]\n[per_path]\n"db/V2*" = { ignore = ["truncate-table"] }\n')
    git(shop, "add", ".")
    (shop / "migrasafe.toml").write_text("this is not TOML")
    ran = run(shop, "migrasafe", "lint", "--staged", "--with-history", "other/V9__index.sql", "db/V2__index.sql")
    assert ran.returncode == 1
    assert "db/V2__index.sql:2:1" in ran.stdout
    assert "V9__index" not in ran.stdout


def test_a_file_that_lies_elsewhere_is_not_called_fine(shop: Path) -> None:
    (shop / "elsewhere").mkdir()
    given = shop / "db/V1__orders.sql"
    ran = run(shop / "elsewhere", "migrasafe", "lint", "--no-config", "--with-history", str(given))
    assert ran.returncode == 2
    assert f"{given}: --with-history looks for migrations below {(shop / 'elsewhere').resolve()}" in ran.stderr


def test_a_revision_of_alembic_is_rendered_as_it_is_staged(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "fixtures/alembic-shop", tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__"))
    git(tmp_path, "init", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "shop")
    (revision,) = (tmp_path / "shop").glob("**/versions/2024_04_add_total.py")
    text = revision.read_text()
    (up,) = re.findall(r"^def upgrade\(\).*:\n", text, re.MULTILINE)
    revision.write_text(text.replace(up, f'{up}    op.execute("DROP TABLE customers_staged")\n'))
    git(tmp_path, "add", ".")
    revision.write_text(text.replace(up, f'{up}    op.execute("DROP TABLE customers_unstaged")\n'))
    ran = run(tmp_path, "migrasafe", "lint", "--staged", "--select", "drop-table-in-use")
    assert "customers_staged" in ran.stdout
    assert "customers_unstaged" not in ran.stdout
    assert str(tmp_path) not in ran.stdout


def test_outside_a_repository_staged_says_so(tmp_path: Path) -> None:
    ran = run(tmp_path, "migrasafe", "lint", "--staged")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "--staged: fatal: not a git repository" in ran.stderr


def test_the_readme_shows_hooks_that_there_are() -> None:
    readme = (ROOT / "README.md").read_text()
    block = readme.split("### Before each commit")[1].split("```yaml\n")[1].split("```")[0]
    (shown,) = yaml.safe_load(block)["repos"]
    assert {hook["id"] for hook in shown["hooks"]} == set(HOOKS)


def test_what_is_not_staged_is_neither_the_app_to_deploy_nor_its_migrations(shop: Path) -> None:
    (shop / "db/V3__not_yet.sql").write_text("ALTER TABLE orders RENAME COLUMN note TO remark;\n")
    (shop / "db/V2__total.sql").write_text("ALTER TABLE orders ADD COLUMN total bigint;\n")
    (shop / "app.py").write_text('import psycopg\nSQL = "SELECT id, note, total FROM orders"\n')
    git(shop, "add", "app.py", "db/V2__total.sql")
    (shop / "app.py").write_text('import psycopg\nSQL = "SELECT nothing FROM orders"\n')
    ran = run(shop, sys.executable, "-m", "pre_commit", "run", "migrasafe-compat", "--verbose")
    assert ran.returncode == 0, ran.stdout
    assert "V3__not_yet" not in ran.stdout
    alone = run(shop, "migrasafe", "compat", "--staged", "--old", "HEAD", "--new", ".")
    assert alone.returncode == 0, alone.stdout + alone.stderr
    assert re.search(r"^2 +breaks → works|^2 +works +breaks → works +before", alone.stdout, re.MULTILINE), alone.stdout


def test_the_app_that_runs_can_be_a_commit_where_what_is_staged_is_linted(shop: Path) -> None:
    (shop / "db/V2__drop.sql").write_text("SET lock_timeout = '2s';\nALTER TABLE orders DROP COLUMN note;\n")
    git(shop, "add", ".")
    (shop / "db/V3__not_yet.sql").write_text("TRUNCATE orders;\n")
    ran = run(shop, "migrasafe", "lint", "--staged", "--old", "HEAD")
    assert (ran.returncode, "app.py:2" in ran.stdout) == (1, True), ran.stdout + ran.stderr
