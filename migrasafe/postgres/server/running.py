"""A PostgreSQL server that runs and takes connections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningServer:
    """Where to connect, as a superuser, and how to stop it; as a context manager it stops at the end of the block."""

    dsn: str
    """Connects to the database `postgres`."""
    major: int
    description: str
    """Version and origin, for people."""
    stop: Callable[[], None]
    """Ends the server if it is ours and waits until it is gone."""
    stays: bool = False
    """It is somebody else's, and there afterwards."""

    def __enter__(self) -> RunningServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
