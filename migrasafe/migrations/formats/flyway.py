"""Flyway: `V<version>__<name>.sql`, repeatable `R__<name>.sql` and callbacks last, undo `U<version>__<name>.sql` left out.

https://documentation.red-gate.com/flyway/flyway-concepts/migrations/migration-naming
"""

from __future__ import annotations

import re
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.flyway_callbacks import Runs, order, runs
from migrasafe.migrations.formats.flyway_settings import Settings, settings_for
from migrasafe.migrations.formats.make import from_source
from migrasafe.migrations.formats.order import version
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History, Migration, Notice, TransactionMode
from migrasafe.migrations.template import mask
from migrasafe.migrations.transaction import may_refuse_transaction, refuses_transaction
from migrasafe.regex import regex

_PLACEHOLDER = r"\$\{[A-Za-z_][\w.:-]*\}"
_VERSION = r"\d+(?:[._]\d+)*"
_DEFAULT_NAME = regex(rf"^(?:V{_VERSION}__.*|R__.*|U{_VERSION}__.*)\.sql$")
_BARE = regex(rf"^(?P<R>(?!))?(?P<version>{_VERSION})__(?P<name>.*)\.sql$")
_BARE_NAME = regex(rf"^{_VERSION}__.+\.sql$")
_EXECUTE_IN_TRANSACTION = regex(r"^\s*executeInTransaction\s*=\s*(true|false)\s*$", re.IGNORECASE | re.MULTILINE)


class _File(Struct, frozen=True, kw_only=True):
    path: str
    kind: str
    """`V` or `R`, whatever the prefixes are."""
    version: str
    name: str


def claims(folder: Folder) -> Claim | None:
    """Claim a folder with Flyway's names in it, or directly in the folders below it (its locations)."""
    settings = settings_for(folder)
    names = _claimed(folder, settings)
    if any(_DEFAULT_NAME.match(name) and not name.startswith("R__") for name in names):
        return Claim(strength=Strength.OWN, why="files named V<version>__<name>.sql")
    if settings.found_in and any(_kind(name, settings) for name in names):
        return Claim(strength=Strength.OWN, why=f"files named as {settings.found_in} says")
    if any(_BARE_NAME.match(name) for name in names):
        return Claim(strength=Strength.PROJECT, why="files named <version>__<name>.sql")
    return None


def read(folder: Folder) -> History:
    """Read the versioned files of all locations by their numbers, then the repeatable ones by name. Raises InputError."""
    settings = settings_for(folder)
    files = [found for file in _locations(folder) if (found := _file(file, settings))]
    known = {found.path for found in files}
    others = [file for file in _locations(folder) if file not in known and not _is_undo(file, settings)]
    callbacks = {file: when for file in others if (when := runs(file)) is not None}
    before = sorted(file for file, when in callbacks.items() if when is Runs.BEFORE)
    after = sorted((file for file, when in callbacks.items() if when is Runs.AFTER), key=order)
    left = {file: "not a name that Flyway runs" for file in others if file not in callbacks}
    left |= {
        file: "a callback that runs around each migration, or after errors"
        for file, when in callbacks.items()
        if when is Runs.ELSEWHERE
    }
    versioned = sorted((one for one in files if one.kind == "V"), key=lambda one: (version(one.version), one.path))
    repeatable = sorted((one for one in files if one.kind == "R"), key=lambda one: (one.name, one.path))
    return History(
        layout="flyway",
        root=folder.path,
        migrations=(
            *(_callback(folder, file, settings) for file in before),
            *(_migration(folder, one, settings) for one in (*versioned, *repeatable)),
            *(_callback(folder, file, settings) for file in after),
        ),
        notices=(
            *_twice(folder, versioned),
            *(
                Notice(path=folder.place(file), line=1, message=f"not read: {why}")
                for file, why in sorted(left.items())
            ),
        ),
    )


def _locations(folder: Folder) -> list[str]:
    """The .sql files in the folder and below it: Flyway looks into the folders of its locations too."""
    return [file for file in folder.below() if file.endswith(".sql")]


