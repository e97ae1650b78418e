"""VACUUM beside a worker: between batches, in a session of its own, so that the worker's lease lives on."""

from __future__ import annotations

import threading

from migrasafe.errors import MigrasafeError
from migrasafe.postgres.scripts import StatementError, open_session


class Vacuum:
    """Vacuums a table whenever so many rows were changed: the space of old versions is used again by the next batches."""

    def __init__(self, dsn: str, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self._thread: threading.Thread | None = None
        self._rows = 0
        self.trouble: str | None = None
        """Why the last one failed."""

    @property
    def is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def is_due(self, rows_changed: int, every: float | int | None, table_rows: int) -> bool:
        """Count changed rows; whether it is time. `every`: so many rows, or below 1 a share of the table's."""
        self._rows += rows_changed
        if every is None:
            return False
        return self._rows >= max(every * table_rows if every <= 1 else every, 1000)

    def start(self, relation: str) -> None:
        """Begin to vacuum; `is_running` until it is done."""
        self._rows = 0
        self._thread = threading.Thread(target=self._run, args=(relation,), daemon=True)
        self._thread.start()

    def _run(self, relation: str) -> None:
        try:
            session = open_session(self._dsn, name=f"migrasafe backfill {self._name} vacuum")
            try:
                session.script(f"VACUUM {relation}")
            finally:
                session.close()
            self.trouble = None
        except (StatementError, MigrasafeError) as error:
            self.trouble = str(error)
