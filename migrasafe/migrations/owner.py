"""Which tool runs a file that was given by name: decided as if it were alone in its folder.

Thousands of files are given at once, so folders are listed once, and files are looked at a few at a time: one by one only
where some tool claims some of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.migrations.detect import candidates
from migrasafe.migrations.disk import Disk
from migrasafe.migrations.folder import Folder, list_shallow
from migrasafe.migrations.formats import load_format
from migrasafe.migrations.formats.markers import SAMPLE
from migrasafe.migrations.formats.protocol import Strength

_IN_FOLDERS_OF_THEIR_OWN = ("up.sql", "migration.sql")


class Owned(Struct, frozen=True, kw_only=True):
    """Files that one tool runs, and the folder that it runs them from; no tool for files that none claims."""

    layout: str | None
    folder: Folder | None
    paths: tuple[str, ...]


def owners(paths: Sequence[str], layout: str | None, disk: Disk) -> tuple[Owned, ...]:
    """The tools of some files, and at the end those of no tool; with a layout only that tool is asked."""
    waiting = list(dict.fromkeys(paths))
    found: dict[tuple[str, str], tuple[Folder, list[str]]] = {}
    for place in (_folder_above, _folder_of):
        by_root: dict[str, list[str]] = {}
        for path in waiting:
            if (above := place(Path(path))) is not None:
                by_root.setdefault(str(above), []).append(path)
        for root, members in by_root.items():
            folder = list_shallow(root, 1, disk)
            relative = {path: _relative(path, deep=place is _folder_above) for path in members}
            for path, tool in _claimed(folder, relative, layout):
                found.setdefault((root, tool), (folder, []))[1].append(path)
        taken = {path for _, members in found.values() for path in members}
        waiting = [path for path in waiting if path not in taken]
    owned = [
        Owned(
            layout=tool,
            folder=folder.only(
                frozenset(_relative(path, deep=str(_folder_above(Path(path))) == root) for path in members)
            ),
            paths=tuple(members),
        )
        for (root, tool), (folder, members) in found.items()
    ]
    return (*owned, Owned(layout=None, folder=None, paths=tuple(waiting)))


def _folder_above(path: Path) -> Path | None:
    """The folder that holds the folder of a file, for tools that give each migration a folder, or all of them one."""
    if path.name not in _IN_FOLDERS_OF_THEIR_OWN and path.parent.name != "deploy" and path.suffix != ".py":
        return None
    return path.parent / ".." if path.parent.name in ("", "..") else path.parent.parent


def _folder_of(path: Path) -> Path:
    return path.parent


def _relative(path: str, *, deep: bool) -> str:
    place = Path(path)
    return f"{place.parent.resolve().name}/{place.name}" if deep else place.name


def _claimed(folder: Folder, relative: dict[str, str], layout: str | None) -> Iterator[tuple[str, str]]:
    """Yield each path that a tool claims, and the tool."""
    ask = _asker(layout)
    without_sql = folder.only(frozenset())
    paths = list(relative)

    for begin in range(0, len(paths), SAMPLE):
        few = paths[begin : begin + SAMPLE]
        if ask(_with(without_sql, folder, [relative[path] for path in few])):
            for path in few:
                tools = ask(_with(without_sql, folder, [relative[path]]))
                if len(tools) == 1:
                    yield path, tools[0]


def _with(without_sql: Folder, folder: Folder, files: Sequence[str]) -> Folder:
    """A few files of a folder and its files that are no SQL: in time that does not depend on how many it holds."""
    folders = dict(without_sql.folders)  # what a tool writes down beside its migrations, as Drizzle's journal
    direct = [file for file in files if "/" not in file]
    narrowed = replace(
        without_sql, files=tuple(sorted({*without_sql.files, *direct})), folders=MappingProxyType(folders)
    )
    for name in {file.split("/", 1)[0] for file in files if "/" in file} & folder.folders.keys():
        inside = frozenset(file.removeprefix(f"{name}/") for file in files if file.startswith(f"{name}/"))
        folders[name] = replace(folder.folders[name].only(inside), above=narrowed)
    return narrowed


def _asker(layout: str | None) -> Callable[[Folder], tuple[str, ...]]:
    """The question which tools claim a folder, by more than names that fit several."""

    def asked(folder: Folder) -> tuple[str, ...]:
        if layout is not None:
            return (layout,) if load_format(layout).claims(folder) is not None else ()
        found = candidates(folder)
        if found is None or found.strength <= Strength.NAMES:
            return ()
        return tuple(one.layout for one in found.candidates)

    return asked
