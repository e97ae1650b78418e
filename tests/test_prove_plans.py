"""The list of the migrations that docs/plans-measured.md tells of, and what the tool says of one that cannot be used."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tools.prove_plans import LIST, Migrations, main


def test_every_migration_of_the_list_is_in_the_note() -> None:
    listed = msgspec.toml.decode(LIST.read_bytes(), type=Migrations).migration
    note = (Path(__file__).parent.parent / "docs" / "plans-measured.md").read_text(encoding="utf-8")
    assert len(listed) >= 20
    assert [
        one.file for one in listed if one.file.removesuffix("/migration.sql").removesuffix("/up.sql") not in note
    ] == []


def test_a_list_that_cannot_be_used_is_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "list.toml"
    broken.write_text("[[migration]]\nproject = 'x'\n")
    assert main([str(tmp_path), "--list", str(broken)]) == 2
    assert "missing required field" in capsys.readouterr().err


def test_a_migration_that_is_not_there_is_told_of_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = tmp_path / "list.toml"
    listed.write_text(
        "[[migration]]\nproject = 'x'\nfolder = 'm'\nfile = '1.sql'\nchanges = 'nothing'\nmajors = [15]\n"
    )
    assert main([str(tmp_path), "--list", str(listed)]) == 1
    told = capsys.readouterr()
    assert "| x | 1.sql | nothing | refused |" in told.out
    assert "1.sql on 15:" in told.err
