"""Liquibase's root changelog in XML, YAML or JSON: which files it includes, in which order."""

from __future__ import annotations

import posixpath

from msgspec import Struct

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.order import natural
from migrasafe.migrations.model import Notice
from migrasafe.regex import regex

_CHANGELOG = regex(r"\.(?:xml|ya?ml|json)$")
_ROOT = regex(r"(?i)(?:change-?log|liquibase|master|root|main).*\.(?:xml|ya?ml|json)$")
_INCLUDE = regex(
    r"""<include\s[^>]*?\bfile\s*=\s*["'](?P<xml>[^"']+)["']|<includeAll\s[^>]*?\bpath\s*=\s*["'](?P<xml_all>[^"']+)["']"""
    r"""|["']?\bfile["']?\s*:\s*["']?(?P<yaml>[^"'\s,}]+)|["']?\bpath["']?\s*:\s*["']?(?P<yaml_all>[^"'\s,}]+)"""
    r"""|(?P<changeset><changeSet\b|["']?\bchangeSet["']?\s*:)"""
)


class Changelog(Struct, frozen=True, kw_only=True):
    """A changelog's path, and the files it includes, relative to the folder."""

    path: str
    files: tuple[str, ...]
    notices: tuple[Notice, ...] = ()


def included(folder: Folder) -> Changelog | None:
    """What the root changelog directly in the folder includes; None where there is none."""
    changelogs = [file for file in folder.files if _ROOT.search(file) and "databaseChangeLog" in folder.head(file)]
    if not changelogs:
        return None
    root = next((file for file in changelogs if "master" in file or "root" in file), changelogs[0])
    files, notices = _includes(folder, root, frozenset())
    return Changelog(path=folder.place(root), files=tuple(dict.fromkeys(files)), notices=tuple(notices))


def _includes(folder: Folder, changelog: str, inside: frozenset[str]) -> tuple[list[str], list[Notice]]:
    source = folder.source(changelog)
    files: list[str] = []
    notices: list[Notice] = []
    for match in _INCLUDE.finditer(source.text):
        one = match["xml"] or match["yaml"]
        every = match["xml_all"] or match["yaml_all"]
        line = source.position(match.start())[0]
        if match["changeset"]:
            message = "a changeset that is not SQL: nothing of it was read"
            notices.append(Notice(path=source.path, line=line, message=message, blocking=True))
        elif every is not None:
            found = _in_folder(folder, changelog, every)
            files.extend(found)
            if not found:
                notices.append(_missing(source.path, line, every))
        elif one is not None:
            place = _place(folder, changelog, one)
            if place is None:
                notices.append(_missing(source.path, line, one))
            elif _CHANGELOG.search(place) and place not in inside:
                inner, more = _includes(folder, place, inside | {place})
                files.extend(inner)
                notices.extend(more)
            elif place.endswith(".sql"):
                files.append(place)
    return files, notices


def _place(folder: Folder, changelog: str, written: str) -> str | None:
    """A file as a changelog names it: relative to itself, or to a root of the classpath above the folder."""
    name = written.removeprefix("classpath:").lstrip("/")
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(changelog), name))
    steps = name.split("/")
    return next(
        (place for place in (beside, *("/".join(steps[skip:]) for skip in range(len(steps)))) if folder.has(place)),
        None,
    )


def _in_folder(folder: Folder, changelog: str, written: str) -> list[str]:
    name = written.removeprefix("classpath:").strip("/")
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(changelog), name))
    steps = name.split("/")
    for lead in (beside, *("/".join(steps[skip:]) for skip in range(len(steps)))):
        found = [file for file in folder.below() if file.startswith(f"{lead}/") and file.endswith(".sql")]
        if found:
            return sorted(found, key=natural)
    return []


def _missing(path: str, line: int, written: str) -> Notice:
    return Notice(path=path, line=line, message=f"includes {written}, which is not there: not read", blocking=True)
