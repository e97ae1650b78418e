"""Django: a project with manage.py, or the folder of an app's migrations."""

from __future__ import annotations

import re

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History, Notice

_CLASS = re.compile(r"(?m)^class Migration\(")
_NAME = re.compile(r"(?:^|/)migrations/\d{4}_\w+\.py$")
_LOOKED_AT = 5
"""Python files whose head is read to see whether a folder holds migrations."""


def claims(folder: Folder) -> Claim | None:
    """Claim a folder whose manage.py is Django's and that has migrations below it, or that holds some itself."""
    python = [file for file in folder.files if file.endswith(".py") and not file.startswith("__")]
    for file in python[:_LOOKED_AT]:
        head = folder.head(file)
        if "django" in head and "migrations" in head and _CLASS.search(head):
            return Claim(strength=Strength.OWN, why=f"{file} is a migration of Django")
    if "manage.py" in folder.files and "django" in folder.head("manage.py"):
        for file in folder.below():
            if _NAME.search(file):
                return Claim(strength=Strength.OWN, why="its manage.py is Django's")
    return None


def read(folder: Folder) -> History:
    """Render every migration, in the order of `manage.py migrate`. Raises InputError, RenderError."""
    if not folder.disk.runs_code:
        said = "the migrations of Django are programs, which --no-exec does not run: none of them is read"
        return History(
            layout="django",
            root=folder.path,
            migrations=(),
            notices=(Notice(path=folder.path, line=1, message=said, blocking=True),),
        )
    from migrasafe.migrations.django.read import read_project  # here, because few folders are Django's

    return read_project(folder.path, folder.disk.keeper)
