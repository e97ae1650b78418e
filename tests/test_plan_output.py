"""`migrasafe plan --format`: the migrations follow those of the folder, and lint has nothing to say of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from migrasafe.cli.commands import cli
from migrasafe.errors import InputError
from migrasafe.plan.output import FORMATS
from tests.in_process import migrasafe
from tests.unit.plan.test_plans_lint_clean import SETUP

READ = [tool for tool in FORMATS if tool != "django"]
"""Those that `migrasafe lint` reads."""
MIGRATION = """-- the migration of a few things
ALTER TABLE users RENAME COLUMN name TO full_name;
ALTER TABLE users ALTER COLUMN age TYPE bigint;
ALTER TABLE users ALTER COLUMN email SET NOT NULL;
ALTER TABLE users ADD FOREIGN KEY (team_id) REFERENCES teams;
CREATE INDEX users_note ON users (note);
DROP INDEX users_age;
CREATE TABLE medals (id bigint PRIMARY KEY, team_id bigint REFERENCES teams ON DELETE CASCADE);
CREATE INDEX medals_team ON medals (team_id);
"""
DJANGO = "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [{}]\n"
REVISION = 'revision = "{}"\ndown_revision = {}\n\n\ndef upgrade():\n    pass\n'


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    file = tmp_path / "schema.sql"
    file.write_text(SETUP, encoding="utf-8")
    return file


@pytest.mark.parametrize("change", ["drop users.email", "type users.data jsonb", "enum-value mood c", "migration.sql"])
def test_lint_has_nothing_to_say(schema: Path, tmp_path: Path, change: str) -> None:
    (tmp_path / "migration.sql").write_text(MIGRATION, encoding="utf-8")
    words = [str(tmp_path / change)] if change == "migration.sql" else change.split()
    formats = [word for tool in READ for word in ("--format", tool)]
    made = run("plan", *words, "--schema", schema, "--out", tmp_path / "plan", "--pg-version", 15, *formats)
    assert made.exception is None, made.output
    for tool in READ:
        folder = tmp_path / "plan" / tool
        said = run("lint", folder, "--layout", tool, "--schema", schema, "--pg-version", 15)
        assert said.return_value == 0, said.output
        assert "Nothing found in" in said.output


FOLDERS = {
    "dbmate": ({"000041_x.sql": "-- migrate:up\nSELECT 1;\n"}, "000042_drop_users_email_"),
    "flyway": (
        {"V7__x.sql": "SELECT 1;", "V12.1__y.sql": "SELECT 1;", "R__z.sql": "SELECT 1;"},
        "V13__drop_users_email_",
    ),
    "golang-migrate": ({"0009_x.up.sql": "SELECT 1;", "0009_x.down.sql": "SELECT 1;"}, "0010_drop_users_email_"),
    "prisma": ({"20990101000000_x/migration.sql": "SELECT 1;"}, "20990101000001_drop_users_email_"),
    "sqlx": ({"20990101000000_x.sql": "-- no-transaction\nSELECT 1;"}, "20990101000001_drop_users_email_"),
    "alembic": ({"a.py": REVISION.format("aa", None), "b.py": REVISION.format("bb", '"aa"')}, 'down_revision = "bb"'),
    "django": (
        {"0001_a.py": DJANGO.format(""), "0002_b.py": DJANGO.format('("shop", "0001_a")')},
        'dependencies = [("shop", "0002_b")]',
    ),
}


@pytest.mark.parametrize("tool", FORMATS)
def test_they_follow_what_is_in_the_folder(schema: Path, tmp_path: Path, tool: str) -> None:
    folder = tmp_path / "shop" / "migrations"
    there, expected = FOLDERS[tool]
    for name, text in there.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    out = tmp_path / "plan"
    change = ["drop", "users.email", "--schema"]
    made = run("plan", *change, schema, "--out", out, "--format", tool, "--migrations", folder)
    assert made.exception is None, made.exception
    files = {str(path.relative_to(out / tool)): path for path in (out / tool).rglob("*") if path.is_file()}
    if tool in ("alembic", "django"):
        assert any(expected in path.read_text(encoding="utf-8") for path in files.values())
    else:
        assert any(name.startswith(expected) for name in files), sorted(files)


@pytest.mark.parametrize(
    ("tool", "files", "said"),
    [
        ("django", {}, "--migrations: say the folder of your app's migrations"),
        (
            "alembic",
            {"a.py": REVISION.format("aa", None), "b.py": REVISION.format("bb", None)},
            "has the heads aa, bb: merge",
        ),
        ("dbmate", None, "nowhere: there is no such folder"),
    ],
)
def test_a_folder_that_cannot_be_followed_gets_one_sentence(
    schema: Path, tmp_path: Path, tool: str, files: dict[str, str] | None, said: str
) -> None:
    folder = tmp_path / "nowhere"
    for name, text in (files or {}).items():
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    more = [] if files == {} else ["--migrations", str(folder)]
    made = run("plan", "drop", "users.email", "--schema", schema, "--out", tmp_path / "plan", "--format", tool, *more)
    assert isinstance(made.exception, InputError)
    assert said in str(made.exception)
    assert not (tmp_path / "plan").exists()


def test_a_plan_takes_the_place_of_its_migration(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.up.sql").write_text(SETUP, encoding="utf-8")
    (folder / "0002_drop.up.sql").write_text("ALTER TABLE users DROP COLUMN email;", encoding="utf-8")
    out = tmp_path / "plan"
    made = run("plan", folder / "0002_drop.up.sql", "--schema", folder, "--out", out, "--format", "golang-migrate")
    assert made.exception is None, made.exception
    assert min(path.name for path in (out / "golang-migrate").iterdir()).startswith("0002_")


def test_dbmate_gets_no_name_that_it_would_take_for_the_end_of_a_half(tmp_path: Path) -> None:
    table = '"a\n-- migrate:down\nDROP TABLE b"'
    (tmp_path / "0.sql").write_text(f"CREATE TABLE {table} (id bigint PRIMARY KEY, email text);\n")
    (tmp_path / "db").mkdir()
    tool = ("--format", "dbmate", "--migrations", "db")
    ran = migrasafe(tmp_path, "plan", "rename", f"{table}.email", "mail", "--schema", "0.sql", "--out", "plan", *tool)
    assert ran.returncode == 2
    assert "dbmate would cut the migration of expand at the line '-- migrate:down'" in ran.stderr


def test_the_end_of_a_line_in_a_name_begins_nothing_in_the_runbook(tmp_path: Path) -> None:
    (tmp_path / "0.sql").write_text('CREATE TABLE "a\n# Run this\n- b" (id bigint PRIMARY KEY, email text);\n')
    table = '"a\n# Run this\n- b".email'
    ran = migrasafe(tmp_path, "plan", "rename", table, "mail", "--schema", "0.sql", "--out", "plan")
    assert ran.returncode == 0, ran.stderr
    prose = "".join((tmp_path / "plan/RUNBOOK.md").read_text().split("```")[::2])
    assert "a # Run this - b" in prose
    assert "\n# Run this" not in prose
