"""Sqitch: the changes of sqitch.plan, each `deploy/<change>.sql`, run by psql: the scripts have their own BEGIN.

https://sqitch.org/docs/manual/sqitchtutorial/
"""

from __future__ import annotations

import re

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.make import from_source
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History, Migration, Notice, TransactionMode
from migrasafe.migrations.other_databases import OtherDatabaseError
from migrasafe.migrations.template import mask
from migrasafe.regex import regex

_PLAN = "sqitch.plan"
_CHANGE = regex(r"^\s*(?P<name>[^\s%@#\[+-][^\s\[]*)")
_TAG = regex(r"^\s*@(?P<name>\S+)")
_SETTING = regex(r"^\s*(?P<key>engine|top_dir|deploy_dir)\s*=\s*(?P<value>\S+)", re.MULTILINE)
_VARIABLE = r"""(?<![:\w\])]):(?:"\w+"|'\w+'|[A-Za-z_]\w*)"""


def claims(folder: Folder) -> Claim | None:
    """Claim a folder with a sqitch.plan."""
    return Claim(strength=Strength.OWN, why=f"it has {_PLAN}") if _PLAN in folder.files else None


def read(folder: Folder) -> History:
    """Read the deploy scripts in the order of the plan. Raises InputError, also for another database's plan."""
    settings = _settings(folder)
    if settings.get("engine", "pg") not in ("pg", "cockroach"):
        raise OtherDatabaseError(folder.place("sqitch.conf"), settings["engine"])
    scripts = settings.get("deploy_dir") or f"{settings.get('top_dir', '.')}/deploy"
    scripts = scripts.removeprefix("./").rstrip("/")
    migrations, notices = [], []
    for line, change, file in _changes(folder):
        path = f"{scripts}/{file}.sql"
        if folder.has(path):
            migrations.append(_migration(folder, path, change))
        else:
            message = f"the plan names {change}, and {folder.place(path)} is not there: not read"
            notices.append(Notice(path=folder.place(_PLAN), line=line, message=message, blocking=True))
    return History(layout="sqitch", root=folder.path, migrations=tuple(migrations), notices=tuple(notices))


def _settings(folder: Folder) -> dict[str, str]:
    if "sqitch.conf" not in folder.files:
        return {}
    return {match["key"]: match["value"] for match in _SETTING.finditer(folder.source("sqitch.conf").text)}


def _changes(folder: Folder) -> list[tuple[int, str, str]]:
    """Line, id and script of each change; one that was reworked later has the script that was kept under its tag."""
    changes: list[tuple[int, str, str]] = []
    waiting: dict[str, int] = {}
    tagged: dict[str, str] = {}
    for line, text in enumerate(folder.source(_PLAN).text.split("\n"), start=1):
        if tag := _TAG.match(text):
            tagged.update({change: tag["name"] for change in waiting if change not in tagged})
        elif change := _CHANGE.match(text):
            name = change["name"]
            if name in waiting:
                kept = f"{name}@{tagged[name]}" if name in tagged else name
                before = changes[waiting[name]]
                changes[waiting[name]] = (before[0], kept, kept)
                tagged.pop(name, None)
            waiting[name] = len(changes)
            changes.append((line, name, name))
    return changes


def _migration(folder: Folder, path: str, change: str) -> Migration:
    masked = mask(folder.source(path), _VARIABLE, lambda written: written[1:].strip('"'), "psql")
    return from_source(masked, id=change, transaction=TransactionMode.NONE)
