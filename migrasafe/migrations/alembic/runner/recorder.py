"""What a revision sends, with the line that sent it and the transaction it was sent in; and what to say about it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

from migrasafe.migrations.alembic.protocol import Message, Noticed, NoticeKind
from migrasafe.migrations.executed import Executed

MOST_STATEMENTS = 20_000
"""A revision that sends more is running away."""

_REFLECTION = "sqlalchemy/dialects/postgresql/base.py"


class RunawayError(Exception):
    """A revision that sends statements without end."""


class Recorder:
    """Told by the driver what is executed; tells `emit`. One for the life of the process, `begin` for each revision."""

    def __init__(self, emit: Callable[[Message], None]) -> None:
        self._emit = emit
        self._path = ""
        self._said: set[Noticed] = set()
        self._transactions: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
        self._last_transaction = 0
        self._line: int | None = None
        self._running = False
        self.statements: list[str] = []
        """Of this revision."""
        self.earlier: list[str] = []
        """Of the revisions before."""
        self.read_before = False
        self.asked_offline = False
        self.has_stubs = False
        self._unknown_types: list[str] = []
        self._not_there: dict[str, int] = {}

    def begin(self, path: str, *, again: bool = False) -> None:
        """Begin a revision; what the one before sent has happened, unless it is the same one `again`."""
        if not again:
            self.earlier.extend(self.statements)
        self._path = path
        self._said = set()
        self._last_transaction = 0
        self._line = None
        self._not_there = {}
        self.statements = []
        self.read_before = False
        self.asked_offline = False

    @contextmanager
    def running(self) -> Iterator[None]:
        """While the function of the revision runs: outside, what stubs are asked is nobody's concern."""
        self._running = True
        try:
            yield
        finally:
            self._running = False

    @contextmanager
    def from_line(self, line: int | None) -> Iterator[None]:
        """What is sent in here was made by another line than the one that runs: queued operations of a batch."""
        before, self._line = self._line, line
        try:
            yield
        finally:
            self._line = before

    def line(self) -> int:
        """The line of the revision file that runs now: of its innermost frame. 0 where it has none."""
        if self._line is not None:
            return self._line
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_filename == self._path:
                return frame.f_lineno
            frame = frame.f_back
        return 0

    # --- from the driver ---

    def executed(self, session: Any, sql: str, *, autocommit: bool) -> None:
        """Note SQL that `session`, a connection of the driver, is about to run."""
        if _is_reflection():
            self.asked()
            return
        if autocommit:
            transaction = None
        elif session in self._transactions:
            transaction = self._transactions[session]
        else:
            self._last_transaction += 1
            transaction = self._transactions[session] = self._last_transaction
        sql = str(sql)
        self.statements.append(sql)
        if len(self.statements) > MOST_STATEMENTS:
            raise RunawayError(f"it sends more than {MOST_STATEMENTS:,} statements")
        self._emit(Executed(sql=sql, line=self.line(), transaction=transaction))

    def ended(self, session: Any) -> None:
        """Note that the transaction of a session was committed or rolled back."""
        self._transactions.pop(session, None)

    def take_unknown_types(self) -> tuple[str, ...]:
        """The types that stood in SQL since the last time, and that no server knows; quoted."""
        taken = tuple(quoted_type(name) for name in self._unknown_types)
        self._unknown_types.clear()
        return taken

    # --- notices ---

    def notice(self, kind: NoticeKind, text: str) -> None:
        """Say something about the line that runs, once."""
        # Names come as SQLAlchemy's own kind of string.
        noticed = Noticed(kind=kind, line=self.line(), text=str(text))
        if noticed not in self._said:
            self._said.add(noticed)
            self._emit(noticed)

    def read(self) -> None:
        """Note that the rows of a query were looked at."""
        self.read_before = True
        self.notice("read", "")

    def asked(self, what: str = "") -> None:
        """Note that the database was asked what there is."""
        self.read_before = True
        self.notice("asked", what)

    def not_there(self, name: str = "") -> None:
        """Note that a table that the revision asks for was never made; with no name, that there is none at all."""
        self._not_there.setdefault(name, self.line())

    def say_what_was_not_there(self) -> None:
        """At the end of a revision: a table that it made itself, or that one before it dropped, was rightly not there."""
        sent = "\n".join((*self.earlier, *self.statements))
        for name, line in self._not_there.items():
            if not name or not re.search(rf"(?i)(?<!\w){re.escape(name)}(?!\w)", sent):
                with self.from_line(line):
                    self.notice("absent", name)

    def stub_used(self, kind: NoticeKind, name: str) -> None:
        """Note what was asked of a stub, while the revision runs."""
        if kind == "type":
            self._unknown_types.append(name.rpartition(".")[2])
        self.has_stubs = True
        if self._running or kind in ("stub", "type"):
            self.notice(kind, name)


def quoted_type(name: str) -> str:
    """The type that a stub of that name becomes in SQL: one that does not exist."""
    return '"' + name.rpartition(".")[2].replace('"', "") + '"'


def _is_reflection() -> bool:
    """Whether SQLAlchemy itself asks, for an inspector or to see whether something exists."""
    frame: FrameType | None = sys._getframe(2)
    for _ in range(40):
        if frame is None:
            return False
        if frame.f_code.co_filename.replace("\\", "/").endswith(_REFLECTION):
            return True
        frame = frame.f_back
    return False
