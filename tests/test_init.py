"""`migrasafe init` looks at a project and writes a config that the other commands then go by."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from migrasafe.cli.init.server_version import said_versions
from migrasafe.config import read_config
from tests.in_process import migrasafe

ROOT = Path(__file__).parent.parent


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write(tmp_path / "db/migration/V1__orders.sql", "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n")
    write(tmp_path / "db/migration/V2__index.sql", "CREATE INDEX orders_note ON orders (note);\n")
    write(tmp_path / "shop/orders.py", 'import psycopg\nQUERY = "SELECT id, note FROM orders"\n')
    write(tmp_path / "compose.yaml", "services:\n  db:\n    image: postgres:16.4-alpine\n")
    write(tmp_path / ".github/workflows/test.yml", "services:\n  db:\n    image: postgres:13\n")
    for arguments in (
        ["init", "-b", "main"],
        ["add", "."],
        ["-c", "user.name=x", "-c", "user.email=x@x", "commit", "-m", "x"],
    ):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


def test_it_says_what_it_found_and_writes_it_down(shop: Path) -> None:
    ran = migrasafe(shop, "init")
    assert (ran.returncode, ran.stderr) == (0, "")
    said = ran.stdout.splitlines()
    assert said[0] == "migrations   db/migration: 2 of flyway (files named V<version>__<name>.sql)"
    assert said[1] == "PostgreSQL   16 (compose.yaml:3; elsewhere 13)"
    assert said[2] == "queries      1 of the app (shop 1)"
    assert said[3] == "deployed     main"
    config = tomllib.loads((shop / "migrasafe.toml").read_text())
    assert config == {"paths": ["db/migration"], "pg_version": 16, "fail_on": "error"}


def test_the_commands_that_it_names_next_can_be_run(shop: Path) -> None:
    said = migrasafe(shop, "init").stdout.partition("Next:\n")[2].splitlines()
    commands = [line.split("  ")[1].split()[1:] for line in said]
    assert [command[0] for command in commands] == ["lint", "lint", "lint", "compat"]
    assert [migrasafe(shop, *command).returncode for command in commands] == [1, 0, 0, 0]
    assert migrasafe(shop, "lint").returncode == 0


def test_what_stands_there_as_a_comment_can_be_used(shop: Path) -> None:
    text = migrasafe(shop, "init", "--dry-run").stdout
    used = re.sub(r'^# (?=\[|[\w"][\w/*".-]* = )', "", text, flags=re.MULTILINE)
    write(shop / "migrasafe.toml", used)
    read = read_config(shop / "migrasafe.toml")
    assert None not in (read.layout, read.old, read.baseline, read.ignore, read.severity, read.per_path)
    migrasafe(shop, "lint", "--write-baseline")
    assert migrasafe(shop, "lint").returncode == 0


def test_where_several_tools_are_possible_the_config_says_which(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path / "migrations/1_users.up.sql", "CREATE TABLE users (id bigint PRIMARY KEY);\n")
    write(tmp_path / "migrations/1_users.down.sql", "DROP TABLE users;\n")
    assert "could be of" in migrasafe(tmp_path, "lint").stdout
    assert "1 of golang-migrate or sqlx, pop" in migrasafe(tmp_path, "init").stdout
    assert tomllib.loads((tmp_path / "migrasafe.toml").read_text())["layout"] == "golang-migrate"
    assert "could be of" not in migrasafe(tmp_path, "lint").stdout


def test_a_config_that_is_there_is_left_alone(shop: Path) -> None:
    write(shop / "migrasafe.toml", "pg_version = 12\n")
    ran = migrasafe(shop / "db", "init")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "is there already" in ran.stderr
    assert (shop / "migrasafe.toml").read_text() == "pg_version = 12\n"
    ran = migrasafe(shop, "init", "--dry-run")
    assert ran.returncode == 0
    assert tomllib.loads(ran.stdout)["pg_version"] == 16


def test_a_project_without_anything_gets_a_config_too(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    ran = migrasafe(tmp_path, "init")
    assert ran.returncode == 0
    assert ran.stdout.startswith("migrations   none found here")
    assert tomllib.loads((tmp_path / "migrasafe.toml").read_text()) == {"fail_on": "error"}


@pytest.mark.parametrize("name", ["alembic-shop", "diesel", "flyway-locations", "liquibase", "prisma"])
def test_projects_of_other_tools_get_a_config_that_lint_goes_by(name: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "fixtures" / name, tmp_path / name)
    (tmp_path / name / ".git").mkdir()
    (tmp_path / name / "migrasafe.toml").unlink(missing_ok=True)
    assert migrasafe(tmp_path / name, "init").returncode == 0
    ran = migrasafe(tmp_path / name, "lint", "--explain-config")
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize(
    ("file", "text", "major"),
    [
        ("docker-compose.yml", "image: docker.io/library/postgres:17", 17),
        ("docker-compose.yml", "image: postgres:${POSTGRES_VERSION:-14}", 14),
        ("docker-compose.dev.yaml", 'image: "postgis/postgis:15-3.4"', 15),
        ("Dockerfile.db", "FROM timescale/timescaledb-ha:pg16-all", 16),
        ("Dockerfile", "FROM timescale/timescaledb:latest-pg14", 14),
        ("deploy/compose.yml", "image: pgvector/pgvector:pg17", 17),
        ("supabase/config.toml", "[db]\nmajor_version = 15", 15),
        (".tool-versions", "nodejs 20\npostgres 16.2", 16),
        (".env.example", "POSTGRES_VERSION=13", 13),
        ("infra/rds.tf", 'engine_version = "16.3"', 16),
        (".gitlab-ci.yml", "services:\n  - postgres:12", 12),
        ("docker-compose.yml", "image: postgres:latest", None),
        ("docker-compose.yml", "image: postgres:9.6", 9),
        ("docker-compose.yml", "ports: ['5432:5432', 'postgres:5432']", None),
        ("notes.txt", "postgres:16", None),
    ],
)
def test_the_version_is_read_where_projects_say_it(tmp_path: Path, file: str, text: str, major: int | None) -> None:
    write(tmp_path / file, text + "\n")
    assert [one.major for one in said_versions(tmp_path)] == ([] if major is None else [major])


def _told_and_written(folder: Path) -> str:
    ran = migrasafe(folder, "init", "--dry-run")
    return f"{ran.stderr}\n{ran.stdout}"


def test_a_version_that_is_not_supported_is_said_to_be_so_and_not_taken(tmp_path: Path) -> None:
    write(tmp_path / "docker-compose.yml", "services:\n  db:\n    image: postgres:10-alpine\n")
    told = _told_and_written(tmp_path)
    assert "PostgreSQL   10 (docker-compose.yml:3) is older than what migrasafe knows (12 to 18): 12 is assumed" in told
    assert "\npg_version = 12\n" in told
    write(tmp_path / ".gitlab-ci.yml", "services:\n  - postgres:16\n")
    told = _told_and_written(tmp_path)
    assert "PostgreSQL   16 (.gitlab-ci.yml:2)" in told
    assert "note         10 (docker-compose.yml:3) is older than what migrasafe knows (12 to 18)" in told
    write(tmp_path / "docker-compose.yml", "services:\n  db:\n    image: postgres:19\n")
    (tmp_path / ".gitlab-ci.yml").unlink()
    assert "is newer than what migrasafe knows (12 to 18): 18 is assumed" in _told_and_written(tmp_path)


def test_migrations_that_are_there_for_tests_are_left_out_beside_others_only(tmp_path: Path) -> None:
    for folder in ("db/migrations", "pkg/testdata/migrations"):
        write(tmp_path / folder / "20240102000000_make.up.sql", "CREATE TABLE a (id int);\n")
        write(tmp_path / folder / "20240102000000_make.down.sql", "DROP TABLE a;\n")
    told = _told_and_written(tmp_path)
    assert "left out     pkg/testdata/migrations: there for tests, by its name" in told
    assert '\npaths = ["db/migrations"]\n' in told
    shutil.rmtree(tmp_path / "db")
    assert '\npaths = ["pkg/testdata/migrations"]\n' in _told_and_written(tmp_path)


def test_folders_of_other_databases_are_left_out_whatever_these_are(tmp_path: Path) -> None:
    for place in ("postgres", "h2", "2026-h2/postgres", "duckdb"):
        write(tmp_path / f"db/{place}/V1__orders.sql", "CREATE TABLE orders (id bigint PRIMARY KEY);\n")
    migrasafe(tmp_path, "init")
    config = tomllib.loads((tmp_path / "migrasafe.toml").read_text())
    assert sorted(config["paths"]) == ["db/2026-h2/postgres", "db/postgres"]
