"""Runs a fuzzing campaign, or writes what is on record into docs/fuzzing.md.

    python -m tools.fuzz ddl [--statements 1000000] [--seed 1] [--lint-one-in 10] [--failures FOLDER] [--record [FILE]]
    python -m tools.fuzz write

`ddl`: histories of generated statements (ddl.grammar), each statement read and evolved, the catalog looked over after each
migration, one migration in N linted with every rule. Exit status 1 where a promise was broken: FOLDER then has the fewest
statements that show it, a file for each class.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from msgspec.structs import asdict

from tools.fuzz.campaign import Counts, Findings
from tools.fuzz.histories import fuzz_histories
from tools.fuzz.record import RECORD, add, ran, write_page


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    ddl = commands.add_parser("ddl", help="generated statements")
    ddl.add_argument("--statements", type=int, default=100_000)
    ddl.add_argument("--seed", type=int, default=1)
    ddl.add_argument("--lint-one-in", type=int, default=10, metavar="N")
    ddl.add_argument("--failures", type=Path, metavar="FOLDER")
    ddl.add_argument(
        "--record",
        type=Path,
        nargs="?",
        const=RECORD,
        metavar="FILE",
        help="add a line about this run to a file (default: tools/fuzz/record.jsonl)",
    )
    commands.add_parser("write", help="write the record into docs/fuzzing.md")
    options = parser.parse_args(arguments)
    if options.command == "write":
        write_page()
        return 0
    return _ddl(options)


def _ddl(options: argparse.Namespace) -> int:
    findings = Findings(options.failures)
    began, cpu = time.monotonic(), time.process_time()
    counts = Counts()
    for so_far in fuzz_histories(options.seed, options.statements, options.lint_one_in, findings):
        counts = so_far
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    return report("generated DDL", options, counts, findings, wall=wall, cpu=cpu)


def report(
    campaign: str, options: argparse.Namespace, counts: Counts, findings: Findings, *, wall: float, cpu: float
) -> int:
    """Say what a campaign did, and put it on record where that is asked for."""
    print(
        f"{campaign}: {counts.statements:,} statements in {counts.texts:,} texts, {counts.linted:,} linted; {cpu:.0f} CPU s"
    )
    for kind, times in sorted(findings.classes.items()):
        print(f"  {times} times: {kind}")
    if options.record is not None:
        add(ran(campaign, options.seed, asdict(counts), findings.classes, wall=wall, cpu=cpu), options.record)
    return int(bool(findings.classes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
