"""A baseline holds what was found when migrasafe was adopted: from then on only new findings are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.in_process import Ran, migrasafe


def lint(folder: Path, *arguments: str) -> Ran:
    return migrasafe(folder, "lint", *arguments)


@pytest.fixture
def adopted(tmp_path: Path) -> Path:
    """A project with two old errors, both in the baseline that its config names."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "db").mkdir()
    (tmp_path / "db/V1__orders.sql").write_text("CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n")
    (tmp_path / "db/V2__empty.sql").write_text("TRUNCATE orders;\nTRUNCATE orders;\n")
    ran = lint(tmp_path, "--write-baseline", "--select", "truncate-table")
    assert (ran.returncode, ran.stdout) == (0, "")
    assert ran.stderr.startswith("Wrote 2 findings in 1 file to migrasafe-baseline.json.")
    (tmp_path / "migrasafe.toml").write_text('select = ["truncate-table"]\n')
    return tmp_path


def test_what_is_in_the_baseline_is_not_reported(adopted: Path) -> None:
    ran = lint(adopted)
    assert ran.returncode == 0
    assert ran.stdout.startswith("Nothing found in 2 migrations")
    assert ran.stderr == "2 findings not shown: in migrasafe-baseline.json\n"


def test_what_is_new_is_reported_also_beside_the_old(adopted: Path) -> None:
    with (adopted / "db/V2__empty.sql").open("a") as file:
        file.write("TRUNCATE orders;\n")
    ran = lint(adopted)
    assert ran.returncode == 1
    assert "db/V2__empty.sql:3:1" in ran.stdout
    assert ran.stdout.splitlines()[-1].startswith("1 error in")


def test_lines_may_move_and_files_may_be_renamed(adopted: Path) -> None:
    old = adopted / "db/V2__empty.sql"
    (adopted / "db/V3__renamed.sql").write_text("-- moved\n\n\n" + old.read_text())
    old.unlink()
    assert lint(adopted).returncode == 0


def test_it_can_be_used_from_any_folder(adopted: Path) -> None:
    assert lint(adopted / "db").returncode == 0
    assert lint(adopted, str(adopted / "db")).returncode == 0


def test_all_can_be_seen_again_and_another_file_can_be_named(adopted: Path) -> None:
    assert lint(adopted, "--no-baseline").stdout.splitlines()[-1].startswith("2 errors")
    (adopted / "migrasafe-baseline.json").rename(adopted / "old.json")
    assert lint(adopted).returncode == 1
    assert lint(adopted, "--baseline", "old.json").returncode == 0
    assert "exclude each other" in lint(adopted, "--baseline", "old.json", "--no-baseline").stderr


def test_whoever_sees_the_past_for_the_first_time_is_told_how_to_leave_it_be(adopted: Path) -> None:
    (adopted / "db/V5__more.sql").write_text("TRUNCATE orders;\n" * 60)
    assert "To see only what is new: --since GIT_REF, or --write-baseline" in lint(adopted, "--no-baseline").stderr
    assert "To see" not in lint(adopted).stderr
    assert lint(adopted, "--no-baseline", "--quiet").stderr == ""


def test_what_is_fixed_is_told_and_taken_out(adopted: Path) -> None:
    (adopted / "db/V2__empty.sql").write_text("TRUNCATE orders;\n")
    told = "1 finding of the baseline has been fixed since (db/V2__empty.sql: truncate-table): take it out with --write-baseline"
    assert told in lint(adopted).stderr
    lint(adopted, "--write-baseline")
    assert len(json.loads((adopted / "migrasafe-baseline.json").read_text())["findings"]) == 1
    assert "fixed" not in lint(adopted).stderr


def test_rules_and_files_that_were_not_looked_at_are_neither_fixed_nor_lost(adopted: Path) -> None:
    assert "fixed" not in lint(adopted, "--select", "drop-table-in-use").stderr
    assert "fixed" not in lint(adopted, "db/V1__orders.sql").stderr
    before = (adopted / "migrasafe-baseline.json").read_text()
    lint(adopted, "db/V1__orders.sql", "--write-baseline")
    lint(adopted, "--select", "drop-table-in-use", "--write-baseline")
    assert (adopted / "migrasafe-baseline.json").read_text() == before


