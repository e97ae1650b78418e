"""Each release in fixtures/compat has a migration for every order of deploys, and each is decided right."""

from __future__ import annotations

from pathlib import Path

import pytest

from migrasafe.app.compat import CompatOptions, compat
from migrasafe.app.read_app import read_app
from migrasafe.app.verdict import Deploy
from migrasafe.cli.inputs.read import histories
from tests.compat_releases import RELEASES, read_release


@pytest.mark.parametrize("name", RELEASES)
def test_every_migration_is_decided_as_its_release_says(name: str) -> None:
    release = read_release(name)
    assert {one.id: one.deploy.value for one in release.result.migrations} == release.expected.deploy
    assert set(release.expected.deploy.values()) == {one.value for one in Deploy} - {"unknown"}
    assert not release.result.unread


def test_a_star_in_a_query_of_sqlc_means_the_columns_of_its_own_release(tmp_path: Path) -> None:
    base = "CREATE TABLE orders (id int PRIMARY KEY, note text);"
    migrations = [base, "ALTER TABLE orders DROP COLUMN note;", "ALTER TABLE orders ADD COLUMN total int;"]
    for number, sql in enumerate(migrations, start=1):
        (tmp_path / f"{number}_step.sql").write_text(sql)
    (tmp_path / "app").mkdir()
    queries = tmp_path / "app" / "queries.sql"
    decided = {}
    for kind, first in (("sqlc", "-- name: GetOrder :one"), ("aiosql", "-- name: get_order^")):
        queries.write_text(f"{first}\nSELECT * FROM orders WHERE id = $1;\n")
        read = histories(tuple(str(tmp_path / f"{number}_step.sql") for number in (1, 2, 3)), None, {})
        app = read_app(str(tmp_path / "app"))
        result = compat(read, app, app, CompatOptions(released=lambda migration: not migration.id.startswith("1")))
        decided[kind] = [one.deploy for one in result.migrations]
    assert decided == {"sqlc": [Deploy.AFTER, Deploy.BEFORE], "aiosql": [Deploy.EITHER, Deploy.EITHER]}


def test_a_reader_that_was_generated_fails_on_null_from_what_was_not_null(tmp_path: Path) -> None:
    base = "CREATE TABLE orders (id int PRIMARY KEY, note text NOT NULL, memo text);"
    for number, sql in enumerate([base, "ALTER TABLE orders ALTER note DROP NOT NULL;"], start=1):
        (tmp_path / f"{number}_step.sql").write_text(sql)
    read = histories(tuple(str(tmp_path / f"{number}_step.sql") for number in (1, 2)), None, {})
    (tmp_path / "app").mkdir()
    found = {}
    for name, columns, end in (
        ("typed", "note, memo", ""),
        ("other", "memo", ""),
        ("outer", "o.note", " LEFT JOIN orders o ON true"),
    ):
        query = f"-- name: GetOrder :one\nSELECT {columns} FROM orders x{end} WHERE x.id = $1;\n"
        (tmp_path / "app" / "queries.sql").write_text(query)
        app = read_app(str(tmp_path / "app"))
        (one,) = compat(
            read, app, app, CompatOptions(released=lambda migration: migration.id.startswith("2"))
        ).migrations
        found[name] = {breakage.message for breakage in one.breakages}
    assert found == {
        "typed": {"orders.note can be NULL now, which its reader does not expect"},
        "other": set(),
        "outer": set(),
    }
