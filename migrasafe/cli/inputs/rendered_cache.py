"""What Django's migrations rendered to, kept in the user's cache folder: a run about what is new renders only that."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrasafe.cli.inputs.cache_folder import CacheFolder

_DECIDING = ("migrations/django",)
"""The code that decides what is kept, below the package; what it renders with is among the files that the process has read."""


class RenderedCache:
    """By a key that says whose migrations they are; nothing is looked at before somebody asks."""

    def find(self, key: str) -> bytes | None:
        return None if self._folder is None else self._folder.read(self._name(key))

    def keep(self, key: str, value: bytes) -> None:
        if self._folder is not None:
            self._folder.write(self._name(key), value)

    @cached_property
    def _folder(self) -> CacheFolder | None:
        from migrasafe.cli.inputs.cache_folder import cache_folder  # which hashes: few runs read Django's migrations

        return cache_folder("rendered", ".json")

    @cached_property
    def _version(self) -> str:
        from migrasafe.cli.inputs.cache_folder import made_by

        return made_by(_DECIDING)

    def _name(self, key: str) -> str:
        from hashlib import blake2b

        return blake2b(f"{self._version}\0{key}".encode(), digest_size=20).hexdigest()
