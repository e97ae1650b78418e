"""What a command works on, read from where the settings say: migrations, the schema before them, programs."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.cli.inputs.real_paths import RealPaths, lies_in
from migrasafe.dsn import is_dsn
from migrasafe.errors import InputError
from migrasafe.lint import LintedMigration, LintResult, every
from migrasafe.migrations.model import History, Migration, not_read
from migrasafe.schema.attached import Attached, Beside
from migrasafe.schema.model import ColumnRef, Ref, Schema
from migrasafe.schema.sizes import TableSize
from migrasafe.sql.script import Script
from migrasafe.sql.source import read_source, source_from_bytes
from migrasafe.sql.statements import Unrecognized
from migrasafe.target import Target

if TYPE_CHECKING:
    from migrasafe.cli.inputs.since import Since
    from migrasafe.migrations.disk import Keeper


def histories(
    paths: Sequence[str],
    layout: str | None,
    unsaved: Mapping[str, str],
    *,
    holding: Collection[Path] | None = None,
    runs_code: bool = True,
    keeper: Keeper | None = None,
    at_once: bool = True,
) -> tuple[History, ...]:
    """The migrations of the paths, of standard input for `-`, of the working folder for none. `unsaved` are texts to read
    in the place of files; with `holding` only the folders of migrations that hold one of these files are read.
    Without `runs_code` nothing of the project is run to read them; what is run may be kept in `keeper`. With `at_once` they are
    all there, each always the same object; without it, many thousands of them need no memory until they are looked at."""
    from migrasafe.migrations.disk import Disk
    from migrasafe.migrations.read import read_history

    stdin = _standard_input() if "-" in paths else None
    disk = Disk(
        unsaved={Path(path).resolve(): text for path, text in unsaved.items()}, runs_code=runs_code, keeper=keeper
    )
    read = read_history(tuple(paths) or (".",), layout=layout, stdin=stdin, disk=disk, holding=holding)
    return tuple(replace(one, migrations=tuple(one.migrations)) for one in read) if at_once else read


def _standard_input() -> str:
    if sys.stdin is None:
        raise InputError("-: standard input is closed; give it a file, or what to read")
    return source_from_bytes(sys.stdin.buffer.read(), "<stdin>").text


def rendered(read: Sequence[History], dsn: str | None, *, down: bool) -> tuple[History, ...]:
    """The histories with what needs a database rendered on the server of `dsn`, and with their downgrades if wanted.
    Raises InputError for downgrades of what is not Alembic's."""
    if not down and (dsn is None or all(history.layout != "alembic" for history in read)):
        return tuple(read)
    from migrasafe.migrations.alembic.again import rendered_on, with_downgrades

    live = tuple(read) if dsn is None else tuple(rendered_on(history, dsn) for history in read)
    return tuple(with_downgrades(history, dsn) for history in live) if down else live


def schema_before(given: str | None) -> Schema:
    """The catalog before the first migration: empty, from a dump, or from a server."""
    if given is None:
        return Schema()
    if is_dsn(given):
        from migrasafe.postgres.catalog.introspect import load_schema
        from migrasafe.postgres.connect import connect

        with connect(given) as connection:
            return load_schema(connection)
    from migrasafe.schema.load import schema_from_script
    from migrasafe.sql.parse import read_script

    if Path(given).is_dir():
        raise InputError(
            f"--schema {given}: is a folder: give a dump or a server. Migrations are history where they lint as a folder: "
            "put the new one into it, and see --since"
        )
    return schema_from_script(read_script(read_source(Path(given))))


class Found(Struct, frozen=True, kw_only=True):
    """A catalog, and what only a server knows of it."""

    schema: Schema
    pg_version: int | None = None
    attached: Mapping[ColumnRef, Attached] | None = None
    beside: Mapping[Ref, Beside] | None = None
    unread: tuple[str, ...] = ()
    """Statements of a dump that are no SQL that we know, each with its place."""


def schema_of(given: str, *, until: Path | None = None, layout: str | None = None) -> Found:
    """The catalog that a DSN, a dump or a folder of migrations says. `layout`: the tool that the folder belongs to.
    `until`: a file of the folder that has not run yet, nor has any after it."""
    if is_dsn(given):
        from migrasafe.postgres.catalog.attached import attached_to_columns
        from migrasafe.postgres.catalog.beside import beside_tables
        from migrasafe.postgres.catalog.introspect import load_schema
        from migrasafe.postgres.connect import connect, major_version

        with connect(given) as connection:
            return Found(
                schema=load_schema(connection),
                pg_version=major_version(connection),
                attached=attached_to_columns(connection),
                beside=beside_tables(connection),
            )
    if not Path(given).is_dir():
        from migrasafe.schema.load import schema_from_script
        from migrasafe.sql.parse import read_script

        script = read_script(read_source(Path(given)))
        unread = tuple(
            f"{given}:{script.line_of(one)}: {one.reason}"
            for one in script.statements
            if isinstance(one, Unrecognized) and one.kind == "syntax error"
        )
        return Found(schema=schema_from_script(script), unread=unread)
    from migrasafe.walk import schema_after

    read = histories((given,), layout, {})
    migrations = _until(read, until)
    return Found(schema=schema_after(migrations, Target()), unread=tuple(not_read(read, migrations)))


