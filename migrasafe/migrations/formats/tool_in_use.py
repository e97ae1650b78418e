"""Signs in the files of a project that it uses a migration tool."""

from __future__ import annotations

import re

from migrasafe.errors import InputError
from migrasafe.migrations.folder import Folder

_MANIFESTS = (
    "Cargo.toml",
    "go.mod",
    "package.json",
    "pom.xml",
    "build.gradle",
    "build.gradle.kts",
    "Makefile",
    "docker-compose.yml",
    "Dockerfile",
)


def tool_in_use(folder: Folder, sign: str, files: tuple[str, ...] = ()) -> str | None:
    """The path of the nearest file in the folder or above it that shows the tool, by its name or by what it says.

    `sign` is a regular expression to find in manifests; `files` are names that only this tool has.
    """
    for place in folder.upwards():
        for file in files:
            if file in place.files:
                return place.place(file)
        for file in _MANIFESTS:
            if file in place.files and re.search(sign, text_of(place, file)):
                return place.place(file)
    return None


def text_of(folder: Folder, file: str) -> str:
    """What a file says that only gives signs; nothing for one that cannot be read: it is not a migration."""
    try:
        return folder.source(file).text
    except InputError:
        return ""
