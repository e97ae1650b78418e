"""What a folder shows at a glance. A tool whose signs are missing cannot own it, so its module need not even be imported."""

from __future__ import annotations

from collections.abc import Mapping

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.markers import heads

_FOLDERS = "/"
"""Other folders lie in it."""
_NUMBER = "0"
"""Its own name is a number."""
_WORDS = ("+goose", "+migrate", "migrate:", "liquibase")
"""In the comments of .sql files."""
_SIGNS: Mapping[str, frozenset[str]] = {
    "alembic": frozenset({".py"}),
    "django": frozenset({".py"}),
    "rails": frozenset({".rb"}),
    "diesel": frozenset({_FOLDERS}),
    "prisma": frozenset({_FOLDERS}),
    "drizzle": frozenset({_FOLDERS}),
    "goose": frozenset({"+goose", ".go"}),
    "sql-migrate": frozenset({"+migrate"}),
    "dbmate": frozenset({"migrate:"}),
    "liquibase": frozenset({"liquibase", ".xml", ".yaml", ".yml", ".json"}),
    "sqitch": frozenset({".plan"}),
    "delta": frozenset({_FOLDERS, _NUMBER}),
    "golang-migrate": frozenset({".up.sql"}),
    "pop": frozenset({".up.sql", ".up.fizz"}),
    "morph": frozenset({".up.sql"}),
}
"""One of these is in every folder that the tool claims; the other tools are always asked."""


def signs_of(folder: Folder) -> frozenset[str]:
    """The endings of its files, the words of tools in some of them, and what else is in the table."""
    last = {file.rpartition(".")[2].lower() for file in folder.files}
    halves = {ending for ending in (".up.sql", ".up.fizz") if any(file.endswith(ending) for file in folder.files)}
    said = "\n".join(heads(folder, [file for file in folder.files if file.endswith(".sql")])).casefold()
    return frozenset(
        {
            *(f".{ending}" for ending in last),
            *halves,
            *(word for word in _WORDS if word in said),
            *((_FOLDERS,) if folder.folders else ()),
            *((_NUMBER,) if folder.name.isdecimal() else ()),
        }
    )


def may_own(layout: str, signs: frozenset[str]) -> bool:
    """Whether a folder with these signs can be the tool's."""
    needed = _SIGNS.get(layout)
    return needed is None or not needed.isdisjoint(signs)
