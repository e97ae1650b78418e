"""Whether twice as much takes twice the time, up to 100,000 migrations and statements, written to benchmarks/GROWTH.md.

    python benchmarks/growth.py [--most 100000] [--rounds 3] [--print] [--shapes]

Each amount is measured in turns with half of it, and the CPU seconds of a turn are compared: 2 is linear. With --shapes small
histories are measured, each with many of one thing: columns, partitions, functions … What a few hundred of them cost is at
most a second, of which a tenth is start-up: look at the larger ones.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from made_up_history import write_files, write_one_file
from measured import Measured, measure, tool

PLACE = Path(__file__).parent / "GROWTH.md"
STEPS = 4
"""Amounts, each half of the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """So much of something, measured."""

    count: int
    runs: tuple[Measured, ...]
    theirs: Measured | None = None
    """One run of squawk on the same files."""


SILENT = (
    "SET lock_timeout = '2s';\nALTER TABLE orders ALTER COLUMN total SET DEFAULT {n};\n",
    "SET lock_timeout = '2s';\nCOMMENT ON TABLE orders IS 'version {n}';\n",
    "INSERT INTO orders (id, total) VALUES ({n}, 1);\n",
    "UPDATE orders SET note = 'x' WHERE id = {n};\n",
)


def write_silent_files(folder: Path, count: int) -> None:
    """Migrations of one table of which nothing is said, and after which the schema is as large as before."""
    for number in range(count):
        text = SILENT[number % len(SILENT)].format(n=number) if number else TABLE_OF_SILENT
        (folder / f"{number:06d}_change.sql").write_text(text, encoding="utf-8")


TABLE_OF_SILENT = "CREATE TABLE orders (id bigint PRIMARY KEY, total numeric(10, 2), note text);\n"
AMOUNTS: dict[str, Callable[[Path, int], None]] = {
    "files": write_files,
    "files, nothing to say": write_silent_files,
    "statements in one file": write_one_file,
}

TABLE = "CREATE TABLE t (id bigint PRIMARY KEY, a int, b text);\n"
PARTITIONED = "CREATE TABLE p (id bigint PRIMARY KEY, a int) PARTITION BY RANGE (id);\n"
SHAPES = {
    "tables": ("", "CREATE TABLE t{n} (id bigint PRIMARY KEY, a int NOT NULL, b text);"),
    "tables, and foreign keys to one": (
        TABLE,
        "CREATE TABLE t{n} (id bigint PRIMARY KEY, t bigint REFERENCES t (id));",
    ),
    "columns of a table": (TABLE, "ALTER TABLE t ADD COLUMN c{n} int;"),
    "indexes of a table": (TABLE, "CREATE INDEX i{n} ON t (a) WHERE id > {n};"),
    "checks of a table without names": (TABLE, "ALTER TABLE t ADD CHECK (a + id > {n}) NOT VALID;"),
    "foreign keys of a table": (TABLE, "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES t (id) NOT VALID;"),
    "triggers of a table": (TABLE, "CREATE TRIGGER g{n} BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();"),
    "partitions": (PARTITIONED, "CREATE TABLE p{n} PARTITION OF p FOR VALUES FROM ({n}) TO ({n} + 1);"),
    "views of a table": (TABLE, "CREATE VIEW v{n} AS SELECT id, a FROM t;"),
    "functions": ("", "CREATE FUNCTION f{n}(a int) RETURNS int LANGUAGE sql AS 'SELECT a + {n}';"),
    "types": ("", "CREATE TYPE y{n} AS ENUM ('a', 'b');"),
    "settings of a session": (TABLE, "SET x.y{n} = '1';\nALTER TABLE t ALTER COLUMN a SET DEFAULT {n};"),
    "schemas": ("", "CREATE SCHEMA s{n};\nCREATE TABLE s{n}.t (id bigint PRIMARY KEY);"),
    "changes of rows": (TABLE, "UPDATE t SET a = {n} WHERE b = 'x';"),
}


def write_shape(shape: str, folder: Path, count: int) -> None:
    first, each = SHAPES[shape]
    (folder / "000000_first.sql").write_text(first, encoding="utf-8")
    for number in range(count):
        (folder / f"{number + 1:06d}_change.sql").write_text(each.replace("{n}", str(number)), encoding="utf-8")


