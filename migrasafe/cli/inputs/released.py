"""Which migrations belong to the release that is judged: from the one that the user names, or those new since a commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from migrasafe.app.model import Notice
from migrasafe.cli.inputs.read import files_of, git_since, reported
from migrasafe.errors import InputError, did_you_mean
from migrasafe.migrations.model import History, Migration

_MOST_SHOWN = 3


def released(from_id: str | None, old: str, histories: Sequence[History]) -> Callable[[Migration], bool]:
    """`old` is the source of the old version: where it is a git ref, the release is the migrations that this commit does not
    have, whatever branch it is on; of a file with several migrations that it has, those that git says are new or changed.

    Raises InputError for an id that no migration has.
    """
    if from_id is not None:
        found = _named(from_id, [migration for history in histories for migration in history.migrations])
        return lambda migration: migration is found
    ref = _ref(old)
    if ref is None:
        return lambda _: True
    try:
        there = files_of(ref, histories)
    except InputError:  # the app is in git, the migrations are not
        return lambda _: True
    files = Counter(migration.path for history in histories for migration in history.migrations)
    grows = {path for path, count in files.items() if count > 1 and Path(path).resolve() in there}
    in_grown_file = reported(git_since(ref, histories)) if grows else None

    def wanted(migration: Migration) -> bool:
        if migration.path in grows and in_grown_file is not None:
            return in_grown_file(migration)
        return Path(migration.path).resolve() not in there and not migration.down

    return wanted


def up_to(new: str, histories: Sequence[History]) -> tuple[Sequence[History], tuple[Notice, ...]]:
    """`new` is the source of the new version: where it is a git ref, migrations that it does not have come later, and are
    left out, which a notice says."""
    ref = _ref(new)
    if ref is None:
        return histories, ()
    try:
        there = files_of(ref, histories)
    except InputError:  # the app is in git, the migrations are not
        return histories, ()
    kept = [
        replace(history, migrations=tuple(one for one in history.migrations if Path(one.path).resolve() in there))
        for history in histories
    ]
    late = [
        one.id
        for history, known in zip(histories, kept, strict=True)
        for one in history.migrations
        if one not in known.migrations
    ]
    if not late or not any(history.migrations for history in kept):
        return histories, ()
    shown = ", ".join(late[:_MOST_SHOWN]) + (", …" if len(late) > _MOST_SHOWN else "")
    is_not = "migration is" if len(late) == 1 else "migrations are"
    message = f"{len(late)} {is_not} not in it and left out: {shown}"
    return kept, (Notice(path=ref, message=message),)


def _ref(source: str) -> str | None:
    """The git ref among the sources of a version; None for a folder or a file."""
    ref = source.partition(",")[0].partition(":")[0]  # the first of several sources
    return None if not ref or Path(source.partition(",")[0]).exists() else ref


def _named(from_id: str, migrations: Sequence[Migration]) -> Migration:
    exact = [one for one in migrations if from_id in (one.id, one.path, Path(one.path).name, Path(one.path).stem)]
    found = exact or [
        one for one in migrations if one.id.startswith(from_id) or Path(one.path).name.startswith(from_id)
    ]
    if not found:
        hint = did_you_mean(from_id, [one.id for one in migrations], "the ids are those that the report shows")
        raise InputError(f"--from {from_id}: there is no such migration; {hint}")
    if len(found) > 1:
        shown = ", ".join(one.id for one in found[:4])
        raise InputError(
            f"--from {from_id}: {len(found)} migrations are called like that ({shown}, …); give the whole id"
        )
    return found[0]
