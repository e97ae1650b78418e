"""What lint costs, beside squawk and beside bare Python: one file, thousands, one long file, the last of a history."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from made_up_history import write_files, write_one_file
from measured import tool
from turns import Bench, Compared

FORMATS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "text": ((), ()),
    "JSON": (("--format", "json"), ("--reporter", "json")),
}
"""What migrasafe and squawk are asked to print: the text that each prints if nothing is said, and JSON."""
ONE = "ALTER TABLE users ADD COLUMN locale text NOT NULL DEFAULT 'en';\n"
NEW = "ALTER TABLE orders_0 ALTER COLUMN note SET NOT NULL;\n"

NOTES = """\
squawk reads each file by itself, without a schema, a history or an order. Each pair of formats is shown: text, which is what both
print if nothing is said, costs squawk about twice its JSON, and in one long file a time that grows with its square. Output goes to a
file. squawk uses every core; migrasafe takes two processes for large folders, unless `--jobs 1` is said, and the peak is that of the
larger one.

*Cold* in one file: before each run the kernel is asked to drop what it holds of Python, of its packages and of squawk from memory
(`posix_fadvise`, which needs no rights; what other processes have in use stays). *Without bytecode*: every module is compiled in
the run, Python's own too, as in the first one after an install that compiled none. A *cold* history is one that no earlier run
has left in the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """The migrations of a real project."""

    name: str
    folder: str
    files: tuple[str, ...]
    """Those that migrasafe reads."""


def read_corpus(given: str) -> Corpus:
    """NAME=FOLDER, or a FOLDER that names the project."""
    name, _, folder = given.rpartition("=")
    command = [tool("migrasafe") or "migrasafe", "lint", folder, "--no-config", "--format", "json"]
    read = subprocess.run(command, capture_output=True, text=True, check=False)
    if read.returncode not in (0, 1):
        sys.exit(f"{folder} cannot be read: {read.stderr.strip()}")
    files = dict.fromkeys(migration["path"] for migration in json.loads(read.stdout)["migrations"])
    return Corpus(name=name or folder, folder=folder, files=tuple(files))


def notes(corpora: Sequence[Corpus]) -> str:
    if not corpora:
        return f"{NOTES}\n\nReal files were not measured: no project was given (--corpus NAME=FOLDER …)."
    return f"{NOTES}\n\nReal files: {', '.join(f'{corpus.name} {len(corpus.files)}' for corpus in corpora)}."


def lint_costs(bench: Bench, folder: Path, *, files: int, statements: int, corpora: Sequence[Corpus]) -> list[Compared]:
    migrasafe, squawk = tool("migrasafe") or "migrasafe", tool("squawk")

    def place(name: str) -> Path:
        made = folder / name
        made.mkdir()
        return made

    return [
        *_one_file(bench, place("one"), migrasafe, squawk),
        *_many_files(bench, place("many"), files, migrasafe, squawk),
        *(_real_files(bench, corpora, migrasafe, squawk) if corpora else ()),
        *_one_long_file(bench, place("long"), statements, migrasafe, squawk),
        *_last_of_many(bench, place("last"), files, migrasafe, squawk),
    ]


def _one_file(bench: Bench, folder: Path, migrasafe: str, squawk: str | None) -> Iterator[Compared]:
    file = folder / "0001_change.sql"
    file.write_text(ONE, encoding="utf-8")
    ours = [migrasafe, "lint", str(file)]
    python = [sys.executable, "-c", "pass"]
    peers = {"bare Python": python, "squawk": [squawk, str(file)] if squawk else None}
    programs, bytecode = _programs(squawk), folder / "bytecode"

    def forget() -> None:
        for path in programs:
            _drop_from_memory(path)

    def uncompiled() -> None:
        shutil.rmtree(bytecode, ignore_errors=True)

    yield from bench.compare("one small file, warm", ours, {"bare Python": python})
    yield from _in_both_formats(bench, "one small file, warm", ours, squawk, [str(file)])
    yield from bench.compare("one small file, cold", ours, peers, before_each=forget)
    elsewhere = {"PYTHONPYCACHEPREFIX": str(bytecode)}
    what = "one small file, without bytecode"
    yield from bench.compare(what, ours, peers, before_each=uncompiled, environment=elsewhere)


def _programs(squawk: str | None) -> list[Path]:
    """Files that a start reads: Python's own, its packages, ours, squawk."""
    import migrasafe

    paths = sysconfig.get_paths()
    folders = {Path(paths[name]) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders.add(Path(migrasafe.__file__).parent)
    found = [path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".pyc", ".so")]
    return [*found, Path(sys.executable).resolve(), *([Path(squawk).resolve()] if squawk else [])]


