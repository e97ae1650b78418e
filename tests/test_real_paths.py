"""Where files really are: as os.path.realpath says, with fewer questions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from migrasafe.cli.inputs.real_paths import RealPaths, lies_in


def test_links_of_folders_and_of_files_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "db/migrations").mkdir(parents=True)
    (tmp_path / "db/migrations/1.sql").write_text("")
    (tmp_path / "linked").symlink_to("db")
    (tmp_path / "db/migrations/2.sql").symlink_to("1.sql")
    (tmp_path / "round").symlink_to("round")
    monkeypatch.chdir(tmp_path / "db")
    real = RealPaths()
    for path in (
        "migrations/1.sql",
        "migrations/2.sql",
        "migrations/gone.sql",
        "../linked/migrations/1.sql",
        "../linked/migrations/2.sql",
        "../round/1.sql",
        "migrations/..",
        "migrations/.",
        "migrations/",
        "gone.sql",
        "/",
        "/gone.sql",
        str(tmp_path / "linked/migrations/1.sql"),
    ):
        assert real.of(path) == real.of(path) == os.path.realpath(path), path


def test_a_file_lies_in_itself_and_in_every_folder_above_it() -> None:
    assert lies_in("/a/b/c.sql", {"/a/b/c.sql"})
    assert lies_in("/a/b/c.sql", {"/a"})
    assert lies_in("/a/b/c.sql", {"/"})
    assert not lies_in("/a/b/c.sql", {"/a/b/c", "/b"})
