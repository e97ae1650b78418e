"""The README's section about backfills is carried out, line by line, on a real server."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.postgres.backfills import backfill

README = Path(__file__).parents[2] / "README.md"
MARK = "<!-- carried out by tests/postgres/test_backfill_readme.py -->"


def commands(block: str) -> list[list[str]]:
    """The arguments of each command of migrasafe in a block."""
    lines = [shlex.split(line, comments=True) for line in block.splitlines()]
    return [line[2:] for line in lines if line[:2] == ["migrasafe", "backfill"]]


def blocks(language: str) -> list[str]:
    section = README.read_text(encoding="utf-8").partition("## Backfill")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```", section, re.S)


def test_what_the_readme_shows_works(database, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # for the report
    database.execute("CREATE TABLE orders (id bigint PRIMARY KEY, total bigint, total_cents bigint); "
                     "INSERT INTO orders SELECT i, i FROM generate_series(1, 3000) AS i")  # fmt: skip
    first, while_it_runs = blocks("sh")
    assert README.read_text(encoding="utf-8").count(MARK) == 2
    for arguments in commands(first):
        if "--grant" in arguments:
            arguments = ["init"]
        said = backfill(database.dsn, *arguments)
        assert said.status == 0, f"{arguments}: {said.output}"
    assert database.execute("SELECT count(*) FROM orders WHERE total_cents = total * 100") == [(3000,)]
    database.execute("UPDATE migrasafe.backfill_job SET status = 'running'")
    for arguments in commands(while_it_runs):
        said = backfill(database.dsn, *arguments)
        assert said.status == 0, f"{arguments}: {said.output}"
    assert database.execute("SELECT status, settings->>'nice' FROM migrasafe.backfill_job") == [("cancelled", "0.5")]
    (file,) = blocks("toml")
    (tmp_path / "job.toml").write_text(file)
    said = backfill(database.dsn, "run", str(tmp_path / "job.toml"), "--name", "again", "--dry-run")
    assert said.status == 0, said.output
