"""Lint beside squawk: many small files in one process (CPU seconds), and one small file (wall time).

    python benchmarks/lint.py [--files 10000] [--rounds 3]

Both read the same files in the same run, in turns, so that the ratio stands whatever else the machine is doing. Needs
squawk on the PATH or in this Python's bin folder (pip install squawk-cli); without it only our own figures are shown.
How Python was compiled counts: the same files take a tenth fewer instructions in Debian's, which is built with profiles,
than in one that pyenv made with its defaults. And on a machine that is busy with other things, squawk loses less than we do.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

# Every six files belong together: a table, and five changes to it, as an app's history has them.
TEMPLATES = (
    "CREATE TABLE orders_{m} (\n    id bigint PRIMARY KEY,\n    note varchar(20) NOT NULL,\n    total numeric(10, 2)\n);\n",
    "SET lock_timeout = '2s';\nALTER TABLE orders_{m} ADD COLUMN state text;\n",
    "CREATE INDEX CONCURRENTLY orders_{m}_state_idx ON orders_{m} (state);\n",
    "ALTER TABLE orders_{m} ADD CONSTRAINT positive_{m} CHECK (total >= 0) NOT VALID;\n"
    "ALTER TABLE orders_{m} VALIDATE CONSTRAINT positive_{m};\n",
    "-- widen\nALTER TABLE orders_{m} ALTER COLUMN note TYPE varchar(40);\nUPDATE orders_{m} SET note = 'x' WHERE id = {n};\n",
    "BEGIN;\nCREATE TABLE items_{m} (id int REFERENCES orders_{m} (id), a text DEFAULT 'x');\n"
    "CREATE INDEX items_{m}_a ON items_{m} (a);\nCOMMIT;\n",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float


def write_files(folder: Path, count: int) -> None:
    """`count` migrations of one to four statements, in the order of their names."""
    for number in range(count):
        text = TEMPLATES[number % len(TEMPLATES)].format(n=number, m=number - number % len(TEMPLATES))
        (folder / f"{number:06d}_change.sql").write_text(text, encoding="utf-8")


def measure(
    command: Sequence[str], environment: Mapping[str, str] | None = None, folder: Path | None = None
) -> Measured:
    """One run of a command: what it and its children used. Its output goes nowhere; findings are no failure."""
    environment = dict(os.environ if environment is None else environment)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling every module in every run is not what is measured
    start = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, cwd=folder
    ) as process:
        assert process.stderr is not None
        complaint = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode not in (0, 1):
        sys.exit(f"{command[0]} failed: {complaint.decode(errors='replace')}")
    return Measured(cpu_seconds=used.ru_utime + used.ru_stime, wall_seconds=wall, peak_mb=used.ru_maxrss / 1024)


def tool(name: str) -> str | None:
    beside = Path(sys.executable).parent / name
    return str(beside) if beside.exists() else shutil.which(name)


def many_files(rounds: int, count: int, migrasafe: str, squawk: str | None) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_files(folder, count)
        ours = [migrasafe, "lint", name, "--no-config", "--format", "json", "--layout", "plain"]
        theirs = [squawk, "--reporter", "json", *map(str, sorted(folder.iterdir()))] if squawk else None
        print(f"\n{count} files, CPU seconds of one process (files per CPU second, peak memory)")
        ratios = []
        for turn in range(rounds):
            one = measure(ours)
            line = f"  round {turn + 1}: migrasafe {one.cpu_seconds:6.2f} s ({count / one.cpu_seconds:6.0f}/s, {one.peak_mb:4.0f} MB)"
            if theirs:
                other = measure(theirs)
                ratios.append(other.cpu_seconds / one.cpu_seconds)
                line += f"   squawk {other.cpu_seconds:6.2f} s ({count / other.cpu_seconds:6.0f}/s, {other.peak_mb:4.0f} MB)"
                line += f"   ours ÷ squawk, files per CPU second: {ratios[-1]:.2f}"
            print(line)
        if ratios:
            print(f"  median ratio {sorted(ratios)[len(ratios) // 2]:.2f} (goal: 0.50 or more)")


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