def test_fix_leaves_alone_what_the_baseline_knows(adopted: Path) -> None:
    (adopted / "migrasafe.toml").write_text('baseline = "old.json"\n')
    index = adopted / "db/V4__index.sql"
    index.write_text("CREATE INDEX orders_note ON orders (note);\n")
    lint(adopted, "--write-baseline")
    assert "Nothing to fix" in lint(adopted, "--fix").stderr
    assert "CONCURRENTLY" not in index.read_text()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no such baseline: make it with --write-baseline"),
        ("[", "is not a baseline of migrasafe"),
        ('{"version": 9, "findings": []}', "is a baseline of version 9, not 1: write it again with --write-baseline"),
        ('{"version": 1, "findings": [{}]}', "is not a baseline of migrasafe"),
    ],
)
def test_a_baseline_that_cannot_be_used_is_told(adopted: Path, text: str | None, said: str) -> None:
    (adopted / "migrasafe-baseline.json").rename(adopted / "gone.json")
    (adopted / "migrasafe.toml").write_text('baseline = "migrasafe-baseline.json"\n')
    if text is not None:
        (adopted / "migrasafe-baseline.json").write_text(text)
    ran = lint(adopted)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("migrasafe: migrasafe-baseline.json: ")
    assert said in ran.stderr


def test_severities_can_differ_per_path_and_the_last_word_counts(adopted: Path) -> None:
    config = """select = ["truncate-table"]
[severity]
truncate-table = "info"
[per_path]
"db/*" = { severity = { truncate-table = "error" } }
"db/V2*" = { severity = { truncate-table = "warning" } }
"""
    (adopted / "migrasafe.toml").write_text(config)
    assert lint(adopted, "--no-baseline").stdout.splitlines()[-1].startswith("2 warnings in 2 migrations")
    (adopted / "migrasafe.toml").write_text('[per_path]\n"db/*" = { severity = { truncate-tabel = "error" } }\n')
    assert (
        """toml:2: per_path."db/*".severity.truncate-tabel: there is no rule truncate-tabel; did you mean truncate-table?"""
        in lint(adopted).stderr
    )


@pytest.fixture
def prisma(tmp_path: Path) -> Path:
    """Migrations of Prisma, of which two cannot be read."""
    (tmp_path / ".git").mkdir()
    for name in ("1_orders", "2_lost", "3_lost"):
        (tmp_path / "migrations" / name).mkdir(parents=True)
        (tmp_path / "migrations" / name / "down.sql").write_text("SELECT 1;\n")
    (tmp_path / "migrations/migration_lock.toml").write_text('provider = "postgresql"\n')
    (tmp_path / "migrations/1_orders/migration.sql").write_text("CREATE TABLE orders (id bigint PRIMARY KEY);\n")
    return tmp_path


def test_notes_of_the_past_are_in_the_baseline_too_and_new_ones_are_told(prisma: Path) -> None:
    before = lint(prisma, "--fail-on", "warning")
    assert (before.returncode, before.stdout.count("not checked: ")) == (1, 1)
    assert "0 findings in 0 files, and 2 notes" in lint(prisma, "--write-baseline").stderr
    after = lint(prisma, "--fail-on", "warning")
    assert (after.returncode, "not checked" in after.stdout) == (0, False), after.stdout
    assert after.stderr == "0 findings and 2 notes not shown: in migrasafe-baseline.json\n"
    (prisma / "migrations/4_lost").mkdir()
    (prisma / "migrations/4_lost/down.sql").write_text("SELECT 1;\n")
    again = lint(prisma, "--fail-on", "warning")
    assert (again.returncode, "not checked: migrations/4_lost:1" in again.stdout) == (1, True), again.stdout


def test_what_could_not_be_checked_is_told_once_with_its_places_by_statistics_too(prisma: Path) -> None:
    for arguments in ((), ("--statistics",)):
        told = lint(prisma, *arguments).stdout
        assert told.count("not checked: ") == 1
        assert "\n  also: migrations/3_lost:1\n" in told
