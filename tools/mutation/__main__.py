"""Tries a seeded sample of mutants of the pure core, and says which no test notices.

    python -m tools.mutation try [--package rules]... [--mutants 60] [--seed 1] [--record [FILE]] [--no-servers]
    python -m tools.mutation again [--record [FILE]] [--no-servers]
    python -m tools.mutation write

`try`: as many mutants of each package as is said, drawn from all of its mutants; each meets only the tests that run its
line. `again`: those on record that survived, with the code and the tests of today. `write`: the record, as a table in
docs/mutation.md.

Needs mutmut (its operators) and coverage: `make mutate` installs both. Exit status 1 where a mutant survived.
"""

from __future__ import annotations

import argparse
import datetime
import random
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from tools.mutation.covering import covering
from tools.mutation.mutants import Change, Mutant, changes_of, changes_of_text, mutants_of
from tools.mutation.packages import PACKAGES, Package
from tools.mutation.results import RECORD, Tried, add, read_equivalent, read_record, write_page
from tools.mutation.spent import limit
from tools.mutation.trial import Trial, Try, with_collected

_ROOT = Path(__file__).parents[2]
_KEPT = _ROOT / "build" / "mutation"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mutation", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    new = commands.add_parser("try", help="a sample of mutants")
    new.add_argument("--mutants", type=int, default=60, metavar="N", help="of each package (default: %(default)s)")
    new.add_argument("--seed", type=int, default=1)
    again = commands.add_parser("again", help="the survivors on record")
    for one in (new, again):
        one.add_argument("--package", action="append", choices=[one.name for one in PACKAGES], help="default: all")
        one.add_argument("--record", type=Path, nargs="?", const=RECORD, metavar="FILE")
        one.add_argument(
            "--seconds",
            type=float,
            default=30.0,
            help="of CPU; tests that take more together are tried as far as that, the most telling first (default: %(default)s)",
        )
        one.add_argument("--no-servers", action="store_true", help="only the tests that need no server")
    commands.add_parser("write", help="write the record into docs/mutation.md")
    options = parser.parse_args(arguments)
    if options.command == "write":
        write_page()
        return 0
    survived = 0
    console = sys.stdout

    def said(tried: Tried) -> None:
        nonlocal survived
        if options.record is not None:
            add(tried, options.record)
        mark = "wording" if tried.wording else "logic"
        print(f"{tried.outcome}, {mark}: {tried.path}:{tried.line}", file=console, flush=True)
        if tried.outcome in {"survived", "not run"}:
            survived += not tried.wording
            print(f"  - {tried.removed}\n  + {tried.added}", file=console, flush=True)

    on_record = read_record(options.record or RECORD) if options.command == "again" else None
    for package in PACKAGES:
        if options.package and package.name not in options.package:
            continue
        if on_record is None:
            chosen = _sample(package, options.mutants, options.seed)
        else:
            chosen, gone = _survivors(package, on_record)
            for told in gone:
                said(told)
        if options.no_servers:
            package = replace(package, on_servers=())
        if chosen:
            print(f"{package.name}: {len(chosen)} mutants", flush=True)
            _try_all(package, chosen, options.seconds, said)
    return int(survived > 0)


def _sample(package: Package, size: int, seed: int) -> list[tuple[Tried, Change]]:
    """Mutants drawn from all of a package, each as likely as the other."""
    paths = sorted((_ROOT / package.folder).rglob("*.py"))
    mutants = [mutant for path in paths for mutant in mutants_of(path, _ROOT)]
    chosen = random.Random(f"{package.name} {seed}").sample(mutants, min(size, len(mutants)))
    of_file: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in chosen:
        of_file[mutant.path].append(mutant)
    return [
        (_told(package, mutant, changes[mutant.number], seed), changes[mutant.number])
        for path, of_it in sorted(of_file.items())
        for changes in [changes_of(_ROOT / path, {mutant.number for mutant in of_it})]
        for mutant in of_it
    ]


def _survivors(package: Package, on_record: list[Tried]) -> tuple[list[tuple[Tried, Change]], list[Tried]]:
    """The mutants that no test killed when they were last tried, and those of them whose code is no more."""
    last = {(one.path, one.removed, one.added): one for one in on_record if one.package == package.name}
    wanted = {key: one for key, one in last.items() if one.outcome in {"survived", "not run"}}
    found: dict[tuple[str, str, str], tuple[Tried, Change]] = {}
    for path in dict.fromkeys(one.path for one in wanted.values()):
        for line, change in changes_of_text(_ROOT / path, {one.removed for one in wanted.values() if one.path == path}):
            key = (path, change.removed, change.added)
            if key in wanted:
                found.setdefault(key, (replace(wanted[key], line=line), change))
    today = datetime.date.today().isoformat()
    return (
        [(replace(told, date=today), change) for told, change in found.values()],
        [replace(one, date=today, outcome="gone") for key, one in wanted.items() if key not in found],
    )


def _told(package: Package, mutant: Mutant, change: Change, seed: int) -> Tried:
    return Tried(
        package=package.name,
        path=mutant.path,
        line=mutant.line,
        removed=change.removed,
        added=change.added,
        wording=mutant.wording,
        outcome="",
        seed=seed,
        date=datetime.date.today().isoformat(),
    )


def _try_all(
    package: Package, chosen: list[tuple[Tried, Change]], cpu_seconds: float, said: Callable[[Tried], None]
) -> None:
    """Let the tests without a server meet the mutants, and those with one what is left."""
    left: list[tuple[Tried, Change]] = []
    equivalent = read_equivalent()
    for told, change in chosen:
        if (told.path, told.removed, told.added) in equivalent:
            said(replace(told, outcome="equivalent"))
        else:
            left.append((replace(told, outcome="not run"), change))
    for tests, marks in ((package.tests, "not soak and not postgres"), (package.on_servers, "not soak")):
        if tests and left:
            left = _tried(left, package, tests, marks, cpu_seconds, said)
    for told, _ in left:
        said(told)


def _tried(
    left: list[tuple[Tried, Change]],
    package: Package,
    tests: tuple[str, ...],
    marks: str,
    cpu_seconds: float,
    said: Callable[[Tried], None],
) -> list[tuple[Tried, Change]]:
    """The mutants that these tests let live."""
    met = covering(package, tests, marks, _ROOT, _KEPT)
    living: list[tuple[Tried, Change]] = []

    def work(try_one: Try) -> None:
        for told, change in left:
            telling = met.tests_of(told.path, told.line, cpu_seconds)
            if not telling:
                living.append((told, change))
                continue
            most = limit(telling, met.taken)
            trial = Trial(
                path=told.path,
                before=(_ROOT / told.path).read_text(encoding="utf-8"),
                after=change.source,
                tests=telling,
                cpu_seconds=most.cpu,
                wall_seconds=most.clock,
                at_import=met.at_import.get(told.path, []),
            )
            tried = replace(told, outcome=try_one(trial))
            if tried.outcome == "survived":
                living.append((tried, change))
            else:
                said(tried)

    with_collected(tests, marks, work)
    return living


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
