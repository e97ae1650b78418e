"""Readers of what others wrote that want their files on a disk, and commands over them: for tools/fuzz/readers.py."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from tools.fuzz.bundle import Broken, bundle, files_of


@cache
def _place() -> Path:
    return Path(mkdtemp(prefix="migrasafe-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))


def _written(text: str) -> Path:
    place = _place() / "at"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for path, inside in files_of(text).items():
        file = place / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(inside.encode("utf-8", "replace"))
    return place


def command(arguments: Sequence[str], text: str) -> None:
    """`migrasafe` over the files of a bundle: it ends with 0, 1 or 2, and 2 with a sentence."""
    from migrasafe.cli import main

    place, out, err, before = _written(text), io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["migrasafe", *arguments]
    status: object = 0
    try:
        with chdir(place), redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as ended:
        status = ended.code
    finally:
        sys.argv = before
    if status not in (0, 1, 2):
        raise Broken(f"exit status {status}: {err.getvalue()[-300:]}")
    if status == 2 and not err.getvalue().strip():
        raise Broken("exit status 2 without a word")


def own_plan() -> Iterator[str]:
    files = {"1.sql": "CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n"}
    for change in ("ALTER COLUMN note SET NOT NULL", "RENAME note TO remark"):
        files["2.sql"] = f"ALTER TABLE orders {change};\n"
        command(("plan", "--schema", "1.sql", "--out", "plan", "2.sql"), bundle(files))
        yield (_place() / "at" / "plan" / "plan.json").read_text(encoding="utf-8")


def own_baseline() -> Iterator[str]:
    command(("lint", "1.sql", "--write-baseline"), bundle({"1.sql": "DROP TABLE orders;\n\\x y\n"}))
    yield (_place() / "at" / "migrasafe-baseline.json").read_text(encoding="utf-8")


def job(text: str) -> None:
    from migrasafe.backfill.job.file import read_job_file

    (_written("") / "job.toml").write_bytes(text.encode("utf-8", "replace"))
    read_job_file(_place() / "at" / "job.toml")


def alembic_project(text: str) -> None:
    from migrasafe.migrations.alembic.project import project_at
    from migrasafe.migrations.alembic.read import revisions_of

    place = _written(text)
    for folder in {place, *(file.parent for file in place.rglob("env.py"))}:
        revisions_of(project_at(folder))


def django_project(text: str) -> None:
    from migrasafe.migrations.django.project import project_at

    place = _written(text)
    for folder in {place, *(file.parent for file in place.rglob("migrations/*.py"))}:
        project_at(folder)


def app(text: str) -> None:
    from migrasafe.app.read_app import read_app

    read_app(os.fspath(_written(text)))
