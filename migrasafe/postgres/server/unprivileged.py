"""Who a PostgreSQL server runs as: PostgreSQL refuses root, so root hands its servers to an unprivileged user."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NOBODY_ID = 65534
PREFERRED_USERS = ("postgres", "nobody")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerUser:
    """The operating system user that a server of ours runs as."""

    uid: int
    gid: int
    is_other: bool
    """True when it is not who we are, so that folders must be handed over to it."""

    def owns(self, folder: Path) -> None:
        """Hand a folder and all that is in it over to this user; nothing to do when it is our own."""
        if not self.is_other:
            return
        os.chown(folder, self.uid, self.gid)
        for parent, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(Path(parent, name), self.uid, self.gid, follow_symlinks=False)

    def enters(self, folder: Path) -> None:
        """Open a folder of ours to this user."""
        if self.is_other and not self._may_enter(folder):
            folder.chmod(0o755)

    def reaches(self, path: Path) -> bool:
        """Whether this user can go through every folder that leads to `path`, and into it when it is a folder."""
        if not self.is_other:
            return True
        resolved = path.resolve()
        folders = [*resolved.parents, resolved] if resolved.is_dir() else list(resolved.parents)
        return all(self._may_enter(folder) for folder in folders)

    def _may_enter(self, folder: Path) -> bool:
        try:
            status = folder.stat()
        except OSError:
            return False
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def server_user() -> ServerUser:
    """Choose who servers run as: ourselves, or, for root, `postgres`, `nobody`, or the customary id 65534."""
    if os.geteuid() != 0:
        return ServerUser(uid=os.geteuid(), gid=os.getegid(), is_other=False)
    import pwd  # not on Windows, where nobody is root either

    for name in PREFERRED_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(uid=entry.pw_uid, gid=entry.pw_gid, is_other=True)
    return ServerUser(uid=NOBODY_ID, gid=NOBODY_ID, is_other=True)


def cache_folder(user: ServerUser) -> Path:
    """Return the folder where servers and their templates are kept between runs; it need not exist yet.

    `$XDG_CACHE_HOME/migrasafe`, else `~/.cache/migrasafe`; for root, whose home others cannot enter,
    `/var/cache/migrasafe`.
    """
    configured = os.environ.get("XDG_CACHE_HOME")
    if configured and user.reaches(_nearest_existing(Path(configured))):
        return Path(configured) / "migrasafe"
    if user.is_other:
        return Path("/var/cache/migrasafe")
    return Path.home() / ".cache" / "migrasafe"


def open_room(user: ServerUser, name: str) -> Path:
    """Return a folder of the cache, made where it is missing, that the user can enter whatever root's umask is."""
    room = cache_folder(user) / name
    _make_open(room, user)
    for folder in (room.parent, room):  # which were there before, perhaps
        user.enters(folder)
    return room


def _make_open(folder: Path, user: ServerUser) -> None:
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(exist_ok=True)
        user.enters(one)


def copy_where_reachable(folder: Path, user: ServerUser, *, parts: Sequence[str] = (".",)) -> Path:
    """Return `folder` without links, or a copy of it in the cache when `user` cannot get to it (below /root, say).

    `parts` are the folders in it that are copied, at the same places as in the original.
    """
    folder = folder.resolve()
    if all(user.reaches(folder / part) for part in parts):
        return folder
    newest_change = max(int((folder / part).stat().st_mtime) for part in parts)
    copy = open_room(user, "copies") / f"{'-'.join(folder.parts[1:])}-{newest_change}"
    for part in parts:
        _copy_once(folder / part, copy / part, user)
    return copy


def _copy_once(folder: Path, copy: Path, user: ServerUser) -> None:
    """Copy a folder unless it was copied before, so that a copy that is there is always whole."""
    if copy.is_dir():
        return
    _make_open(copy.parent, user)
    unfinished = copy.with_name(f"{copy.name}.{os.getpid()}")
    shutil.copytree(folder, unfinished, symlinks=True)
    _let_all_read(unfinished)
    try:
        unfinished.rename(copy)
    except OSError:  # another process was faster; its copy is as good
        shutil.rmtree(unfinished)


def _let_all_read(folder: Path) -> None:
    """What root has installed under a umask of 077, only root can read."""
    for parent, _, files in os.walk(folder):
        Path(parent).chmod(0o755)
        for file in files:
            path = Path(parent, file)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & stat.S_IXUSR else 0o644)


def _nearest_existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())
