"""A thread that looks at one server again and again, on a connection of its own, and connects anew when it is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable

from migrasafe.errors import ServerError
from migrasafe.postgres.connect import Connection
from migrasafe.postgres.figures.load import connect_to_look

SHORTEST_PAUSE_SECONDS = 0.1
"""Between two tries to connect to a server that is not there."""
LEAVE_WITHIN_SECONDS = 2.0


class Sampler(threading.Thread):
    """Looks every so often until it is stopped. What it sees, and that it sees nothing, goes to callbacks."""

    def __init__(
        self,
        name: str,
        *,
        dsn: str | None,
        primary: bool = False,
        direct: bool = False,
        every: Callable[[], float],
        look: Callable[[Connection | None], None],
        lost: Callable[[str], None],
    ) -> None:
        """`dsn` None: what is looked at is no server; `primary`: of several hosts, the one that takes writes;
        `direct`: without a pooler between. `look` raises ServerError, `lost` gets its sentence.
        """
        super().__init__(name=f"migrasafe {name}", daemon=True)
        self._dsn = dsn
        self._primary = primary
        self._direct = direct
        self._every = every
        self._look = look
        self._lost = lost
        self._ends = threading.Event()
        self._wake = threading.Event()
        self._connection: Connection | None = None

    def nudge(self) -> None:
        """Look now, and not only when the time has come."""
        self._wake.set()

    def leave(self) -> None:
        """End soon; a question that is being asked is cancelled."""
        self._ends.set()
        self._wake.set()
        connection = self._connection
        if connection is not None and self.is_alive():
            self.join(timeout=0.2)
            if self.is_alive():
                connection.cancel()
        if self.is_alive():
            self.join(timeout=LEAVE_WITHIN_SECONDS)

    def run(self) -> None:
        while not self._ends.is_set():
            pause = self._every()
            try:
                if self._dsn is not None and self._connection is None:
                    self._connection = connect_to_look(self._dsn, primary=self._primary, direct=self._direct)
                self._look(self._connection)
            except ServerError as error:
                if not self._ends.is_set():
                    self._lost(str(error))
                self._close()
                pause = max(pause, SHORTEST_PAUSE_SECONDS)
            if not self._ends.is_set():
                self._wake.wait(pause)
                self._wake.clear()
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
