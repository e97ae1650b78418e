"""Locks on files, which the kernel gives back when their holder ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def hold(path: Path) -> int:
    """Wait for the lock on a file, make the file if needed, and return the descriptor whose closing gives it back."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep every other process that asks for the same lock out of the block."""
    descriptor = hold(path)
    try:
        yield
    finally:
        os.close(descriptor)
