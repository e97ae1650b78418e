"""Alembic: one revision for each piece, in one line, with `upgrade` and `downgrade`.

Everything runs in an autocommit block, which ends the transaction that Alembic has opened:
https://alembic.sqlalchemy.org/en/latest/api/runtime.html#alembic.runtime.migration.MigrationContext.autocommit_block
"""

from __future__ import annotations

import hashlib

from msgspec import Struct

from migrasafe.plan.output.documents import rendered
from migrasafe.plan.output.model import ALLOWED, Action, Command, Output, Piece, Place, Run
from migrasafe.plan.output.python_text import comment, docstring, literal, module_name, text_literal
from migrasafe.plan.output.several import ahead_of, back_of

FOLDER = "alembic"


def write(pieces: tuple[Piece, ...], place: Place) -> Output:
    """One file for each piece."""
    files: dict[str, str] = {}
    runs: list[Run] = []
    commands: dict[str, Command] = {}
    before = place.last
    for piece in pieces:
        revision = revision_id(place.plan, piece.name)
        file = f"{FOLDER}/{revision}_{module_name(place.plan)}_{piece.name}.py"
        files[file] = _revision(piece, place, revision, before)
        statements = tuple(one for action in piece.actions for one in ahead_of(action))
        runs.append(Run(file=file, phase=piece.phase, statements=statements))
        commands[piece.name] = Command(
            files=(file,), ahead=f"alembic upgrade {revision}", back=f"alembic downgrade {before or 'base'}"
        )
        before = revision
    notes: tuple[str, ...] = (
        "What only a person can tell is also said so: `alembic -x confirm=old-version-gone upgrade …`, with the name of the"
        " gate. To build a database from nothing (a test, CI), say so for every gate, or `ALTER DATABASE … SET"
        " migrasafe.confirmed = 'old-version-gone,for-good'`.",
    )
    if place.last is None:
        notes = (
            "The first revision follows nothing: set its down_revision to the head of your project, or say --migrations.",
            *notes,
        )
    return Output(tool="alembic", files=files, runs=tuple(runs), comment="# ", commands=commands, notes=notes)


def revision_id(plan: str, piece: str) -> str:
    """As Alembic makes them: alembic_version holds 32 characters, and names of plans may be longer."""
    return hashlib.sha256(f"{plan} {piece}".encode()).hexdigest()[:12]


class _Shown(Struct, frozen=True, kw_only=True):
    """An action, in Python."""

    comment: str
    ahead: tuple[str, ...]
    back: tuple[str, ...]
    skip: str | None
    skip_back: str | None


def _shown(action: Action) -> _Shown:
    return _Shown(
        comment=comment(action.comment, 8),
        ahead=tuple(map(text_literal, ahead_of(action))),
        back=tuple(map(text_literal, back_of(action))),
        skip=None if action.skip is None else text_literal(action.skip),
        skip_back=None if action.skip_back is None else text_literal(action.skip_back),
    )


def _revision(piece: Piece, place: Place, revision: str, before: str | None) -> str:
    shown = [_shown(action) for action in piece.actions]
    refused = next((action.no_way_back for action in piece.actions if action.no_way_back), None)
    return rendered(
        "alembic_revision.py.j2",
        title=docstring(f"{place.title} – {piece.name}: {piece.title}"),
        revision=revision,
        down_revision=before,
        allowed=ALLOWED,
        actions=shown,
        back=[one for one in reversed(shown) if one.back],
        no_way_back=None if refused is None else literal(refused),
        asks_catalog=any(one.skip or one.skip_back for one in shown),
        asks_people=any(action.of_people for action in piece.actions),
    )
