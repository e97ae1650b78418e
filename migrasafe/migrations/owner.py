"""Which tool runs a file that was given by name: decided as if it were alone in its folder.

Thousands of files are given at once, so folders are listed once, and files are looked at a few at a time: one by one only
where some tool claims some of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from migrasafe.migrations.detect import candidates
from migrasafe.migrations.folder import Folder, Listings, list_shallow
from migrasafe.migrations.formats import load_format
from migrasafe.migrations.formats.markers import SAMPLE
from migrasafe.migrations.formats.protocol import Strength

_IN_FOLDERS_OF_THEIR_OWN = ("up.sql", "migration.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """Files that one tool runs, and the folder that it runs them from; no tool for files that none claims."""

    layout: str | None
    folder: Folder | None
    paths: tuple[str, ...]


def owners(paths: Sequence[str], layout: str | None) -> tuple[Owned, ...]:
    """The tools of some files, and at the end those of no tool; with a layout only that tool is asked."""
    listings: Listings = {}
    waiting = list(dict.fromkeys(paths))
    found: dict[tuple[str, str], tuple[Folder, list[str]]] = {}
    for place in (_folder_above, _folder_of):
        by_root: dict[str, list[str]] = {}
        for path in waiting:
            if (above := place(Path(path))) is not None:
                by_root.setdefault(str(above), []).append(path)
        for root, members in by_root.items():
            folder = list_shallow(root, 1, listings)
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
    paths = list(relative)
    bare = folder.only(frozenset())

    def alone(files: list[str]) -> Folder:
        """Only these files of the folder; thousands of names are not looked through again for each of them."""
        return folder.only(frozenset(files)) if any("/" in file for file in files) else bare.plus(files)

    for begin in range(0, len(paths), SAMPLE):
        few = paths[begin : begin + SAMPLE]
        if ask(alone([relative[path] for path in few])):
            for path in few:
                tools = ask(alone([relative[path]]))
                if len(tools) == 1:
                    yield path, tools[0]


def _asker(layout: str | None) -> Callable[[Folder], tuple[str, ...]]:
    """The question which tools claim a folder, by more than names that fit several."""

    def asked(folder: Folder) -> tuple[str, ...]:
        if layout is not None:
            tool = load_format(layout)
            return (layout,) if tool is not None and tool.claims(folder) is not None else ()
        found = candidates(folder)
        if found is None or found.strength <= Strength.NAMES:
            return ()
        return tuple(one.layout for one in found.candidates)

    return asked
