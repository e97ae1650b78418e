"""What lint costs, beside squawk and beside bare Python, written to benchmarks/RESULTS.md.

    python benchmarks/results.py [--rounds 5] [--files 5000] [--statements 100000] [--print]

Two commands are always run in turns, and their CPU seconds are compared within a turn: the ratio so says the same on a machine
that is busy with other things, where seconds do not. Peak memory is that of the largest process. Needs squawk on the PATH or in
this Python's bin folder (pip install squawk-cli).
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from growth import write_one_file
from lint import Measured, measure, tool, write_files

PLACE = Path(__file__).parent / "RESULTS.md"
NEW = "ALTER TABLE orders_0 ALTER COLUMN note SET NOT NULL;\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Runs of a command, each beside a run of another one."""

    what: str
    ours: tuple[Measured, ...]
    beside: str
    theirs: tuple[Measured, ...]

    def row(self) -> str:
        pairs = list(zip(self.ours, self.theirs, strict=True))
        of_cpu = _ratio(one.cpu_seconds / other.cpu_seconds for one, other in pairs)
        of_wall = _ratio(one.wall_seconds / other.wall_seconds for one, other in pairs)
        ours, theirs = (f"{_seconds(runs)} | {_peak(runs)}" for runs in (self.ours, self.theirs))
        return f"| {self.what} | {ours} | {self.beside} | {theirs} | {of_cpu} | {of_wall} |"


def _ratio(ratios: Iterable[float]) -> str:
    found = sorted(ratios)
    return f"{statistics.median(found):.2f} ({found[0]:.2f}–{found[-1]:.2f})"


def _seconds(runs: Sequence[Measured]) -> str:
    cpu, wall = (statistics.median(getattr(run, name) for run in runs) for name in ("cpu_seconds", "wall_seconds"))
    return f"{cpu:.2f} s | {wall:.2f} s"


def _peak(runs: Sequence[Measured]) -> str:
    return f"{max(run.peak_mb for run in runs):.0f} MB"


class Bench:
    """Runs commands in turns."""

    def __init__(self, rounds: int, caches: Path) -> None:
        self._rounds = rounds
        self._environment = {**os.environ, "XDG_CACHE_HOME": str(caches)}

    def compare(
        self, what: str, ours: Sequence[str], beside: str, theirs: Sequence[str], *, within: Path | None = None
    ) -> Compared:
        """`within`: the working folder. The first run of each is thrown away: it reads files that no run has read yet."""
        runs = [(self._run(ours, within), self._run(theirs, within)) for _ in range(self._rounds + 1)][1:]
        compared = Compared(
            what=what, ours=tuple(one for one, _ in runs), beside=beside, theirs=tuple(other for _, other in runs)
        )
        print(compared.row(), flush=True)
        return compared

    def _run(self, command: Sequence[str], within: Path | None) -> Measured:
        return measure(command, self._environment, within)


def one_file(bench: Bench, folder: Path, tools: Mapping[str, str]) -> list[Compared]:
    file = folder / "0001_change.sql"
    file.write_text("ALTER TABLE users ADD COLUMN locale text NOT NULL DEFAULT 'en';\n", encoding="utf-8")
    ours = [tools["migrasafe"], "lint", str(file)]
    return [
        bench.compare("one small file", ours, "bare Python", [sys.executable, "-c", "pass"]),
        bench.compare("one small file", ours, "squawk", [tools["squawk"], str(file)]),
    ]


def many_files(bench: Bench, folder: Path, count: int, tools: Mapping[str, str]) -> list[Compared]:
    write_files(folder, count)
    ours = [tools["migrasafe"], "lint", str(folder), "--no-config", "--format", "json", "--layout", "plain"]
    theirs = [tools["squawk"], "--reporter", "json", *map(str, sorted(folder.iterdir()))]
    by_two = [*ours, "--jobs", "2"]
    return [
        bench.compare(f"{count:,} files, all of them", ours, "squawk", theirs),
        bench.compare(f"{count:,} files, --jobs 2", by_two, "squawk", theirs),
        bench.compare(f"{count:,} files, --jobs 2", by_two, "itself, by one process", ours),
    ]


def one_long_file(bench: Bench, folder: Path, count: int, tools: Mapping[str, str]) -> list[Compared]:
    """So many statements in one file, as mixed as in many files."""
    file = folder / "all.sql"
    write_one_file(folder, count)
    ours = [tools["migrasafe"], "lint", str(file), "--no-config", "--format", "json"]
    theirs = [tools["squawk"], "--reporter", "json", str(file)]
    return [bench.compare(f"{count:,} statements in one file", ours, "squawk", theirs)]


