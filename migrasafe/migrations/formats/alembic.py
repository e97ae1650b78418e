"""Alembic: a folder with env.py, its folder of revisions, or a project whose revisions are spread over several."""

from __future__ import annotations

from pathlib import Path

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History
from migrasafe.regex import regex

_REVISION = regex(r"(?m)^(?:down_)?revision\b[^=\n]*=")
_LOOKED_AT = 5
"""Python files whose head is read to see whether a folder holds revisions."""


def claims(folder: Folder) -> Claim | None:
    """Claim a folder whose env.py is Alembic's, or that holds revisions."""
    if "env.py" in folder.files and "alembic" in folder.head("env.py"):
        return Claim(strength=Strength.OWN, why="its env.py is Alembic's")
    python = [file for file in folder.files if file.endswith(".py") and not file.startswith("__")]
    for file in python[:_LOOKED_AT]:
        if len(_REVISION.findall(folder.head(file))) > 1:
            return Claim(strength=Strength.OWN, why=f"{file} is an Alembic revision")
    return None


def read(folder: Folder) -> History:
    """Render every revision, in the order of the revision graph. Raises InputError, RenderError."""
    from migrasafe.migrations.alembic.project import project_at  # here, because every run asks each format whether a
    from migrasafe.migrations.alembic.read import read_project, read_without_running  # folder is its own

    if not folder.disk.runs_code:
        return read_without_running(project_at(Path(folder.path)), root=folder.path)
    return read_project(project_at(Path(folder.path)), root=folder.path)
