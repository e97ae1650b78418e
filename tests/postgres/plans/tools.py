"""Migration tools at work on a plan's migrations: the tools themselves where they are Python, else as our readers read them."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from migrasafe.migrations.model import History, Migration, TransactionMode
from migrasafe.migrations.read import read_history
from migrasafe.plan.output.model import Command
from tests.postgres.plans.own_programs import OwnProgramError, Program, is_here
from tests.postgres.servers import Database

Move = Callable[[Command], None]


@dataclass(frozen=True, kw_only=True)
class Tool:
    """Runs the migrations of one piece, or takes them back. Raises RefusedError where one of them fails."""

    ahead: Move
    back: Move


class RefusedError(Exception):
    """What the tool said when a migration failed."""


ENV = """
from alembic import context
from sqlalchemy import create_engine, pool

with create_engine(context.config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
BASE = "revision = 'first0'\ndown_revision = None\n\n\ndef upgrade() -> None:\n    pass\n\n\ndef downgrade() -> None:\n    pass\n"
FIRST = "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    initial = True\n"


def prepare(tool: str, project: Path) -> Path:
    """A project of the tool with nothing in it; returns its folder of migrations."""
    folder = {"alembic": project / "versions", "django": project / "shop" / "migrations"}.get(tool, project / tool)
    folder.mkdir(parents=True)
    if tool == "alembic":
        (project / "env.py").write_text(ENV, encoding="utf-8")
        (folder / "base_first.py").write_text(BASE, encoding="utf-8")
    elif tool == "django":
        for package in (folder, folder.parent):
            (package / "__init__.py").touch()
        (folder / "0001_initial.py").write_text(FIRST, encoding="utf-8")
    return folder


def tool_of(tool: str, project: Path, database: Database) -> Tool:
    """The tool at work in a project."""
    if tool == "alembic":
        return _commands(lambda words: _alembic(words, project, database))
    if tool == "django":
        return _commands(lambda words: _django(words, project, database))
    if is_here(tool):
        return _by_program(Program(tool, project / tool, project, database))
    return _by_reader(tool, project / tool, database)


def _by_program(program: Program) -> Tool:
    def told(move: Move) -> Move:
        def run(command: Command) -> None:
            try:
                move(command)
            except OwnProgramError as error:
                raise RefusedError(str(error)) from error

        return run

    return Tool(ahead=told(program.ahead), back=told(program.back))


def _commands(run: Callable[[list[str]], None]) -> Tool:
    """The command that the runbook shows."""

    def back(command: Command) -> None:
        assert command.back is not None
        run(command.back.split())

    return Tool(ahead=lambda command: run(command.ahead.split()), back=back)


def _alembic(words: list[str], project: Path, database: Database) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(project))
    config.set_main_option("path_separator", "os")
    parts = psycopg.conninfo.conninfo_to_dict(database.dsn)
    url = f"postgresql+psycopg://{parts['user']}@/{parts['dbname']}?host={parts['host']}&port={parts['port']}"
    config.set_main_option("sqlalchemy.url", url)
    assert words[0] == "alembic"
    try:
        {"upgrade": command.upgrade, "downgrade": command.downgrade}[words[1]](config, words[2])
    except Exception as error:
        raise RefusedError(str(error)) from error


def _django(words: list[str], project: Path, database: Database) -> None:
    from django.core.management import call_command

    with django_on(database, project) as alias:
        assert words[:2] == ["python", "manage.py"]
        try:
            call_command(*words[2:], verbosity=0, database=alias)
        except Exception as error:
            raise RefusedError(f"{type(error).__name__}: {error}") from error


@contextmanager
def django_on(database: Database, project: Path) -> Iterator[str]:
    """Django with the app `shop` of a project; and its name of the database. A process has one Django: another project
    takes the place of the last one's migrations."""
    import django
    from django.conf import settings
    from django.db import connections

    parts = psycopg.conninfo.conninfo_to_dict(database.dsn)
    name = str(parts["dbname"])
    server = {"ENGINE": "django.db.backends.postgresql", "HOST": parts["host"], "PORT": parts["port"]}
    server |= {"NAME": name, "USER": parts["user"]}
    if not settings.configured:
        sys.path.insert(0, str(project))
        settings.configure(INSTALLED_APPS=["shop"], DATABASES={"default": server}, USE_TZ=True)
        django.setup()
        sys.path.remove(str(project))
    for module in [one for one in sys.modules if one.startswith("shop.migrations")]:
        del sys.modules[module]
    sys.modules["shop"].__path__ = [str(project / "shop")]
    importlib.invalidate_caches()
    connections.databases[name] = connections.configure_settings({"default": server})["default"]
    try:
        yield name
    finally:
        connections[name].close()
        del connections.databases[name]


def _by_reader(tool: str, folder: Path, database: Database) -> Tool:
    """What was sent is kept in the order in which it was sent: back is the other way round."""
    done: list[Path] = []
    (history,) = read_history((str(folder),), layout=tool)
    assert not [notice for notice in history.notices if notice.blocking]

    def ahead(command: Command) -> None:
        for migration in _migrations(history, command):
            path = Path(migration.path)
            if path not in done:
                _send(database, _messages(migration))
                done.append(path)

    def back(command: Command) -> None:
        for migration in reversed(_migrations(history, command)):
            _send(database, _down_messages(tool, Path(migration.path)))
            done.remove(Path(migration.path))

    return Tool(ahead=ahead, back=back)


def _migrations(history: History, command: Command) -> list[Migration]:
    names = {Path(file).name for file in command.files}
    return [one for one in history.migrations if names & {Path(one.path).name, Path(one.path).parent.name}]


def _messages(migration: Migration) -> Iterator[str]:
    """What the tool sends. Only Flyway takes a file apart: with the others several statements would be one message."""
    (part,) = migration.parts
    text, statements = part.script.source.text, part.script.statements
    assert part.transaction is not TransactionMode.ONE, migration.path
    assert len(statements) == 1 or Path(migration.path).name.startswith("V"), migration.path
    yield from (text[one.span.start : one.span.end] for one in statements)


def _down_messages(tool: str, path: Path) -> Iterator[str]:
    if tool == "flyway":
        undo = path.with_name(path.name.replace("V", "U", 1))
        if undo.exists():
            assert undo.with_name(f"{undo.name}.conf").read_text("utf-8") == "executeInTransaction=false\n"
            (history,) = read_history((str(undo),), layout="plain")
            script = history.migrations[0].parts[0].script
            yield from (script.source.text[one.span.start : one.span.end] for one in script.statements)
        return
    if tool == "dbmate":
        text = path.read_text("utf-8")
        yield re.split(r"(?m)^-- migrate:down transaction:false$", text)[1]
        return
    down = path.with_name("down.sql" if tool == "prisma" else path.name.replace(".up.sql", ".down.sql"))
    if tool != "prisma" or down.exists():
        yield down.read_text("utf-8")


def _send(database: Database, messages: Iterator[str]) -> None:
    with psycopg.connect(database.dsn, autocommit=True) as session:
        for message in messages:
            try:
                session.execute(message)  # type: ignore[call-overload]  # a plain text on purpose
            except psycopg.Error as error:
                raise RefusedError(str(error)) from error