def last_of_many(bench: Bench, folder: Path, count: int, tools: Mapping[str, str]) -> list[Compared]:
    """A history, and one migration that is new: as pre-commit and as CI ask for it. squawk knows no history: it reads the new
    file alone."""
    migrations = folder / "migrations"
    migrations.mkdir()
    write_files(migrations, count)
    for command in (["init", "-q"], ["add", "."], [*_SOMEBODY, "commit", "-q", "-m", "shipped"]):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    new = migrations / f"{count:06d}_change.sql"
    new.write_text(NEW, encoding="utf-8")
    precommit = [tools["migrasafe"], "lint", "--with-history", str(new)]
    since = [tools["migrasafe"], "lint", str(migrations), "--since", "HEAD"]
    alone = [tools["squawk"], str(new)]
    shown = f"1 new after {count:,}"
    pairs = (
        ("pre-commit, cold", [*precommit, "--no-cache"], "squawk, the file alone", alone),
        ("pre-commit, warm", precommit, "squawk, the file alone", alone),
        ("pre-commit, warm", precommit, "itself, cold", [*precommit, "--no-cache"]),
        ("--since, warm", since, "itself, cold", [*since, "--no-cache"]),
    )
    return [
        bench.compare(f"{shown}, {what}", ours, beside, theirs, within=folder) for what, ours, beside, theirs in pairs
    ]


_SOMEBODY = ["-c", "user.name=x", "-c", "user.email=x@example.com"]


def twice_as_many(bench: Bench, folder: Path, count: int, tools: Mapping[str, str]) -> list[Compared]:
    """Whether twice the files take twice the time."""
    for name, files in (("once", count // 2), ("twice", count)):
        (folder / name).mkdir()
        write_files(folder / name, files)
    commands = {
        name: [tools["migrasafe"], "lint", str(folder / name), "--no-config", "--format", "json", "--layout", "plain"]
        for name in ("once", "twice")
    }
    return [bench.compare(f"{count:,} files", commands["twice"], f"itself, {count // 2:,} files", commands["once"])]


def report(found: Sequence[Compared], rounds: int, load: tuple[float, float], tools: Mapping[str, str]) -> str:
    versions = {name: _said(path, "--version") for name, path in tools.items()}
    head = (
        "# What lint costs",
        "",
        "Written by `make bench` (benchmarks/results.py). Medians of CPU seconds, user and system, and of wall seconds of whole",
        f"processes; a ratio is ours ÷ theirs within each of {rounds} turns, with the least and the greatest in brackets: below 1,"
        " ours is less.",
        "Seconds grow with what else the machine does, ratios less so; memory is the peak of the process.",
        "",
        f"{versions['migrasafe']}; {versions['squawk']}; Python {platform.python_version()}; {_processor()}, {os.cpu_count()} cores; "
        f"{platform.system()} {platform.release().split('-')[0]}; load {load[0]:.1f} at the start, {load[1]:.1f} at the end.",
        "",
        "| what | CPU | wall | peak | beside | its CPU | its wall | its peak | CPU (least–greatest) | wall (least–greatest) |",
        "|---|---:|---:|---:|---|---:|---:|---:|---:|---:|",
    )
    return "\n".join([*head, *(one.row() for one in found)]) + "\n"


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=5_000)
    parser.add_argument("--statements", type=int, default=100_000)
    parser.add_argument("--print", action="store_true", help="write no file")
    options = parser.parse_args()
    tools = {name: path for name in ("migrasafe", "squawk") if (path := tool(name)) is not None}
    if len(tools) < 2:
        sys.exit("migrasafe and squawk have to be beside this Python or on the PATH: pip install -e . squawk-cli")
    before = os.getloadavg()[0]
    found: list[Compared] = []
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(options.rounds, Path(name) / "caches")

        def folder(of: str) -> Path:
            made = Path(name) / of
            made.mkdir()
            return made

        found += one_file(bench, folder("one"), tools)
        found += many_files(bench, folder("many"), options.files, tools)
        found += twice_as_many(bench, folder("twice"), options.files, tools)
        found += one_long_file(bench, folder("long"), options.statements, tools)
        found += last_of_many(bench, folder("last"), options.files, tools)
    text = report(found, options.rounds, (before, os.getloadavg()[0]), tools)
    if options.print:
        print(text)
    else:
        PLACE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
