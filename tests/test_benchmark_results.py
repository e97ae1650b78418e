"""benchmarks/results.py measures in turns, says what is not on the machine, and leaves the other sections of its file alone."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(autouse=True)
def _benchmarks_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_each_row_has_both_commands_and_the_ratio_within_a_turn() -> None:
    command = [sys.executable, "results.py", "--only", "compat", "--print", "--rounds", "1", "--lines", "300"]
    done = subprocess.run(command, cwd=BENCHMARKS, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    section = done.stdout[done.stdout.index("\n## compat\n") :]
    head, _, *rows = [cells(line) for line in section.splitlines() if line.startswith("|")]
    assert len(rows) == 3
    for row in rows:
        named = dict(zip(head, row, strict=True))
        assert float(named["CPU"].removesuffix(" s")) > 0
        assert float(named["its wall"].removesuffix(" s")) > 0
        assert named["CPU ratio"].partition(" ")[0] != "–"


def test_what_a_command_leaves_running_is_told_apart_from_its_own() -> None:
    measured = importlib.import_module("measured")
    busy = "import time\nwhile time.process_time() < 1: pass"
    leaves = f"import os\nif os.fork() == 0:\n    os.setsid()\n    {busy.replace(chr(10), chr(10) + '    ')}"
    run = measured.measure([sys.executable, "-c", leaves])
    assert run.cpu_seconds < 0.7 <= run.server_cpu_seconds  # Python itself takes some to begin


def test_a_peer_that_is_not_on_the_machine_is_said_in_its_place(tmp_path: Path) -> None:
    turns = importlib.import_module("turns")
    bench = turns.Bench(rounds=1, caches=tmp_path)
    (row,) = bench.compare("nothing", ["true"], {"squawk": None})
    named = dict(zip(cells(turns.head()[0]), cells(row.row()), strict=True))
    assert named["beside"] == "squawk: not on this machine"
    assert (named["its CPU"], named["CPU ratio"]) == ("–", "–")
    missing = turns.Compared(what="a rehearsal", ours=(), beside="on a server")
    assert len(cells(missing.row(with_server=True))) == len(cells(turns.head(with_server=True)[0]))


def test_a_section_takes_the_place_of_its_own_name_only() -> None:
    results = importlib.import_module("results")
    before = "# What lint costs\n\n## lint\n\nold\n\n## plan\n\nkept\n"
    after = results.put_in(before, "lint", "## lint\n\nnew\n", ("lint", "compat", "plan"))
    assert after == f"{results.HEAD}## lint\n\nnew\n\n## plan\n\nkept\n"
