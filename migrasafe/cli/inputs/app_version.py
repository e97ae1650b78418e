"""A version of the app, read from where the user says it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from migrasafe.app.model import App
from migrasafe.app.read_app import read_app
from migrasafe.app.source.merge import merged
from migrasafe.dsn import is_dsn
from migrasafe.migrations.model import History


def read_app_version(source: str, histories: Sequence[History]) -> App:
    """The app in a folder, a git ref, a file of queries, a log, or what a server says it ran; or in several of these, with
    commas between them. The migrations are no part of it. Raises InputError."""
    if is_dsn(source):
        return _from_server(source)
    if "," in source and not Path(source).exists():
        return merged(source, [read_app_version(one.strip(), histories) for one in source.split(",")])
    files = [Path(migration.path) for history in histories for migration in history.migrations]
    return read_app(source, migrations=files)


def _from_server(dsn: str) -> App:
    from migrasafe.app.query_files.statistics import app_from_statistics
    from migrasafe.postgres.connect import connect, describe_dsn
    from migrasafe.postgres.figures.statistics import read_statistics

    with connect(dsn) as connection:
        return app_from_statistics(read_statistics(connection, dsn), describe_dsn(dsn))
