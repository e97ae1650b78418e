"""Notes that many migrations share, told once."""

from __future__ import annotations

from collections import Counter

from msgspec.structs import replace

from migrasafe.migrations.model import History, Notice


def gathered(history: History) -> History:
    """The history with each note that several of its migrations have told once, at the first; blocking ones stay."""
    notes = [note for migration in history.migrations for note in migration.notices if not note.blocking]
    times = Counter(note.message for note in notes)
    first: dict[str, Notice] = {}
    for note in notes:
        if times[note.message] > 1:
            message = f"{note.message} (also in {times[note.message] - 1} more)"
            first.setdefault(note.message, replace(note, message=message))
    if not first:
        return history
    migrations = tuple(
        replace(one, notices=tuple(note for note in one.notices if note.blocking or note.message not in first))
        for one in history.migrations
    )
    return replace(history, migrations=migrations, notices=(*history.notices, *first.values()))
