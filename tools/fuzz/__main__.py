"""Runs a fuzzing campaign, or writes what is on record into docs/fuzzing.md.

    python -m tools.fuzz ddl [--statements 1000000] [--seed 1] [--lint-one-in 10] [--failures FOLDER] [--record [FILE]]
    python -m tools.fuzz server [--statements 2000] [--seed 1] [--pg-version 15] [--failures FOLDER] [--record [FILE]]
    python -m tools.fuzz corpus PATH... [--changed 1000] [--seed 1] [--failures FOLDER] [--record [FILE]]
    python -m tools.fuzz write

`ddl`: histories of generated statements (ddl.grammar), each statement read and evolved, the catalog looked over after each
migration, one migration in N linted with every rule.

`server`: generated statements on a throw-away server; after each one that it takes, its catalog is held against what evolve
says.

`corpus`: the .sql files of others (PostgreSQL's src/test/regress/sql is one such folder), as they are and changed at random. Where
pglast is installed, each statement is held against what it reads.

Exit status 1 where a promise was broken: FOLDER then has the fewest statements that show it, a file for each class.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from msgspec.structs import asdict

from migrasafe.postgres.connect import connect, in_database, run
from migrasafe.postgres.server.find import find_server
from tools.fuzz.campaign import Counts, Findings
from tools.fuzz.corpus import fuzz_corpus, installed_pglast, texts_of
from tools.fuzz.histories import fuzz_histories
from tools.fuzz.on_server import fuzz_on_server
from tools.fuzz.record import RECORD, add, ran, write_page

_DATABASE = "migrasafe_fuzz"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    ddl = commands.add_parser("ddl", help="generated statements")
    ddl.add_argument("--statements", type=int, default=100_000)
    ddl.add_argument("--lint-one-in", type=int, default=10, metavar="N")
    server = commands.add_parser("server", help="generated statements, on a server too")
    server.add_argument("--statements", type=int, default=2_000)
    server.add_argument("--pg-version", type=int, metavar="MAJOR")
    corpus = commands.add_parser("corpus", help="the .sql files of others, as they are and changed at random")
    corpus.add_argument("paths", type=Path, nargs="+", metavar="PATH")
    corpus.add_argument("--changed", type=int, default=1_000, metavar="N")
    for one in (ddl, server, corpus):
        one.add_argument("--seed", type=int, default=1)
        one.add_argument("--failures", type=Path, metavar="FOLDER")
        one.add_argument(
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
    return {"ddl": _ddl, "server": _server, "corpus": _corpus}[options.command](options)


def _ddl(options: argparse.Namespace) -> int:
    findings = Findings(options.failures)
    began, cpu = time.monotonic(), time.process_time()
    counts = Counts()
    for so_far in fuzz_histories(options.seed, options.statements, options.lint_one_in, findings):
        counts = so_far
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    return report("generated DDL", options, counts, findings, wall=wall, cpu=cpu)


def _server(options: argparse.Namespace) -> int:
    findings = Findings(options.failures)
    began, cpu = time.monotonic(), time.process_time()
    counts, compared = Counts(), 0
    server = find_server(options.pg_version).start()
    try:
        with connect(server.dsn) as session:
            run(session, f"CREATE DATABASE {_DATABASE}")
        with connect(in_database(server.dsn, _DATABASE)) as session:
            for counts, compared in fuzz_on_server(session, options.seed, options.statements, findings):  # noqa: B007 (the last are reported below)
                pass
    finally:
        server.stop()
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    print(f"compared after {compared:,} statements that PostgreSQL {server.major} took")
    campaign = f"generated DDL, on PostgreSQL {server.major}"
    return report(campaign, options, counts, findings, wall=wall, cpu=cpu, compared=compared)


def _corpus(options: argparse.Namespace) -> int:
    findings = Findings(options.failures)
    texts = texts_of(options.paths)
    if not texts:
        print("no .sql file there", file=sys.stderr)
        return 2
    pglast = installed_pglast()
    began, cpu = time.monotonic(), time.process_time()
    counts = Counts()
    for so_far in fuzz_corpus(texts, options.seed, options.changed, findings, pglast):
        counts = so_far
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    campaign = f"SQL of others, as it is and changed, {'beside' if pglast else 'without'} pglast"
    return report(campaign, options, counts, findings, wall=wall, cpu=cpu)


def report(
    campaign: str,
    options: argparse.Namespace,
    counts: Counts,
    findings: Findings,
    *,
    wall: float,
    cpu: float,
    compared: int = 0,
) -> int:
    """Say what a campaign did, and put it on record where that is asked for."""
    print(
        f"{campaign}: {counts.statements:,} statements in {counts.texts:,} texts, {counts.linted:,} linted; {cpu:.0f} CPU s"
    )
    for kind, times in sorted(findings.classes.items()):
        print(f"  {times} times: {kind}")
    if options.record is not None:
        add(
            ran(campaign, options.seed, {**asdict(counts), "compared": compared}, findings.classes, wall=wall, cpu=cpu),
            options.record,
        )
    return int(bool(findings.classes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
