"""Paths as people give them → histories: folders by the tool that owns them, files by name, standard input."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from migrasafe.errors import AmbiguousLayoutError, InputError, did_you_mean
from migrasafe.migrations.detect import DUMPS, Found, find_migrations, outside
from migrasafe.migrations.disk import Disk
from migrasafe.migrations.folder import Folder, list_folder
from migrasafe.migrations.formats import FORMATS, load_format
from migrasafe.migrations.formats.order import natural
from migrasafe.migrations.formats.protocol import Strength
from migrasafe.migrations.model import History, Notice, Part, TransactionMode
from migrasafe.migrations.one_text import read_text
from migrasafe.migrations.other_databases import OtherDatabaseError, other_database
from migrasafe.migrations.owner import owners
from migrasafe.migrations.programs import program_migrations
from migrasafe.migrations.transaction import refuses_transaction
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Transaction


def read_history(
    paths: Sequence[str],
    *,
    layout: str | None = None,
    stdin: str | None = None,
    disk: Disk | None = None,
    holding: Collection[Path] | None = None,
) -> tuple[History, ...]:
    """The histories of folders, files and `-` (whose text is `stdin`), in the order given.

    A folder that is no tool's own is searched: every folder of migrations below it is a history. Files that no tool claims
    form one plain history together. `disk` is what to read them from. With `holding` only the folders of migrations are read
    that one of these files lies in, or a folder lies above; there may be none. Raises InputError for what cannot be read, and
    AmbiguousLayoutError for a folder that several tools would run differently.
    """
    if layout is not None and layout not in FORMATS:
        hint = did_you_mean(layout, FORMATS, f"known are {', '.join(FORMATS)}")
        raise InputError(f"--layout {layout}: there is no such layout; {hint}")
    histories: list[History] = []
    files: list[str] = []
    disk = disk or Disk()
    for path in paths:
        if path == "-":
            source = Source(path="<stdin>", text=stdin or "")
            histories.append(History(layout="plain", root="<stdin>", migrations=(read_text(source),)))
        elif Path(path).is_dir():
            histories.extend(_folder(path, layout, disk, holding))
        elif Path(path).exists():
            files.append(path)
        else:
            raise InputError(f"{path}: there is no such file or folder")
    return (*histories, *_files(files, layout, disk))


def _folder(path: str, layout: str | None, disk: Disk, holding: Collection[Path] | None) -> tuple[History, ...]:
    folder = list_folder(path, disk)
    skipped: tuple[Notice, ...] = ()
    if layout is not None:
        owned_folders = (owned for owned in _owned(folder, layout) if _holds(owned, holding))
        histories = tuple(load_format(layout).read(owned) for owned in owned_folders)
    else:
        histories, skipped = _search(folder, holding)
    read = tuple(history for history in histories if history.migrations or history.notices)
    if not read and holding is not None:
        return ()
    if not read:
        _refuse_closed(folder, folder.path)
        if (program := program_migrations(folder)) is not None and layout is None:
            raise InputError(program)
        tool = f" of {layout}" if layout else " for PostgreSQL" if skipped else ""
        raise InputError(f"{path}: holds no migrations{tool} that migrasafe can find; give the folder that holds them")
    if layout is None and all(history.layout == "plain" for history in read):
        skipped = (*skipped, *_programs_beside(folder, read))
    for history in read:
        _refuse_closed(folder, history.root)
    first, *others = read
    return (replace(first, notices=(*skipped, *_closed_beside(folder), *first.notices)), *others)


def _closed(folder: Folder) -> Iterator[tuple[str, str]]:
    """Yield the folders below it that cannot be read, and why."""
    for path, why in folder.disk.closed.items():
        if _is_below(path, folder.path):
            yield path, why


def _is_below(path: str, folder: str) -> bool:
    return Path(path).is_relative_to(folder) and ".." not in Path(path).relative_to(folder).parts


def _refuse_closed(folder: Folder, root: str) -> None:
    """Raises InputError where a folder below `root` cannot be read: there may be a migration in it."""
    for path, why in _closed(folder):
        if _is_below(path, root):
            raise InputError(f"{path}: cannot be read: {why}")


def _closed_beside(folder: Folder) -> Iterator[Notice]:
    """What to say of others that cannot be read: a server may keep its data there."""
    for path, why in _closed(folder):
        yield Notice(path=path, line=1, message=f"not read: {why}")


def _programs_beside(folder: Folder, read: Sequence[History]) -> tuple[Notice, ...]:
    """What to say of migrations that are programs, where only .sql files were read. Raises InputError where these are
    what such a tool writes down of the schema."""
    program = program_migrations(folder)
    if program is None:
        return ()
    if all(Path(one.path).name in DUMPS for history in read for one in history.migrations):
        raise InputError(program)
    return (Notice(path=folder.path, line=1, message=f"not read: {program}", blocking=True),)


def _holds(folder: Folder, holding: Collection[Path] | None) -> bool:
    """Whether one of the files lies in a folder, or one of the folders above it."""
    if holding is None:
        return True
    place = Path(folder.path).resolve()
    return any(place == one or place in one.parents or one in place.parents for one in holding)


def _search(folder: Folder, holding: Collection[Path] | None) -> tuple[tuple[History, ...], tuple[Notice, ...]]:
    """The histories in a folder, and what was left out because it is for another database."""
    histories: list[History] = []
    skipped: list[Notice] = []
    found_here = find_migrations(folder)
    for found in found_here:
        if not _holds(found.folder, holding):
            continue
        database = None if found.folder is folder else other_database(found.folder, folder)
        if database is None:
            try:
                histories.append(_read(found))
                continue
            except OtherDatabaseError as error:
                if found.folder is folder:
                    raise
                database = error.database
        message = f"not read: these migrations are for {database}; give this folder by name to read them all the same"
        skipped.append(Notice(path=found.folder.path, line=1, message=message))
    loose = [file for file in folder.files if file.endswith(".sql")]
    if holding is None and loose and found_here and all(found.folder is not folder for found in found_here):
        message = "not read: it lies beside the folders of migrations; give it by name to read it"
        skipped.extend(Notice(path=folder.place(file), line=1, message=message) for file in loose)
    if holding is None:
        message = "not read: its .sql files lie outside the folders of migrations; give it by name to read them"
        skipped.extend(Notice(path=one.path, line=1, message=message) for one in outside(folder, found_here))
    return tuple(histories), tuple(skipped)


def _owned(folder: Folder, layout: str) -> tuple[Folder, ...]:
    """The folders that a given tool claims, this one or those below it; this one where it claims none."""
    tool = load_format(layout)

    def search(place: Folder) -> list[Folder]:
        if tool.claims(place) is not None:
            return [place]
        return [found for inner in place.folders.values() for found in search(inner)]

    return tuple(search(folder)) or (folder,)


def _read(found: Found) -> History:
    """Read with the tool that claims the folder; among several, only if all would run it the same way."""
    first, *others = [load_format(candidate.layout).read(found.folder) for candidate in found.candidates]
    if not others:
        return first
    if found.strength is Strength.OWN or any(_as_run(other) != _as_run(first) for other in others):
        could = "; ".join(f"{one.layout} ({one.claim.why})" for one in found.candidates)
        raise AmbiguousLayoutError(
            f"{found.folder.path}: could belong to {could}: say which with --layout {found.candidates[0].layout}"
            f" or --layout {' or --layout '.join(one.layout for one in found.candidates[1:])}"
        )
    names = ", ".join(one.layout for one in found.candidates)
    message = f"read as {first.layout}: could be of {names}, which would all run it the same way"
    return replace(first, notices=(*first.notices, Notice(path=found.folder.path, line=1, message=message)))


def _as_run(history: History) -> list[tuple[str, tuple[tuple[int, str], ...]]]:
    """What two readings of a folder must agree on to be one."""
    return [
        (migration.path, tuple((len(part.script.statements), _mode(part)) for part in migration.parts))
        for migration in history.migrations
    ]


def _mode(part: Part) -> str:
    """The transaction mode, where it makes a difference to these statements."""
    statements = part.script.statements
    if any(isinstance(one, Transaction) or refuses_transaction(one) for one in statements):
        return part.transaction.value
    return "any" if part.transaction is not TransactionMode.NONE else "none"


def _files(paths: Sequence[str], layout: str | None, disk: Disk) -> tuple[History, ...]:
    """Files given by name: read as the tool would that owns their folder, the others as one plain history."""
    histories: list[History] = []
    loose: list[str] = []
    for owned in owners(paths, layout, disk):
        if owned.layout is None or owned.folder is None:
            loose.extend(owned.paths)
            continue
        wanted = {Path(path).resolve(): path for path in owned.paths}
        history = load_format(owned.layout).read(owned.folder)
        kept = tuple(one for one in history.migrations if Path(one.path).resolve() in wanted)
        read = {Path(one.path).resolve() for one in kept}
        loose.extend(path for real, path in wanted.items() if real not in read)
        if kept:
            about = tuple(note for note in history.notices if Path(note.path).resolve() in read)
            histories.append(replace(history, migrations=kept, notices=about))
    return (*histories, *_loose(loose, disk))


def _loose(paths: Sequence[str], disk: Disk) -> tuple[History, ...]:
    if not paths:
        return ()
    for path in paths:
        if path.endswith((".py", ".go", ".rb")):
            raise InputError(f"{path}: is not SQL, and no migration tool that migrasafe knows claims its folder")
    folders = {str(Path(path).parent) for path in paths}
    ordered = sorted(paths, key=lambda path: natural(Path(path).name)) if len(folders) == 1 else paths
    migrations = tuple(read_text(disk.source(str(Path(path)))) for path in ordered)
    return (History(layout="plain", root=os.path.commonpath(list(folders)) or ".", migrations=migrations),)
