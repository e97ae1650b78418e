"""What each command costs, beside a peer or the least that it could cost, written to benchmarks/RESULTS.md.

    python benchmarks/results.py [--only lint compat plan rehearse backfill] [--rounds 5] [--corpus NAME=FOLDER …] [--print]

Two commands are always run in turns, and what they cost is compared within a turn: the ratio so says the same on a machine
that is busy with other things, where seconds do not. With --only the other sections of the file stay as they are. What is not
on the machine (squawk: pip install squawk-cli; a PostgreSQL server, psql) is said in its place in the table. Linux only.

--corpus names folders of migrations of real projects, in any layout that migrasafe reads, for lint's rows of real files.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import backfill_costs
import compat_costs
import lint_costs
import plan_costs
import rehearse_costs
from lint_costs import Corpus
from measured import tool
from turns import LONG, Bench, Compared, head

PLACE = Path(__file__).parent / "RESULTS.md"
HEAD = """\
# What it costs

Written by `make bench` (benchmarks/results.py). CPU is user and system seconds, wall the time from start to end, of whole processes:
the median of the turns. In each turn the two commands run one after the other; a ratio is ours ÷ theirs within a turn, the median
with the least and the greatest in brackets: below 1, ours is less. Seconds grow with what else the machine does, ratios less so.
The peak is that of the largest process; less than 12 MB cannot be told (benchmarks/measure_one.py says why).

"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A section of the file: how its rows are measured, and what has to be known to read them."""

    measure: Callable[[Bench, Path], Iterable[Compared]]
    notes: str
    with_server: bool = False

    def text(self, name: str, bench: Bench, folder: Path) -> str:
        before = os.getloadavg()[0]
        found = list(self.measure(replace(bench, with_server=self.with_server), folder))
        turns = f"{bench.rounds} turns, of what takes long {min(bench.rounds, LONG)}"
        machine = f"{_machine()}; load {before:.1f} at the start, {os.getloadavg()[0]:.1f} at the end; {turns}."
        rows = [*head(with_server=self.with_server), *(one.row(with_server=self.with_server) for one in found)]
        return "\n".join([f"## {name}", "", machine, "", *rows, "", self.notes]) + "\n"


def parts(options: argparse.Namespace, corpora: Sequence[Corpus]) -> dict[str, Part]:
    return {
        "lint": Part(
            measure=lambda bench, folder: lint_costs.lint_costs(
                bench, folder, files=options.files, statements=options.statements, corpora=corpora
            ),
            notes=lint_costs.notes(corpora),
        ),
        "compat": Part(
            measure=lambda bench, folder: compat_costs.compat_costs(bench, folder, lines=options.lines),
            notes=compat_costs.NOTES,
        ),
        "plan": Part(
            measure=lambda bench, folder: plan_costs.plan_costs(bench, folder, tables=options.tables),
            notes=plan_costs.NOTES,
            with_server=True,
        ),
        "rehearse": Part(measure=rehearse_costs.rehearse_costs, notes=rehearse_costs.NOTES, with_server=True),
        "backfill": Part(
            measure=lambda bench, folder: backfill_costs.backfill_costs(bench, rows=options.rows),
            notes=backfill_costs.NOTES,
            with_server=True,
        ),
    }


def _machine() -> str:
    squawk = tool("squawk")
    said = [_said(tool("migrasafe") or "migrasafe", "--version"), _said(squawk, "--version") if squawk else "no squawk"]
    python, system = platform.python_version(), f"{platform.system()} {platform.release().split('-')[0]}"
    return "; ".join([*said, f"Python {python}", f"{_processor()}, {os.cpu_count()} cores", system])


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def put_in(text: str, name: str, section: str, order: Iterable[str]) -> str:
    """The file with a section in the place of that name; those of other names stay as they are."""
    kept = {
        part.partition("\n")[0]: f"## {part.rstrip()}\n" for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    }
    kept[name] = section
    return HEAD + "\n".join(kept[one] for one in order if one in kept)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ("lint", "compat", "plan", "rehearse", "backfill")
    parser.add_argument("--only", nargs="+", choices=names, default=names, help="measure these sections")
    parser.add_argument("--rounds", type=int, default=5, help=f"turns; of what takes long, {LONG} at most")
    parser.add_argument("--corpus", nargs="+", default=[], metavar="NAME=FOLDER", help="migrations of real projects")
    parser.add_argument("--files", type=int, default=5_000, help="lint: made-up files")
    parser.add_argument("--statements", type=int, default=100_000, help="lint: statements in one file")
    parser.add_argument("--lines", type=int, default=500_000, help="compat: lines of the app")
    parser.add_argument("--tables", type=int, default=1_000, help="plan: tables of the schema")
    parser.add_argument("--rows", type=int, default=1_000_000, help="backfill: rows of the table")
    parser.add_argument("--print", action="store_true", help="write no file")
    options = parser.parse_args()
    if tool("migrasafe") is None:
        sys.exit("migrasafe is not installed beside this Python: make check installs it into .venv")
    corpora = [lint_costs.read_corpus(given) for given in options.corpus]
    made = parts(options, corpora)
    for name in (name for name in names if name in options.only):
        with tempfile.TemporaryDirectory() as place:
            caches = Path(place) / "caches"
            folder = Path(place) / name
            folder.mkdir()
            section = made[name].text(name, Bench(rounds=options.rounds, caches=caches), folder)
        if options.print:
            print(f"\n{section}")
        else:
            text = PLACE.read_text(encoding="utf-8") if PLACE.exists() else ""
            PLACE.write_text(put_in(text, name, section, names), encoding="utf-8")


if __name__ == "__main__":
    main()
