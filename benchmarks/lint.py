"""Lint beside squawk: many small files in one process (CPU seconds), and one small file (wall time).

    python benchmarks/lint.py [--files 10000] [--rounds 3]

Both read the same files in the same run, in turns, so that the ratio stands whatever else the machine is doing; both write to a
file, as in CI, once each one's text and once JSON. Needs squawk on the PATH or in this Python's bin folder (pip install
squawk-cli); without it only our own figures are shown. How Python was compiled counts: the same files take a tenth fewer
instructions in Debian's, which is built with profiles, than in one that pyenv made with its defaults. And on a machine that is
busy with other things, squawk loses less than we do.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from made_up_history import write_files
from measured import Measured, measure, tool

OURS = {"text": (), "JSON": ("--format", "json")}
SQUAWKS: Mapping[str, tuple[str, ...]] = {"text": (), "JSON": ("--reporter", "json")}
"""What each is asked to print: the text that it prints if nothing is said, and JSON."""
GOAL = 0.5


def many_files(rounds: int, count: int, migrasafe: str, squawk: str | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, count)
        files = sorted(map(str, folder.iterdir()))
        print(f"\n{count:,} files, CPU seconds of one process (files per CPU second, peak memory), {rounds} turns")
        for words, form in OURS.items():
            ours = [migrasafe, "lint", name, "--no-config", "--layout", "plain", "--jobs", "1", *form]
            theirs = [squawk, *SQUAWKS[words], *files] if squawk else None
            pairs = [(measure(ours), measure(theirs) if theirs else None) for _ in range(rounds)]
            line = f"  {words:<4}   migrasafe {_used([one for one, _ in pairs], count)}"
            beside = [(one, other) for one, other in pairs if other is not None]
            if beside:
                ratios = sorted(other.cpu_seconds / one.cpu_seconds for one, other in beside)
                line += f"   squawk {_used([other for _, other in beside], count)}"
                line += f"   ours ÷ squawk's files per CPU second: {statistics.median(ratios):.2f}"
                line += f" ({ratios[0]:.2f}–{ratios[-1]:.2f}; goal: {GOAL:.2f} or more)"
            print(line)


def _used(runs: Sequence[Measured], count: int) -> str:
    cpu = statistics.median(run.cpu_seconds for run in runs)
    return f"{cpu:6.2f} s ({count / cpu:6.0f}/s, {max(run.peak_mb for run in runs):4.0f} MB)"


def one_file(rounds: int, migrasafe: str, squawk: str | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "0001_change.sql"
        path.write_text("ALTER TABLE users ADD COLUMN locale text NOT NULL DEFAULT 'en';\n", encoding="utf-8")
        print(f"\none small file, warm: wall milliseconds, best of {rounds} (and its CPU)")
        commands = {"bare python": [sys.executable, "-c", "pass"], "migrasafe": [migrasafe, "lint", str(path)]}
        if squawk:
            commands["squawk"] = [squawk, str(path)]
        for label, command in commands.items():
            runs = [measure(command) for _ in range(rounds)]
            best = min(runs, key=lambda run: run.wall_seconds)
            print(f"  {label:<12} {best.wall_seconds * 1000:6.0f} ms wall   {best.cpu_seconds * 1000:6.0f} ms CPU")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    migrasafe, squawk = tool("migrasafe"), tool("squawk")
    if migrasafe is None:
        sys.exit("migrasafe is not installed beside this Python: make check installs it into .venv")
    one_file(10, migrasafe, squawk)
    many_files(options.rounds, options.files, migrasafe, squawk)


if __name__ == "__main__":
    main()