def migrations_until(folder: str, until: Path | None, layout: str | None = None) -> list[Migration]:
    """The migrations of a folder; with a file of it that has not run yet, those before it."""
    return _until(histories((folder,), layout, {}), until)


def _until(read: Sequence[History], until: Path | None) -> list[Migration]:
    migrations = [migration for history in read for migration in history.migrations]
    if until is None:
        return migrations
    return list(itertools.takewhile(lambda one: until.resolve() not in _files(one), migrations))


def sizes_at(given: str, tables: Iterable[Ref]) -> tuple[TableSize, ...]:
    """How big tables are on the server of a DSN; nothing for what is no DSN."""
    if not is_dsn(given):
        return ()
    from migrasafe.postgres.connect import connect
    from migrasafe.postgres.figures.sizes import sizes_of_tables

    with connect(given) as connection:
        return sizes_of_tables(connection, tables)


def script_of(file: Path, schema: str, layout: str | None = None) -> Script:
    """The statements of the migration in a file of any layout. `schema`: where the catalog before it comes from; a server
    renders what needs one. Raises InputError for a file without statements, or of which some were not understood."""
    from migrasafe.plan.read.one_script import one_script

    read = rendered(histories((str(file),), layout, {}), schema if is_dsn(schema) else None, down=False)
    migrations = [migration for history in read for migration in history.migrations]
    for one in not_read(read, migrations):
        raise InputError(f"{one}; a plan of the rest would not be whole")
    program = file.read_text(encoding="utf-8-sig") if file.suffix in (".py", ".go", ".rb") else None
    return one_script(migrations, program)


def git_since(since: str | None, read: Sequence[History]) -> Since | None:
    """What git says of these migrations since a commit; None without one. Raises InputError as Since does."""
    if since is None:
        return None
    from migrasafe.cli.inputs.since import Since

    return Since(since, [migration.path for history in read for migration in history.migrations])


def reported(
    git: Since | None, *, down: bool = False, only: Collection[Path] | None = None
) -> Callable[[Migration], bool]:
    """Which migrations to report on: those that go up, or down, and with `git` that it says are new or changed, and with
    `only` that are made of one of these files, or lie below one of these folders."""
    if git is None and only is None and not down:
        return every  # only where --down is given there are migrations that go down
    changed = None if git is None else git.changed
    given = None if only is None else frozenset(map(str, only))
    real = RealPaths() if git is None else git.real
    below = cache(lambda folder: lies_in(folder, given or ()))

    def wanted(migration: Migration) -> bool:
        if migration.down != down:
            return False
        if changed is None and given is None:
            return True
        files = {migration.path} if _is_one_file(migration) else _paths(migration)
        files = {real.of(path) for path in files}
        return (changed is None or not files.isdisjoint(changed)) and (
            given is None or not files.isdisjoint(given) or any(below(os.path.split(file)[0]) for file in files)
        )

    return wanted


def with_git(git: Since | None, read: Sequence[History]) -> tuple[History, ...]:
    """The histories with what git knows of each migration since a commit: whether it was edited, or comes late."""
    if git is None:
        return tuple(read)
    known = (
        replace(history, migrations=git.of(history), notices=(*history.notices, *git.missing(history)))
        for history in read
    )
    return tuple(_on_dump(git, history) for history in known)


def _on_dump(git: Since, history: History) -> History:
    if history.layout != "rails":
        return history
    from migrasafe.cli.inputs.dumped import on_dump

    return on_dump(git, history)


def files_of(ref: str, read: Sequence[History]) -> frozenset[Path]:
    """The files that a git commit itself has, of the repository of these migrations. Raises InputError."""
    from migrasafe.cli.inputs.since import files_at

    return files_at(ref, [Path(migration.path) for history in read for migration in history.migrations])


def _files(migration: Migration) -> set[Path]:
    """The files that a migration is made of."""
    return {Path(path).resolve() for path in _paths(migration)}


def _is_one_file(migration: Migration) -> bool:
    """As nearly every one of thousands is."""
    parts = migration.parts
    return len(parts) == 1 and parts[0].script.source.path == migration.path


def _paths(migration: Migration) -> set[str]:
    return {migration.path, *[part.script.source.path for part in migration.parts]}


def origins(migration: LintedMigration) -> Iterator[str]:
    """The files, other than SQL, that its statements were rendered from, each once."""
    found: dict[str, None] = {}
    for script in migration.scripts:
        if script.origins is not None:
            found.update(dict.fromkeys(origin.path for origin in script.origins))
    return iter(found)


def program_texts(result: LintResult) -> dict[str, str]:
    """The text of each Python, Ruby or Go file that made SQL, by path: for its comments, and for excerpts of it."""
    texts: dict[str, str] = {}
    for path in {path for migration in result.migrations for path in origins(migration)}:
        with suppress(OSError, UnicodeDecodeError):  # gone since it was rendered: shown without an excerpt
            texts[path] = Path(path).read_text(encoding="utf-8-sig")
    return texts
