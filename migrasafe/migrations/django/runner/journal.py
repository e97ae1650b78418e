"""What the migration that runs now has sent and said so far."""

from __future__ import annotations

from migrasafe.migrations.django.protocol import Noticed
from migrasafe.migrations.executed import Executed


class Journal:
    """One for the process: the backend writes into it whatever runs."""

    def __init__(self) -> None:
        self.path = ""
        self.line = 1
        self.transaction: int | None = None
        self.reads = 0
        """Queries that had to be answered as if there were no rows, since the operation began."""
        self.executed: list[Executed] = []
        self.noticed: list[Noticed] = []
        self.rows_sent: dict[str, int] = {}
        """How often this operation sent a statement about rows, by its text without values."""
        self.earlier: list[str] = []
        """What all migrations before this one executed."""

    def begin(self, path: str) -> None:
        """A further migration."""
        self.earlier.extend(one.sql for one in self.executed)
        self.path, self.line, self.transaction = path, 1, None
        self.executed, self.noticed = [], []

    def send(self, sql: str, *, line: int | None = None) -> None:
        self.executed.append(Executed(sql=sql, line=line or self.line, transaction=self.transaction))

    def begin_operation(self, line: int) -> None:
        """A further operation of the migration."""
        for statement, times in self.rows_sent.items():
            if times > 1:
                self.say(f"sends this statement {times} times with other values; the first is shown: {statement[:80]}")
        self.line, self.reads, self.rows_sent = line, 0, {}

    def send_rows(self, statement: str, sql: str) -> None:
        """A statement about rows: a loop sends the same one again and again, and the first is enough."""
        self.rows_sent[statement] = self.rows_sent.get(statement, 0) + 1
        if self.rows_sent[statement] == 1:
            self.send(sql)

    def mark(self) -> tuple[int, int, int, dict[str, int]]:
        """Where it stands, for `back_to`."""
        return len(self.executed), len(self.noticed), self.reads, dict(self.rows_sent)

    def back_to(self, mark: tuple[int, int, int, dict[str, int]]) -> None:
        """Without what came after the mark."""
        executed, noticed, self.reads, self.rows_sent = mark
        del self.executed[executed:], self.noticed[noticed:]

    def say(self, message: str, *, blocking: bool = False, line: int | None = None) -> None:
        noticed = Noticed(line=line or self.line, message=message, blocking=blocking)
        if noticed not in self.noticed:
            self.noticed.append(noticed)


JOURNAL = Journal()
