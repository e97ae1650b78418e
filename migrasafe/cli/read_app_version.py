"""A version of the app, read from where the user says it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from migrasafe.app.model import App
from migrasafe.app.read_app import read_app
from migrasafe.migrations.model import History


def read_app_version(source: str, histories: Sequence[History]) -> App:
    """The app in a folder, a git ref or a file of queries, without the migrations. Raises InputError."""
    files = [Path(migration.path) for history in histories for migration in history.migrations]
    return read_app(source, migrations=files)
