"""What the migrations of a project rendered to in an earlier run, for as long as nothing that decided it has changed.

Django follows its models through a thousand migrations in a second, and takes most of a minute to make statements of them. So the
statements are kept, with a digest of each migration and of all else that was read below the project's root to make them; and the
process renders only from the first migration on that is new or says something else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path

import msgspec

from migrasafe.migrations.disk import Keeper
from migrasafe.migrations.django.protocol import Ran, Setup


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An earlier run."""

    django: str
    files: dict[str, str]
    """What else was read, our own code and packages among it: what `_state_of` said of each. Those of the project are relative to
    its root."""
    ran: tuple[Ran, ...]


def find(keeper: Keeper, setup: Setup) -> Kept | None:
    """The earlier run; None where there is none, or a file that it read says something else now."""
    stored = keeper.find(_key(setup))
    if stored is None:
        return None
    try:
        kept = msgspec.json.decode(stored, type=Kept)
    except msgspec.DecodeError:
        return None
    root = setup.import_roots[0]
    return kept if all(_state_of(root, file) == said for file, said in kept.files.items()) else None


def keep(keeper: Keeper, setup: Setup, ran: Sequence[Ran], *, django: str, files: Iterable[str]) -> None:
    """Keeps what the migrations rendered to. `files`: all that was read for it."""
    root = setup.import_roots[0]
    own = {os.path.realpath(one.path) for one in ran}
    real = {os.path.realpath(Path(root, file)) for file in files} - own
    said = {name: _state_of(root, name) for name in sorted(_named(root, file) for file in real)}
    keeper.keep(_key(setup), msgspec.json.encode(Kept(django=django, files=said, ran=tuple(ran))))


def _key(setup: Setup) -> str:
    """The same wherever a checkout of the project lies."""
    apps = [(app.label, app.package) for app in setup.apps]
    return msgspec.json.encode((apps, setup.settings, setup.installed, setup.site_packages), order="sorted").decode()


def _named(root: str, file: str) -> str:
    near = os.path.relpath(file, root)
    return file if near.startswith("..") else near


def _state_of(root: str, file: str) -> str:
    """Of a file of the project its content; of one that is installed its size and age."""
    try:
        if not Path(file).is_absolute():
            return blake2b(Path(root, file).read_bytes(), digest_size=20).hexdigest()
        known = Path(file).stat()
    except OSError:
        return ""
    return f"{known.st_size} {known.st_mtime_ns}"
