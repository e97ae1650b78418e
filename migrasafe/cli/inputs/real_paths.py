"""Where files really are, for thousands of them: each folder is followed through its links once."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path


class RealPaths:
    """Real paths of files, as long as the working folder stays what it is."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def of(self, path: str) -> str:
        """Absolute, with all links followed; for a file that is not there too."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._found(path)
        return known

    def _found(self, path: str) -> str:
        folder, _, name = path.rpartition(os.sep)
        if name in ("", ".", "..") or os.path.islink(path):  # noqa: PTH114 - a Path for each costs more than the question
            return os.path.realpath(path)
        folder = folder or (os.sep if path.startswith(os.sep) else ".")
        real = self._folders.get(folder)
        if real is None:
            real = self._folders[folder] = os.path.realpath(folder)
        return f"{real.removesuffix(os.sep)}{os.sep}{name}"


def lies_in(file: str, folders: Collection[str]) -> bool:
    """Whether a real path is one of these, or lies below one of them."""
    if file in folders:
        return True
    return any(str(above) in folders for above in Path(file).parents)
