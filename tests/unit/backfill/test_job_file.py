"""A job as a file says it."""

from __future__ import annotations

from pathlib import Path

from migrasafe.backfill.job.file import JobFile, read_job_file
from migrasafe.backfill.job.spec import Spec


def test_a_table_and_a_change_are_a_job(tmp_path: Path) -> None:
    """All else has a default, the name among it."""
    path = tmp_path / "job.toml"
    path.write_text('table = "orders"\nset = "total = 0"\n', encoding="utf-8")
    assert read_job_file(path) == JobFile(spec=Spec(table="orders", set="total = 0"), settings={})
