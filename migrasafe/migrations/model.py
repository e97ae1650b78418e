"""Migrations in the order in which they run, whatever tool wrote them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import overload

from msgspec import Struct

from migrasafe.migrations.transaction import TransactionMode as TransactionMode
from migrasafe.migrations.transaction import unknown_transaction
from migrasafe.sql.script import Script


class Part(Struct, frozen=True, kw_only=True, gc=False):
    """A stretch of a migration with a transaction of its own: most migrations have one; Alembic's autocommit blocks,
    Liquibase changesets and sql-migrate files can make several."""

    script: Script
    wrapped: TransactionMode | None = TransactionMode.ONE
    """None where no tool says: what the statements need, which `transaction` tells."""
    own_transaction: bool = True
    """False when it goes on in the transaction of the part before it."""

    @property
    def transaction(self) -> TransactionMode:
        """What is wrapped around it."""
        return self.wrapped if self.wrapped is not None else unknown_transaction(self.script)


class Notice(Struct, frozen=True, kw_only=True, gc=False):
    """Something about reading a migration that a person must know: what was stubbed, skipped or not understood."""

    path: str
    line: int
    message: str
    blocking: bool = False
    """True when a part of the migration could not be read, so that silence about it would be false."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class SinceCommit(Struct, frozen=True, kw_only=True):
    """What git knows of a migration's file at an older commit, where the migrations of that commit are taken to have run."""

    ref: str
    """The commit, branch or tag, as it was given."""
    edited: bool = False
    """The file was there, with other statements."""
    respaced: bool = False
    """The file was there, with other comments or space."""
    renamed_from: str | None = None
    """The file was there under this name."""
    overtaken_by: str | None = None
    """The file was not there, but one that runs after it was."""


class Migration(Struct, frozen=True, kw_only=True, gc=False):
    """One migration: up, unless it says `down`."""

    id: str
    """As the tool names it: version, revision, timestamp or file name."""
    path: str
    """The file to show to people."""
    parts: tuple[Part, ...]
    name: str = ""
    repeatable: bool = False
    """Runs again whenever it changes, after the versioned ones (Flyway R, Sqitch rework)."""
    hint: str | None = None
    """`before` or `after` where the layout itself says when to deploy (pre_/post_, expand/contract branches)."""
    notices: tuple[Notice, ...] = ()
    down: bool = False
    """It takes back what the migration with this id did."""
    since: SinceCommit | None = None
    """None where git was not asked."""

    @property
    def texts(self) -> tuple[str, ...]:
        """The SQL of its parts."""
        return tuple(part.script.source.text for part in self.parts)


class Made(Sequence[Migration]):
    """Migrations that are made of their files whenever somebody looks at them: 100,000 are as many names, and no more."""

    def __init__(self, files: Sequence[str], make: Callable[[str], Migration]) -> None:
        self._files = files
        self._make = make

    def __len__(self) -> int:
        return len(self._files)

    @overload
    def __getitem__(self, place: int) -> Migration: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Migration]: ...
    def __getitem__(self, place: int | slice) -> Migration | Sequence[Migration]:
        return Made(self._files[place], self._make) if isinstance(place, slice) else self._make(self._files[place])

    def __iter__(self) -> Iterator[Migration]:
        return map(self._make, self._files)


class History(Struct, frozen=True, kw_only=True):
    """What a folder holds: its migrations in order, and how we know."""

    layout: str
    """The tool: `diesel`, `flyway`, `alembic`, `plain` …"""
    root: str
    migrations: Sequence[Migration]
    """Not always the same objects: who wants to find one again goes by its place."""
    notices: tuple[Notice, ...] = ()


def not_read(histories: Iterable[History], migrations: Iterable[Migration]) -> list[str]:
    """What could not be read, of the folders and of these migrations: silence about it would be a proof of nothing."""
    notices = itertools.chain(*(one.notices for one in histories), *(one.notices for one in migrations))
    return [str(one) for one in dict.fromkeys(notices) if one.blocking]
