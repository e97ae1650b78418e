"""Plans migrations of real projects, proves each plan on throw-away servers, and prints the rows of docs/plans-measured.md.

    python -m tools.prove_plans /path/to/checkouts [--list tools/prove_plans.toml] [--only TEXT] [--plans FOLDER]

The checkouts hold a folder for each project, named as in the list. For each migration and each of its major versions it
runs what a user would, with the options of the list, and keeps the plans below `--plans`:

    migrasafe plan MIGRATION --schema FOLDER --pg-version MAJOR --out PLAN
    migrasafe rehearse PLAN --schema FOLDER --before MIGRATION --rows ROWS

Exit status: 0 where every plan was made and proved, else 1; 2 for a list that cannot be used.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from migrasafe.cli.plan.session import written_plan
from migrasafe.plan.model import Plan

LIST = Path(__file__).with_suffix(".toml")
_HEAD = (
    "| project | migration | what it changes | planned | by hand | phases, steps | proved on | seconds |",
    "|---|---|---|---|---|---|---|---|",
)


class Wanted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A migration of the list."""

    project: str
    folder: str
    """Of the project's migrations, below its checkout: the schema before this one is made from it."""
    file: str
    """In the folder."""
    changes: str
    """What it does, in a few words."""
    options: tuple[str, ...] = ()
    """Of `migrasafe plan`: what somebody had to say."""
    layout: str | None = None
    """The migration tool, where the folder does not tell."""
    majors: tuple[int, ...] = (15, 18)


class Migrations(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    migration: tuple[Wanted, ...]


class Tried(Struct, frozen=True, kw_only=True):
    """One migration planned and proved for one major version."""

    major: int
    plan: Plan | None
    """None: it was refused."""
    said: str
    """What was printed on standard error: why it was refused."""

    @property
    def holds(self) -> bool:
        return self.plan is not None and self.plan.evidence is not None and self.plan.evidence.holds


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.prove_plans", description=__doc__.partition("\n")[0])
    parser.add_argument("checkouts", type=Path)
    parser.add_argument("--list", type=Path, default=LIST, help="the migrations (default: those of the note)")
    parser.add_argument("--only", default="", metavar="TEXT", help="those with TEXT in their project or file")
    parser.add_argument("--plans", type=Path, metavar="FOLDER", help="where the plans stay (default: nowhere)")
    parser.add_argument("--rows", type=int, default=100, help="made-up rows in every table (default: 100)")
    options = parser.parse_args(arguments)
    try:
        listed = msgspec.toml.decode(options.list.read_bytes(), type=Migrations).migration
    except (OSError, msgspec.MsgspecError) as error:
        print(f"{options.list}: {error}", file=sys.stderr)
        return 2
    print(*_HEAD, sep="\n", flush=True)
    every = True
    with tempfile.TemporaryDirectory(prefix="prove-plans-") as scratch:
        plans = options.plans or Path(scratch)
        for wanted in listed:
            if options.only in f"{wanted.project}/{wanted.file}":
                tried = [_tried(wanted, major, options, plans) for major in wanted.majors]
                print(_row(wanted, tried), flush=True)
                for line in _told(wanted, tried):
                    print(f"  {line}", file=sys.stderr, flush=True)
                every = every and all(one.holds for one in tried)
    return 0 if every else 1


def _tried(wanted: Wanted, major: int, options: argparse.Namespace, plans: Path) -> Tried:
    folder = options.checkouts / wanted.project / wanted.folder
    name = wanted.file.removesuffix("/migration.sql").removesuffix("/up.sql").rpartition("/")[2].removesuffix(".sql")
    out, migration = plans / f"{wanted.project}-{name}-{major}", folder / wanted.file
    layout = () if wanted.layout is None else ("--layout", wanted.layout)
    ground = ("--schema", str(folder), *layout)
    made = _run("plan", str(migration), *ground, "--out", str(out), "--pg-version", str(major), *wanted.options)
    if made.returncode != 0:
        return Tried(major=major, plan=None, said=made.stderr.strip())
    ran = _run("rehearse", str(out), *ground, "--before", str(migration), "--rows", str(options.rows))
    return Tried(major=major, plan=written_plan(out).plan, said=ran.stderr.strip())


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "migrasafe", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _row(wanted: Wanted, tried: Sequence[Tried]) -> str:
    made = next((one.plan for one in tried if one.plan is not None), None)
    planned = "refused" if made is None else f"with `{' '.join(wanted.options)}`" if wanted.options else "yes"
    size = "" if made is None else f"{len(made.phases)}, {len(made.steps)}"
    by_hand = "" if made is None else str(len(made.by_hand))
    proved = ", ".join(str(one.major) for one in tried if one.holds) or "none"
    seconds = [one.plan.evidence.seconds for one in tried if one.plan is not None and one.plan.evidence is not None]
    times = ", ".join(f"{one:.0f}" for one in seconds)
    return (
        f"| {wanted.project} | {wanted.file} | {wanted.changes} | {planned} | {by_hand} | {size} | {proved} | {times} |"
    )


def _told(wanted: Wanted, tried: Sequence[Tried]) -> Iterator[str]:
    """What a row has no place for: why a plan was refused, what of it did not hold, what is left to a hand."""
    for one in tried:
        if one.plan is None or one.plan.evidence is None:
            yield f"{wanted.file} on {one.major}: {one.said}"
        else:
            yield from (f"{one.major}: {bad.about} {bad.where}: {bad.message}" for bad in one.plan.evidence.failures)
    yield from (f"by hand: {said}" for said in next((one.plan.by_hand for one in tried if one.plan), ()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
