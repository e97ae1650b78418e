"""The table of findings per 100 migrations is printed for any folder of migrations."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def table(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "benchmarks/findings.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_row_for_each_project_and_one_for_all(tmp_path: Path) -> None:
    (tmp_path / "1_orders.sql").write_text("CREATE TABLE orders (id bigint PRIMARY KEY, note text);", encoding="utf-8")
    (tmp_path / "2_note.sql").write_text("SET lock_timeout = '2s'; CREATE INDEX i ON orders (note);", encoding="utf-8")
    done = table(f"shop={tmp_path}", "fixtures/diesel")
    assert done.stderr == ""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in done.stdout.splitlines()[2:]]
    assert [row[0] for row in rows[2:]] == ["shop", "fixtures/diesel", "all"]
    assert rows[2][1:6] == ["2", "50.0", "0.0", "0.0", "50 %"]


def test_a_folder_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    done = table(str(tmp_path))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "holds no migrations" in done.stderr