def _drop_from_memory(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(file)


def _in_both_formats(
    bench: Bench,
    what: str,
    ours: Sequence[str],
    squawk: str | None,
    files: Sequence[str],
    *,
    within: Path | None = None,
    beside: str = "squawk",
) -> Iterator[Compared]:
    for name, (form, its_form) in FORMATS.items():
        theirs = [squawk, *its_form, *files] if squawk else None
        peers = {f"{beside}, {name}": theirs}
        yield from bench.compare(f"{what}, {name}", [*ours, *form], peers, within=within)


def _many_files(bench: Bench, folder: Path, count: int, migrasafe: str, squawk: str | None) -> Iterator[Compared]:
    """By one process, and by as many as lint takes if nothing is said; and whether twice the files take twice the time."""
    half, whole = folder / "half", folder / "whole"
    for place, files in ((half, count // 2), (whole, count)):
        place.mkdir()
        write_files(place, files)
    names = sorted(map(str, whole.iterdir()))
    ours = [migrasafe, "lint", "--no-config", "--layout", "plain"]
    by_one, of_half = [*ours, "--jobs", "1", str(whole)], [*ours, "--jobs", "1", str(half)]
    what = f"{count:,} files"
    yield from _in_both_formats(bench, what, [*ours, str(whole)], squawk, names)
    yield from _in_both_formats(bench, f"{what}, --jobs 1", by_one, squawk, names)
    yield from bench.compare(what, [*ours, str(whole)], {"itself, --jobs 1": by_one})
    yield from bench.compare(f"{what}, --jobs 1", by_one, {f"itself, {count // 2:,} files": of_half})


def _real_files(bench: Bench, corpora: Sequence[Corpus], migrasafe: str, squawk: str | None) -> Iterator[Compared]:
    """The migrations of real projects in one run; squawk is given the very files that migrasafe says it has read."""
    ours = [migrasafe, "lint", *(corpus.folder for corpus in corpora), "--no-config"]
    files = [file for corpus in corpora for file in corpus.files]
    what = f"{len(files):,} real files of {len(corpora)} projects"
    yield from _in_both_formats(bench, what, ours, squawk, files)


def _one_long_file(bench: Bench, folder: Path, count: int, migrasafe: str, squawk: str | None) -> Iterator[Compared]:
    """So many statements in one file, as mixed as in many files. Text of a tenth of them: what squawk's takes grows with their
    square, to more than four minutes for 100,000."""
    for name, some in (("text", count // 10), ("JSON", count)):
        file = str(folder / "all.sql")
        write_one_file(folder, some)
        form, its_form = FORMATS[name]
        peers = {f"squawk, {name}": [squawk, *its_form, file] if squawk else None}
        what = f"{some:,} statements in one file, {name}"
        yield from bench.compare(what, [migrasafe, "lint", file, "--no-config", *form], peers, is_long=True)


def _last_of_many(bench: Bench, folder: Path, count: int, migrasafe: str, squawk: str | None) -> Iterator[Compared]:
    """A history of ten years, and one migration that is new: as pre-commit and as CI ask for it. squawk knows no history: it
    reads the new file alone."""
    migrations = folder / "migrations"
    migrations.mkdir()
    write_files(migrations, count)
    settings = ("user.name=x", "user.email=x@example.com", "commit.gpgsign=false")
    git = ["git", "-C", str(folder), *(part for setting in settings for part in ("-c", setting))]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "shipped"]):
        subprocess.run([*git, *command], check=True)
    new = migrations / f"{count:06d}_change.sql"
    new.write_text(NEW, encoding="utf-8")
    precommit = [migrasafe, "lint", "--with-history", str(new)]
    since = [migrasafe, "lint", str(migrations), "--since", "HEAD"]
    shown = f"1 new after {count:,}"
    for what, ours in (
        (f"{shown}, pre-commit, cold", [*precommit, "--no-cache"]),
        (f"{shown}, pre-commit, warm", precommit),
    ):
        yield from _in_both_formats(
            bench, what, ours, squawk, [str(new)], within=folder, beside="squawk, the file alone"
        )
    for what, ours in ((f"{shown}, pre-commit, warm", precommit), (f"{shown}, --since, warm", since)):
        yield from bench.compare(what, ours, {"itself, cold": [*ours, "--no-cache"]}, within=folder)
