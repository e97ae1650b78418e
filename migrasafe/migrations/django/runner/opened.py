"""Which files were read while the migrations ran: what decides what they render to."""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

_OPENED: set[str] = set()


def note() -> None:
    """From now on, until the process ends."""
    sys.addaudithook(_hook)


def all_read() -> tuple[str, ...]:
    """Modules and files that were opened, by real path; without Python's and Django's own, which have a version."""
    import django

    modules = (getattr(one, "__file__", None) for one in list(sys.modules.values()))
    standard = sysconfig.get_paths()["stdlib"]
    left_out = (Path(django.__file__).parent, tempfile.gettempdir(), "/dev", "/proc")
    leave = tuple(f"{os.path.realpath(folder)}{os.sep}" for folder in left_out)
    found = set()
    for file in {*_OPENED, *(one for one in modules if isinstance(one, str))}:
        real = os.path.realpath(file)
        is_standard = real.startswith(standard) and "-packages" not in real
        if not is_standard and not real.startswith(leave) and "__pycache__" not in real and Path(real).is_file():
            found.add(real)
    return tuple(sorted(found))


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str):
        _OPENED.add(arguments[0])
