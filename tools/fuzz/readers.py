"""What reads what others wrote, each as a function of one text: for tools/fuzz/guided.py.

A text is a bundle of files, each behind a line `=== its/path`; the seeds are those of seeds/ and made of fixtures/. What is fuzzed is
imported where it is called, which is where atheris watches.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from migrasafe.errors import MigrasafeError
from tools.fuzz import on_disk
from tools.fuzz.bundle import Broken, bundle, files_of

if TYPE_CHECKING:
    from migrasafe.migrations.folder import Folder
    from migrasafe.migrations.model import History

FIXTURES = Path(__file__).parents[2] / "fixtures"
SEEDS = Path(__file__).with_name("seeds")
_LAYOUTS = {  # the folders of fixtures/ that each layout is seeded with
    "rails": ("rails", "active-record"),
    "diesel": ("diesel",),
    "prisma": ("prisma",),
    "drizzle": ("drizzle",),
    "supabase": ("supabase",),
    "flyway": ("flyway", "flyway-locations"),
    "goose": ("goose",),
    "sql-migrate": ("sql-migrate",),
    "dbmate": ("dbmate",),
    "node-pg-migrate": ("node-pg-migrate",),
    "liquibase": ("liquibase",),
    "sqitch": ("sqitch",),
    "delta": ("delta",),
    "golang-migrate": ("golang-migrate",),
    "sqlx": ("sqlx", "sqlx-reversible"),
    "pop": ("pop",),
    "morph": ("morph",),
    "pre-post": ("pre-post",),
    "plain": ("plain", "plain-pairs"),
}
_NOT_OF_THE_PROJECT = ("expected.json", "rendered.json", "sent.json")


class Reader(Struct, frozen=True, kw_only=True):
    read: Callable[[str], None]
    """Raises what a reader of others' files should not; a MigrasafeError is an answer."""
    folders: Sequence[str] = ()
    """Of fixtures/, whose files are seeds."""
    made: Callable[[], Iterator[str]] = lambda: iter(())
    """Seeds that migrasafe itself writes."""


def seeds_of(name: str) -> Iterator[str]:
    """Examples that were written for it, whole folders of fixtures/, and each of their files alone."""
    reader = READERS[name]
    for seed in sorted((SEEDS / name).glob("*.txt")):
        yield seed.read_text(encoding="utf-8")
    yield from reader.made()
    for folder in (FIXTURES / one for one in reader.folders):
        found = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name not in _NOT_OF_THE_PROJECT]
        files = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in found}
        yield bundle(files)
        for path, text in files.items():
            yield bundle({path: text})


# --- in memory --------------------------------------------------------------------------------------------------------


def _of_layout(layout: str, text: str) -> None:
    from migrasafe.migrations.folder import folder_of
    from migrasafe.migrations.formats import load_format

    module = load_format(layout)
    assert module is not None
    found = [inner for inner in _folders(folder_of("db", files_of(text))) if module.claims(inner)]
    for inner in found[:2]:
        _judge(module.read(inner))


def _of_any(text: str) -> None:
    from migrasafe.migrations.detect import find_migrations
    from migrasafe.migrations.folder import folder_of
    from migrasafe.migrations.formats import load_format

    for found in find_migrations(folder_of("db", files_of(text))):
        for candidate in found.candidates:
            if candidate.layout not in ("alembic", "django"):
                module = load_format(candidate.layout)
                assert module is not None
                _judge(module.read(found.folder))


def _folders(folder: Folder) -> Iterator[Folder]:
    yield folder
    for inner in folder.folders.values():
        yield from _folders(inner)


def _judge(history: History) -> None:
    from migrasafe.lint import LintOptions, lint
    from migrasafe.rules.registry import RULES
    from migrasafe.target import Target
    from tools.fuzz.promises import left_out

    result = lint([history], RULES, LintOptions(target=Target(pg_version=15)))
    for migration in history.migrations:
        for part in migration.parts:
            for said in left_out(part.script):
                raise Broken(said)
    for finding in result.findings:
        if finding.place.line < 1 or not finding.message:
            raise Broken(f"{finding.rule} is at no place")


def _sql(text: str) -> None:
    from tools.fuzz.promises import left_out, read

    for said in left_out(read(text)):
        raise Broken(said)


def _marked(text: str) -> None:
    from tools.fuzz.promises import broken_promises, linted

    for said in broken_promises(text, *linted(text)):
        raise Broken(said)


def _plpgsql(text: str) -> None:
    _sql(f"CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $fuzz${text}$fuzz$")


def _dump(text: str) -> None:
    from migrasafe.schema.load import schema_from_script
    from tools.fuzz.promises import contradictions, read

    for said in contradictions(schema_from_script(read(text))):
        raise Broken(said)


def _go_template(text: str) -> None:
    from migrasafe.migrations.go_template import mask_go
    from migrasafe.sql.source import Source

    mask_go(Source(path="1.sql", text=text), "a tool")


def _changelog(text: str) -> None:
    from migrasafe.migrations.formats.liquibase_nodes import read_nodes
    from migrasafe.sql.source import Source

    for path in ("changelog.xml", "changelog.yaml", "changelog.json"):
        try:
            read_nodes(Source(path=path, text=text))
        except MigrasafeError:
            continue


def _go(text: str) -> None:
    from migrasafe.migrations.formats.go_source import read_go
    from migrasafe.sql.source import Source

    read_go(Source(path="1_first.go", text=text))


def _revision(text: str) -> None:
    from migrasafe.migrations.alembic.without_running import readable

    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # which is said before it is read
    ast.parse(readable(text, "upgrade").text)


def _baseline(text: str) -> None:
    from migrasafe.baseline import read_baseline

    read_baseline(text, "known.json")


def _plan_file(text: str) -> None:
    from migrasafe.plan.output.write_plan import read_plan

    read_plan(text, "plan.json")


def _what_ran(text: str) -> None:
    from migrasafe.app.query_files.what_ran import scan_what_ran
    from migrasafe.app.source.file_scan import SourceText

    for path in ("pg.log", "statements.csv", "statements.json"):
        try:
            scan_what_ran(SourceText(path, text))
        except MigrasafeError:
            continue


READERS = {
    **{
        layout: Reader(read=partial(_of_layout, layout), folders=folders)
        for layout, folders in _LAYOUTS.items()
    },
    "any-folder": Reader(read=_of_any, folders=[name for names in _LAYOUTS.values() for name in names]),
    "alembic-revision": Reader(read=_revision),
    "alembic-project": Reader(read=on_disk.alembic_project, folders=("alembic-shop",)),
    "django-project": Reader(read=on_disk.django_project, folders=("django-shop",)),
    "sql": Reader(read=_sql),
    "marked": Reader(read=_marked),
    "plpgsql": Reader(read=_plpgsql),
    "dump": Reader(read=_dump),
    "go-template": Reader(read=_go_template),
    "go-source": Reader(read=_go),
    "changelog": Reader(read=_changelog),
    "config": Reader(read=partial(on_disk.command, ("lint", "1.sql"))),
    "baseline": Reader(read=_baseline, made=on_disk.own_baseline),
    "plan": Reader(read=_plan_file, made=on_disk.own_plan),
    "job": Reader(read=on_disk.job),
    "app": Reader(
        read=on_disk.app, folders=[f"compat/{path.name}" for path in sorted((FIXTURES / "compat").iterdir())]
    ),
    "what-ran": Reader(read=_what_ran),
    "compat": Reader(read=partial(on_disk.command, ("compat", "db", "--old", "old.sql", "--new", "new.sql"))),
}  # fmt: skip