def _claimed(folder: Folder, settings: Settings) -> list[str]:
    """The names that decide: of the files directly in the folder, else of several locations that share their versions."""
    direct = [file for file in folder.files if file.endswith(".sql")]
    if any(_file(file, settings) for file in direct):
        return direct
    inner = [f"{name}/{file}" for name, location in folder.folders.items() for file in location.files]
    named = [found for file in inner if (found := _file(file, settings))]
    versions = [version(found.version) for found in named if found.kind == "V"]
    locations = {found.path.split("/", 1)[0] for found in named}
    if len(locations) > 1 and len(versions) == len(set(versions)):
        return [file.split("/", 1)[1] for file in inner]
    return []


def _kind(name: str, settings: Settings) -> re.Match[str] | None:
    if not name.endswith(settings.suffixes):
        return None
    return _names(settings.prefix, settings.repeatable_prefix, settings.separator).match(name)


@cache
def _names(prefix: str, repeatable_prefix: str, separator: str) -> re.Pattern[str]:
    between = re.escape(separator)
    return re.compile(
        rf"^(?:(?P<R>{re.escape(repeatable_prefix)}){between}"
        rf"|{re.escape(prefix)}(?P<version>{_VERSION}){between})(?P<name>.*?)\.\w+$"
    )


def _file(path: str, settings: Settings) -> _File | None:
    name = path.rsplit("/", 1)[-1]
    if settings.separator not in name:  # asked for every file of every folder
        return None
    match = _kind(name, settings)
    if match is None and not settings.found_in and _BARE_NAME.match(name):
        match = _BARE.match(name)
    if match is None:
        return None
    kind = "R" if match["R"] is not None else "V"
    return _File(
        path=path, kind=kind, version=(match["version"] or "").replace("_", "."), name=match["name"].replace("_", " ")
    )


def _is_undo(path: str, settings: Settings) -> bool:
    return bool(re.match(rf"^{re.escape(settings.undo_prefix)}{_VERSION}__", path.rsplit("/", 1)[-1]))


def _migration(folder: Folder, file: _File, settings: Settings) -> Migration:
    def filled(placeholder: str) -> str:
        return re.sub(r"\W+", "_", placeholder[2:-1]).strip("_").lower()

    migration = from_source(
        mask(folder.source(file.path), _PLACEHOLDER, filled, "Flyway"),
        id=f"R__{file.name}" if file.kind == "R" else file.version,
        name=file.name,
        repeatable=file.kind == "R",
    )
    script_settings = f"{file.path}.conf"
    said = folder.has(script_settings) and _EXECUTE_IN_TRANSACTION.search(folder.source(script_settings).text)
    if said:
        return _in_mode(migration, in_transaction=said.group(1).lower() == "true")
    return _without_transaction(migration, settings)


def _callback(folder: Folder, file: str, settings: Settings) -> Migration:
    """A callback runs with every `flyway migrate`, as a repeatable migration would."""
    name = file.rsplit("/", 1)[-1].removesuffix(".sql")
    one = _File(path=file, kind="R", version="", name=name)
    return replace(_migration(folder, one, settings), id=name)


def _without_transaction(migration: Migration, settings: Settings) -> Migration:
    """Flyway looks into the statements: a script in which one refuses a transaction runs without."""
    if not any(may_refuse_transaction(part.script.source.text) for part in migration.parts):
        return migration
    statements = [statement for part in migration.parts for statement in part.script.statements]
    refusing = [statement for statement in statements if refuses_transaction(statement)]
    if not refusing:
        return migration
    alone = _in_mode(migration, in_transaction=False)
    if settings.mixed or len(refusing) == len(statements):
        return alone
    line = migration.parts[0].script.source.position(refusing[0].span.start)[0]
    message = "a statement that runs in no transaction beside others that do: Flyway runs it only with mixed=true"
    return replace(alone, notices=(*alone.notices, Notice(path=migration.path, line=line, message=message)))


def _in_mode(migration: Migration, *, in_transaction: bool) -> Migration:
    mode = TransactionMode.ONE if in_transaction else TransactionMode.NONE
    return replace(migration, parts=tuple(replace(part, wrapped=mode) for part in migration.parts))


def _twice(folder: Folder, files: list[_File]) -> list[Notice]:
    """Flyway refuses two files of one version: in several locations of a project they are alternatives."""
    first: dict[tuple[int, ...], _File] = {}
    notices = []
    for file in files:
        other = first.setdefault(version(file.version), file)
        if other is not file:
            message = f"has the version of {other.path}: both were read, which Flyway would refuse"
            notices.append(Notice(path=folder.place(file.path), line=1, message=message))
    return notices
