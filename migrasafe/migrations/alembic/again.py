"""Alembic histories rendered again: on a server where one is needed, and with their downgrades where these are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from migrasafe.errors import InputError, RenderError
from migrasafe.migrations.alembic.project import project_at
from migrasafe.migrations.alembic.protocol import Direction
from migrasafe.migrations.alembic.read import read_project, render_online
from migrasafe.migrations.model import History, Migration, Notice


def rendered_on(history: History, dsn: str) -> History:
    """The history with its revisions rendered on a scratch database of the server of `dsn`.

    Unchanged where it is not Alembic's, or where nothing in it asked for a database. Where the server will not have it
    (the user may not create databases), the history is as it was and says so.
    """
    if history.layout != "alembic" or not any(migration.notices for migration in history.migrations):
        return history
    try:
        live = render_online(project_at(Path(history.root)), root=history.root, dsn=dsn)
    except RenderError as error:
        notice = Notice(path=history.root, line=1, message=f"rendered without the server of --schema: {error}")
        return replace(history, notices=(*history.notices, notice))
    return replace(live, migrations=_the_same(live.migrations, history))


_OTHERWISE = {
    "django": "pipe one of them, `manage.py sqlmigrate APP NAME --backwards | migrasafe lint - --schema DSN`",
    "rails": "write what takes a migration back as one of its own, or give its SQL with --schema",
    "liquibase": "pipe what `liquibase rollback-count-sql 1` prints to `migrasafe lint - --schema DSN`",
}


def with_downgrades(history: History, dsn: str | None) -> History:
    """The history with its downgrades after it, newest first, each marked as `down`.

    Raises InputError for a history that is not Alembic's.
    """
    if history.layout != "alembic":
        raise InputError(
            f"{history.root}: --down renders the downgrades of Alembic, and this is a history of {history.layout};"
            f" {_OTHERWISE.get(history.layout, 'give the file that takes a migration back by its name')}"
        )
    project = project_at(Path(history.root))
    if dsn is None:
        back = read_project(project, root=history.root, direction=Direction.DOWNGRADE)
    else:
        back = render_online(project, root=history.root, dsn=dsn, direction=Direction.DOWNGRADE)
    down = tuple(replace(migration, down=True) for migration in _the_same(back.migrations, history))
    return replace(history, migrations=(*history.migrations, *down))


def _the_same(migrations: Sequence[Migration], history: History) -> tuple[Migration, ...]:
    """Those of the revisions in the history, which may have been given by name."""
    wanted = {migration.path for migration in history.migrations}
    return tuple(migration for migration in migrations if migration.path in wanted)
