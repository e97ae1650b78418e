"""What a folder shows at a glance. A tool whose signs are missing cannot own it, so its module need not even be imported."""

from __future__ import annotations

from collections.abc import Mapping

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.markers import heads

_IN_NAMES = (
    *(".py", ".rb", ".go", ".xml", ".yaml", ".yml", ".json", "sqitch.plan"),
    *(".up.sql", ".up.fizz", "pre"),
)
_IN_TEXTS = ("+goose", "+migrate", "migrate:", "liquibase")
"""In the heads of .sql files."""
_FOLDERS = "/"
"""Other folders lie in it."""
_DELTA = "delta"
"""In its name, in that of the folder above it, or of one below it."""
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
    "sqitch": frozenset({"sqitch.plan"}),
    "delta": frozenset({_DELTA}),
    "golang-migrate": frozenset({".up.sql"}),
    "pop": frozenset({".up.sql", ".up.fizz"}),
    "morph": frozenset({".up.sql"}),
    "pre-post": frozenset({"pre"}),
}
"""One of these is in every folder that the tool claims; the other tools are always asked."""


def signs_of(folder: Folder) -> frozenset[str]:
    """Which of the signs are somewhere in the names of its files, in the texts of some of them, or in how folders are named."""
    names = "\n".join(folder.files).lower()
    said = "\n".join(heads(folder, [file for file in folder.files if file.endswith(".sql")])).casefold()
    return frozenset(
        {
            *(sign for sign in _IN_NAMES if sign in names),
            *(sign for sign in _IN_TEXTS if sign in said),
            *((_FOLDERS,) if folder.folders else ()),
            *((_DELTA,) if _is_about_deltas(folder) else ()),
        }
    )


def may_own(layout: str, signs: frozenset[str]) -> bool:
    """Whether a folder with these signs can be the tool's."""
    needed = _SIGNS.get(layout)
    return needed is None or not needed.isdisjoint(signs)


def _is_about_deltas(folder: Folder) -> bool:
    above = folder.above.name if folder.above is not None else ""
    return _DELTA in folder.name or _DELTA in above or _holds_deltas(folder)


def _holds_deltas(folder: Folder) -> bool:
    return any(_DELTA in name or _holds_deltas(inner) for name, inner in folder.folders.items())
