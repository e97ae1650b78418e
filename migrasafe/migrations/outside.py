"""How each tool is told to run a migration without a transaction, in words and, where a file can say so, as an edit."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import PurePath

from msgspec import Struct

from migrasafe.migrations.transaction import refuses_transaction
from migrasafe.sql.script import Script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import CreateIndex, Drop, Reindex, SetVariable, Statement, Utility


class Insertion(Struct, frozen=True, kw_only=True):
    """Text to put into a file at a character offset; at 0 of a file that is not there it makes the file."""

    path: str
    offset: int
    text: str


class Way(Struct, frozen=True, kw_only=True):
    """A tool's way to run a migration without a transaction."""

    how: str = ""
    """In words; empty where nothing needs to be said."""
    by_itself: bool = False
    """The tool looks into the statements and needs no word."""
    several: bool = False
    """It sends statement after statement; the others send the whole file at once, which is a transaction again unless it
    holds only one. https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT"""
    mark: Callable[[Source, int], Insertion | None] | None = None
    """From a file and the offset of a statement in it to the edit that says so."""


def way_of(layout: str) -> Way:
    """The way of the tool with this layout's name."""
    return _WAYS.get(layout, Way())


def marks_for(layout: str, script: Script, at: int) -> tuple[Insertion, ...] | None:
    """The edits after which the tool runs the file without a transaction, none where it does so by itself; None where that
    cannot be said in a file, or would tear apart statements that a transaction may have to hold together.

    `at` is the offset of the statement that wants it.
    """
    way = way_of(layout)
    source, several = script.source, len(script.statements) > 1
    if several and not (way.several and _all_stand_alone(script)):
        return None
    if layout == "flyway" and several:  # it refuses a mixture, unless the script's own settings decide
        return (Insertion(path=f"{source.path}.conf", offset=0, text="executeInTransaction=false\n"),)
    if way.by_itself:
        return ()
    mark = way.mark(source, at) if way.mark is not None else None
    return None if mark is None else (mark,)


@lru_cache(maxsize=1)  # each finding in a file asks
def _all_stand_alone(script: Script) -> bool:
    return all(_stands_alone(one) for one in script.statements)


def _stands_alone(statement: Statement) -> bool:
    """Whether nothing is lost when it is committed by itself."""
    match statement:
        case SetVariable():
            return not statement.local
        case CreateIndex() | Reindex() | Utility():
            return True
        case Drop():
            return statement.kind == "INDEX"
    return refuses_transaction(statement)


def _line_above(pattern: str, text: str) -> Callable[[Source, int], Insertion | None]:
    """A line of its own above the first line that matches."""

    def insert(source: Source, _: int) -> Insertion | None:
        found = re.search(pattern, source.text, re.IGNORECASE | re.MULTILINE)
        return Insertion(path=source.path, offset=found.start(), text=text) if found else None

    return insert


def _at_end_of_line(pattern: str, text: str) -> Callable[[Source, int], Insertion | None]:
    """Words at the end of the last line above the statement that matches."""

    def insert(source: Source, at: int) -> Insertion | None:
        found = None
        for found in re.finditer(pattern, source.text[:at], re.IGNORECASE | re.MULTILINE):  # noqa: B007 - the last one counts
            pass
        if found is None:
            return None
        return Insertion(path=source.path, offset=found.start() + len(found.group().rstrip()), text=text)

    return insert


def _first_line(text: str) -> Callable[[Source, int], Insertion | None]:
    return lambda source, _: Insertion(path=source.path, offset=0, text=text)


def _diesel(source: Source, _: int) -> Insertion | None:
    return Insertion(
        path=str(PurePath(source.path).with_name("metadata.toml")), offset=0, text="run_in_transaction = false\n"
    )


_WAYS = {
    "plain": Way(by_itself=True, several=True),
    "pre-post": Way(by_itself=True, several=True),
    "alembic": Way(how="Alembic: inside `with op.get_context().autocommit_block():`"),
    "dbmate": Way(
        how="dbmate: `-- migrate:up transaction:false`, and nothing else in the file",
        mark=_at_end_of_line(r"^[ \t]*--[ \t]*migrate:up\b[^\n]*", " transaction:false"),
    ),
    "diesel": Way(
        how="diesel: `run_in_transaction = false` in its metadata.toml, and nothing else in the file", mark=_diesel
    ),
    "django": Way(how="Django: `atomic = False` on the class Migration, as AddIndexConcurrently wants it"),
    "drizzle": Way(how="drizzle-kit has no way to do that: run it with psql before the migrations"),
    "flyway": Way(how="Flyway does that by itself if nothing else is in the file", by_itself=True, several=True),
    "golang-migrate": Way(how="golang-migrate: nothing else in the file", by_itself=True),
    "goose": Way(
        how="goose: `-- +goose NO TRANSACTION` above `-- +goose Up`",
        several=True,
        mark=_line_above(r"^[ \t]*--[ \t]*\+goose[ \t]+up\b", "-- +goose NO TRANSACTION\n"),
    ),
    "rails": Way(how="Rails: `disable_ddl_transaction!` in the class, and `algorithm: :concurrently` for an index"),
    "liquibase": Way(
        how="Liquibase: `runInTransaction:false` behind its changeset",
        several=True,
        mark=_at_end_of_line(r"^[ \t]*--[ \t]*changeset[ \t]+[^\n]+", " runInTransaction:false"),
    ),
    "morph": Way(
        how="morph: `-- morph:nontransactional` on the first line, and nothing else in the file",
        mark=_first_line("-- morph:nontransactional\n"),
    ),
    "node-pg-migrate": Way(how="node-pg-migrate: in JavaScript, with pgm.noTransaction(); SQL files have no way"),
    "pop": Way(how="pop: a file named .autocommit.up.sql, and nothing else in it"),
    "prisma": Way(how="Prisma: nothing else in the file", by_itself=True),
    "sql-migrate": Way(
        how="sql-migrate: `-- +migrate Up notransaction`",
        several=True,
        mark=_at_end_of_line(r"^[ \t]*--[ \t]*\+migrate[ \t]+up\b[^\n]*", " notransaction"),
    ),
    "sqitch": Way(how="Sqitch: a script without BEGIN and COMMIT", several=True),
    "sqlx": Way(
        how="sqlx: `-- no-transaction` on the first line, and nothing else in the file",
        mark=_first_line("-- no-transaction\n"),
    ),
    "supabase": Way(how="the Supabase CLI does that by itself since 2.109", by_itself=True, several=True),
}
