"""What a plan is to a migration tool: migrations in a line, each of statements that commit on their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from migrasafe.migrations.model import TransactionMode
from migrasafe.plan.model import PhaseName


class Action(Struct, frozen=True, kw_only=True):
    """A gate, or a step: what a tool sends in one go, and what takes it back."""

    comment: str
    """Lines of SQL comments."""
    ahead: tuple[str, ...]
    """Usually one statement, which sees by itself whether it is done."""
    back: tuple[str, ...] = ()
    """Empty: there is nothing to take back."""
    skip: str | None = None
    """Of a long step, which cannot see for itself: the condition under which it is not to be run …"""
    skip_back: str | None = None
    clear: tuple[str, ...] = ()
    """… and what takes away the remains of a run that was broken off; harmless where there are none."""
    no_way_back: str | None = None
    """Why not, in words; `back` says it too, where it is run."""
    of_people: bool = False
    """A gate that only a person can answer."""


class Piece(Struct, frozen=True, kw_only=True):
    """What is deployed in one go: a phase, or its part that cannot be undone."""

    phase: PhaseName
    name: str
    """`expand`, `contract`, `contract_for_good`."""
    title: str
    actions: tuple[Action, ...]


class Place(Struct, frozen=True, kw_only=True):
    """Where the migrations go: what is there already, in the tool's own words."""

    plan: str
    """The plan's id."""
    title: str
    now: datetime
    last: str | None = None
    """The version that they follow; None: there is none, or none was looked for."""
    app: str | None = None
    """Django's label of the app."""


class Command(Struct, frozen=True, kw_only=True):
    """How a piece is run with the tool, and how it is taken back."""

    files: tuple[str, ...]
    ahead: str
    back: str | None = None


ALLOWED = "{what the plan allows}"
"""A line of every file: becomes a comment for lint, or goes."""


class Run(Struct, frozen=True, kw_only=True):
    """What one file sends, for lint to look at before it is written."""

    file: str
    phase: PhaseName
    statements: tuple[str, ...]
    transaction: TransactionMode = TransactionMode.NONE
    down: bool = False


class Output(Struct, frozen=True, kw_only=True):
    """The migrations of one tool."""

    tool: str
    files: Mapping[str, str]
    """Path below the plan's folder → text."""
    runs: tuple[Run, ...]
    """In the order in which the tool runs them; what takes a file back comes right behind it."""
    comment: str = "-- "
    """What a comment begins with."""
    commands: Mapping[str, Command]
    """By the name of the piece."""
    notes: tuple[str, ...] = ()
    """What people have to know of this tool, each a sentence."""


class Writer(Protocol):
    def __call__(self, pieces: tuple[Piece, ...], place: Place) -> Output:
        """The migrations of the pieces. Raises InputError for a place that cannot be followed."""