def series(
    write: Callable[[Path, int], None], most: int, rounds: int, migrasafe: str, squawk: str | None
) -> Iterator[Amount]:
    """The amounts, the least first, each `rounds` times in turns with the others."""
    counts = [most // 2**step for step in reversed(range(STEPS))]
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / str(count) for count in counts]
        for folder, count in zip(folders, counts, strict=True):
            folder.mkdir()
            write(folder, count)
        turns = [[measure(ours(migrasafe, folder)) for folder in folders] for _ in range(rounds)]
        for place, (folder, count) in enumerate(zip(folders, counts, strict=True)):
            theirs = measure([squawk, "--reporter", "json", f"{folder}/*.sql"]) if squawk else None
            yield Amount(count=count, runs=tuple(turn[place] for turn in turns), theirs=theirs)


def ours(migrasafe: str, folder: Path) -> list[str]:
    return [migrasafe, "lint", str(folder), "--no-config", "--format", "json", "--layout", "plain", "--jobs", "1"]


def rows(what: str, amounts: Sequence[Amount]) -> Iterator[str]:
    """The rows of a table."""
    before: Amount | None = None
    for one in amounts:
        cpu = statistics.median(run.cpu_seconds for run in one.runs)
        peak = max(run.peak_mb for run in one.runs)
        half = "" if before is None else _beside(one, before)
        more = its = ""
        if before is not None:
            more = _for_each_more(peak, max(run.peak_mb for run in before.runs), one, before)
            if one.theirs is not None and before.theirs is not None:
                its = _for_each_more(one.theirs.peak_mb, before.theirs.peak_mb, one, before)
        theirs = " | " if one.theirs is None else f"{one.theirs.cpu_seconds:.2f} s | {one.theirs.peak_mb:.0f} MB"
        yield f"| {one.count:,} {what} | {cpu:.2f} s | {peak:.0f} MB | {more} | {half} | {theirs} | {its} |"
        before = one


def _for_each_more(peak: float, before: float, one: Amount, half: Amount) -> str:
    return f"{(peak - before) * 1024 / (one.count - half.count):.1f} KB"


def _beside(one: Amount, half: Amount) -> str:
    ratios = sorted(run.cpu_seconds / other.cpu_seconds for run, other in zip(one.runs, half.runs, strict=True))
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"


HEAD = (
    "| what | CPU | peak | for each more | beside half of it (least–greatest) | squawk's CPU | its peak | for each more |",
    "|---|---:|---:|---:|---:|---:|---:|---:|",
)


def report(most: int, rounds: int, migrasafe: str, squawk: str | None) -> str:
    """Twice as much, and twice again, as a table."""
    load = os.getloadavg()[0]
    measured = [
        row
        for what, write in AMOUNTS.items()
        for row in rows(what, list(series(write, most, rounds, migrasafe, squawk)))
    ]
    lines = (
        "# Whether twice as much takes twice the time",
        "",
        "Written by `make bench` (benchmarks/growth.py): `migrasafe lint --format json` of folders and files of the same",
        f"mixture, medians of {rounds} turns; in a turn each amount is compared with half of it, and 2 is linear. The peak is that",
        "of the larger of our two processes. Most files say something and add to the schema: what was found is kept until it",
        "is printed, and the schema to the end. Of files of which nothing is said, only names are kept. squawk ran once.",
        "",
        f"Python {platform.python_version()}, {os.cpu_count()} cores; load {load:.1f} to {os.getloadavg()[0]:.1f}.",
        "",
        *HEAD,
        *measured,
    )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--shapes", action="store_true")
    parser.add_argument("--print", action="store_true", help="write no file")
    options = parser.parse_args()
    migrasafe, squawk = tool("migrasafe"), tool("squawk")
    if migrasafe is None:
        sys.exit("migrasafe is not installed beside this Python: make check installs it into .venv")
    if not options.shapes:
        text = report(options.most or 100_000, options.rounds, migrasafe, squawk)
        if options.print:
            print(text)
        else:
            PLACE.write_text(text, encoding="utf-8")
        return
    print("\n".join(HEAD))
    for shape in SHAPES:
        amounts = series(partial(write_shape, shape), options.most or 4_000, options.rounds, migrasafe, None)
        print("\n".join(rows(shape, list(amounts))), flush=True)


if __name__ == "__main__":
    main()
