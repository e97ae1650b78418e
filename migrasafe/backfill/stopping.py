"""SIGTERM and SIGINT: the first asks for an end after the batch, the second, or the end of the grace, cancels it."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Protocol


class Told(Protocol):
    """A process that can be sent a signal, also when it has ended."""

    def send_signal(self, sig: int) -> None: ...


class Stop:
    """Whether and how we were asked to end."""

    def __init__(self, also_tell: Sequence[Told] = ()) -> None:
        """`also_tell`: processes that get the same signals."""
        self._also_tell = also_tell
        self.signal: int | None = None
        self.grace_seconds = 10.0

    @property
    def is_asked(self) -> bool:
        return self.signal is not None

    @property
    def word(self) -> str:
        return signal.Signals(self.signal).name if self.signal is not None else ""

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take the signals of this process while the block runs. Only the main thread of a process can."""
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
        before = {number: signal.signal(number, self._on_signal) for number in numbers}
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGALRM:
            for process in self._also_tell:
                process.send_signal(number)
        if number != signal.SIGALRM and self.signal is None:
            self.signal = number
            signal.setitimer(signal.ITIMER_REAL, self.grace_seconds)
            return
        # The driver cancels the statement on the server before it lets this through.
        raise KeyboardInterrupt
