"""The files of an app: those of a folder, or of a commit, read from git's object store without a checkout."""

from __future__ import annotations

import os
import posixpath
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from migrasafe.errors import InputError, did_you_mean
from migrasafe.migrations.folder import SKIPPED
from migrasafe.plain_file import read_plain

_KEPT = frozenset({".sqlx"})
"""Folders that hold queries although their name begins with a dot."""


class Entry(NamedTuple):
    """A file of the app."""

    path: str
    """Inside of the app, with slashes."""
    shown: str
    """As a person would name it from the working folder."""
    key: str
    """How it is read: its path on the disk, or its id in the object store."""


class SourceTree(Struct, frozen=True, kw_only=True):
    """The files of one version of an app, and how their bytes are read."""

    entries: tuple[Entry, ...]
    read: Callable[[Sequence[Entry]], Iterator[tuple[Entry, bytes | str]]]
    """The bytes of files; a sentence for one that cannot be read."""
    notices: tuple[str, ...] = ()
    closed: tuple[tuple[str, str], ...] = ()
    """Folders that cannot be read, and why."""
    name: str = ""
    """Of the folder that it is, which can be the package that its files are in."""


def folder_tree(folder: Path) -> SourceTree:
    """The files of a folder, without what was built or installed there. Raises InputError if it cannot be read."""
    entries: list[Entry] = []
    closed: dict[str, str] = {}

    def failed(error: OSError) -> None:
        closed[str(error.filename)] = f"cannot be read: {error.strerror}"

    for at, folders, files in os.walk(folder, onerror=failed):
        folders[:] = sorted(name for name in folders if not _is_left_out(name))
        inside = os.path.relpath(at, folder).replace(os.sep, "/")
        for name in sorted(files):
            inner = posixpath.normpath(posixpath.join(inside, name))
            path = Path(at, name)
            try:
                if path.is_file():  # no sockets, no pipes, no links to nowhere
                    entries.append(Entry(inner, Path(at, name).as_posix(), str(path)))
            except OSError as error:  # of a folder whose names may be listed, and nothing else
                closed[at] = f"cannot be read: {error.strerror}"
    if closed and not entries:
        path_of, why = next(iter(closed.items()))
        raise InputError(f"{path_of} {why}: give a folder that can be read")
    ignored = [at for at in closed if _is_ignored(at, folder)]  # what a server keeps there is no part of the app
    return SourceTree(
        entries=tuple(entries),
        read=read_from_disk,
        notices=tuple(f"{at} {closed[at]}; git ignores it" for at in ignored),
        closed=tuple((at, why) for at, why in closed.items() if at not in ignored),
        name=folder.resolve().name,
    )


def _is_ignored(path: str, folder: Path) -> bool:
    try:
        return _git(folder, "check-ignore", "--quiet", str(Path(path).resolve())) is not None
    except InputError:  # there is no git
        return False


def _is_left_out(name: str) -> bool:
    return name not in _KEPT and (name in SKIPPED or name.startswith("."))


def read_from_disk(entries: Sequence[Entry]) -> Iterator[tuple[Entry, bytes | str]]:
    """The bytes of files, one at a time."""
    for entry in entries:
        try:
            yield entry, read_plain(entry.key)
        except OSError as error:
            yield entry, f"cannot be read: {error.strerror or error}"


def is_commit(source: str, folder: Path) -> bool:
    """Whether git, asked in `folder`, knows a commit of this name."""
    return (
        not source.startswith("-")
        and _git(folder, "rev-parse", "--verify", "--quiet", f"{source}^{{commit}}") is not None
    )


def git_tree(source: str, folder: Path) -> SourceTree:
    """The files of `REF` below `folder`, or those of `REF:path`. Raises InputError for what git does not know."""
    ref, colon, path = source.partition(":")
    if not ref or source.startswith("-"):
        raise InputError(f"{source or '(nothing)'}: give a folder, a commit of git, or a file of queries")
    prefix = _git(folder, "rev-parse", "--show-prefix")
    if prefix is None:
        if Path(folder, ".git").exists():
            raise InputError(f"{source}: git refuses to read {folder}: run `git -C {folder} status` to see why")
        raise InputError(
            f"{source}: there is no such file or folder, and {folder} is in no git repository: "
            "give a folder, a commit of git, or a file of queries"
        )
    inside = prefix.decode().strip()
    if _git(folder, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}") is None:
        raise InputError(
            f"{source}: there is no such file or folder, and git knows no commit {ref}{_hint(folder, ref)}"
        )
    if colon:
        inside = posixpath.normpath(posixpath.join(inside, path) if path.startswith(("./", "../")) else path) + "/"
    below = "" if inside in ("", "./", "/") else inside
    listing = _git(folder, "ls-tree", "-r", "-z", "--full-tree", f"{ref}:{below.rstrip('/')}")
    if listing is None:
        raise InputError(f"{source}: commit {ref} has no folder {below.rstrip('/')}")
    entries, notices = [], []
    for line in listing.decode(errors="surrogateescape").split("\0"):
        meta, tab, name = line.partition("\t")
        if not tab or any(_is_left_out(part) for part in name.split("/")[:-1]):
            continue
        mode, kind, object_id = meta.split()
        if kind == "commit":
            notices.append(f"{below}{name} is a submodule: its files are not part of {ref}, so they were not looked at")
        elif mode != "120000":
            whole = below + name
            start = prefix.decode().strip()
            entries.append(Entry(name, posixpath.relpath(whole, start) if start else whole, object_id))

    def read(wanted: Sequence[Entry]) -> Iterator[tuple[Entry, bytes | str]]:
        return _read_objects(folder, wanted)

    name = posixpath.basename(below.rstrip("/")) or folder.resolve().name
    return SourceTree(entries=tuple(entries), read=read, notices=tuple(notices), name=name)


def _hint(folder: Path, ref: str) -> str:
    shallow = _git(folder, "rev-parse", "--is-shallow-repository")
    if shallow is not None and shallow.strip() == b"true":
        return " in this shallow clone: run `git fetch --unshallow origin` (in CI: fetch-depth: 0)"
    names = (_git(folder, "for-each-ref", "--format=%(refname:short)") or b"").decode().split()
    return f": {did_you_mean(ref, names, 'give a branch, a tag or a commit, or the path of a folder')}"


def _read_objects(folder: Path, entries: Sequence[Entry]) -> Iterator[tuple[Entry, bytes | str]]:
    """One process reads all of them. https://git-scm.com/docs/git-cat-file#_batch_output"""
    if not entries:
        return
    wanted = "".join(f"{entry.key}\n" for entry in entries).encode()
    done = subprocess.run(
        ["git", "-C", str(folder), "cat-file", "--batch"], input=wanted, capture_output=True, check=False
    )
    place = 0
    for entry in entries:
        end = done.stdout.find(b"\n", place)
        header = done.stdout[place:end].split() if end >= 0 else []
        if len(header) != 3 or header[1] != b"blob":
            yield entry, "is missing from the object store: fetch it and run again"
            place = max(place, end + 1)
            continue
        size = int(header[2])
        yield entry, done.stdout[end + 1 : end + 1 + size]
        place = end + 1 + size + 1


def _git(folder: Path, *arguments: str) -> bytes | None:
    """What git prints; None where it fails."""
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except FileNotFoundError as error:
        raise InputError("reading a commit needs git, which is not on the PATH") from error
    return done.stdout if done.returncode == 0 else None
