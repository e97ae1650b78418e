"""Django: migrations of RunSQL with `atomic = False`, each with its reverse.

https://docs.djangoproject.com/en/stable/ref/migration-operations/#runsql
"""

from __future__ import annotations

import re

from msgspec import Struct

from migrasafe.errors import InputError
from migrasafe.plan.output.documents import rendered
from migrasafe.plan.output.model import Action, Command, Output, Piece, Place, Run
from migrasafe.plan.output.python_text import comment, docstring, literal, module_name
from migrasafe.plan.output.several import Stretch, ahead_of, back_of, stretches

FOLDER = "django"


def write(pieces: tuple[Piece, ...], place: Place) -> Output:
    """One file for each stretch of steps. Raises InputError where the app is not known."""
    if place.app is None:
        raise InputError(
            "--migrations: say the folder of your app's migrations (shop/migrations): Django's files name the app and the"
            " migration that they follow"
        )
    before = place.last
    number = int(match[0]) if before is not None and (match := re.match(r"\d+", before)) else 0
    files: dict[str, str] = {}
    runs: list[Run] = []
    of_piece: dict[str, list[tuple[str, str | None]]] = {}
    for count, stretch in enumerate(stretches(pieces), start=number + 1):
        name = f"{count:04}_{module_name(place.plan)}_{stretch.name}"
        file = f"{FOLDER}/{name}.py"
        files[file] = _migration(stretch, place, before)
        runs.append(
            Run(file=file, phase=stretch.phase, statements=tuple(s for a in stretch.actions for s in ahead_of(a)))
        )
        of_piece.setdefault(stretch.piece, []).append((name, before))
        before = name
    commands = {
        piece.name: Command(
            files=tuple(f"{FOLDER}/{name}.py" for name, _ in mine),
            ahead=f"python manage.py migrate {place.app} {mine[-1][0]}",
            back=f"python manage.py migrate {place.app} {mine[0][1] or 'zero'}",
        )
        for piece in pieces
        for mine in [of_piece[piece.name]]
    }
    return Output(tool="django", files=files, runs=tuple(runs), comment="# ", commands=commands)


class _Shown(Struct, frozen=True, kw_only=True):
    """An action, in Python."""

    comment: str
    ahead: tuple[str, ...]
    back: tuple[str, ...]
    refuses: bool


def _shown(action: Action) -> _Shown:
    return _Shown(
        comment=comment(action.comment, 8),
        ahead=tuple(map(literal, ahead_of(action))),
        back=tuple(map(literal, back_of(action))),
        refuses=action.no_way_back is not None,
    )


def _migration(stretch: Stretch, place: Place, before: str | None) -> str:
    return rendered(
        "django_migration.py.j2",
        title=docstring(f"{place.title} – {stretch.name}"),
        app=literal(place.app or ""),
        dependency=None if before is None else literal(before),
        actions=[_shown(action) for action in stretch.actions],
    )
