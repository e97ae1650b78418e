"""Liquibase's changelogs in XML, YAML or JSON: the files of SQL that they include and the changesets in them, in order."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from msgspec import Struct

from migrasafe.migrations.executed import Executed
from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.liquibase_changes import sql_of
from migrasafe.migrations.formats.liquibase_nodes import Node, read_nodes
from migrasafe.migrations.formats.order import natural
from migrasafe.migrations.model import Notice

_CHANGELOG = re.compile(r"\.(?:xml|ya?ml|json)$")
_ROOT = re.compile(r"(?i)(?:change-?log|liquibase|master|root|main).*\.(?:xml|ya?ml|json)$")
_PROPERTY = re.compile(r"\$\{([A-Za-z_][\w.:-]*)\}")
_POSTGRES = frozenset({"postgresql", "all"})
_OTHER_DATABASES = frozenset(
    {"mysql", "mariadb", "oracle", "h2", "hsqldb", "mssql", "sqlserver", "sqlite", "db2", "derby"}
)
"""Contexts that projects with several databases have."""
_NOT_CHANGES = frozenset(
    {"comment", "rollback", "preConditions", "preCondition", "validCheckSum", "validCheckSums", "property"}
)


class Changeset(Struct, frozen=True, kw_only=True):
    """A changeset that is no SQL of its own file."""

    path: str
    id: str
    line: int
    executed: tuple[Executed, ...] = ()
    repeatable: bool = False
    notices: tuple[Notice, ...] = ()


class Changelog(Struct, frozen=True, kw_only=True):
    """A changelog's path, and what it runs: files of SQL, relative to the folder, and changesets."""

    path: str
    steps: tuple[str | Changeset, ...]
    notices: tuple[Notice, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(step for step in self.steps if isinstance(step, str))


def included(folder: Folder) -> Changelog | None:
    """What the root changelog directly in the folder runs; None where there is none. Raises InputError for one that is
    no XML or YAML."""
    changelogs = [file for file in folder.files if _ROOT.search(file) and "databaseChangeLog" in folder.head(file)]
    if not changelogs:
        return None
    root = next((file for file in changelogs if "master" in file or "root" in file), changelogs[0])
    reader = _Reader(folder)
    steps = tuple(dict.fromkeys(reader.steps(root, frozenset())))
    return Changelog(path=folder.place(root), steps=steps, notices=tuple(reader.notices))


class _Reader:
    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._properties: dict[str, str] = {}
        self.notices: list[Notice] = []

    def steps(self, changelog: str, inside: frozenset[str]) -> Iterator[str | Changeset]:
        source = self._folder.source(changelog)
        for node in read_nodes(source).children:
            self._fill_in(node)
            match node.name:
                case "property" if _for_postgres(node.get("dbms")) and node.get("name"):
                    self._properties.setdefault(node.get("name"), node.get("value"))
                case "include":
                    yield from self._include(changelog, node, inside | {changelog})
                case "includeAll":
                    yield from self._include_all(changelog, node, inside | {changelog})
                case "changeSet":
                    yield self._changeset(changelog, node)

    def _include(self, changelog: str, node: Node, inside: frozenset[str]) -> Iterator[str | Changeset]:
        written = node.get("file")
        place = _place(self._folder, changelog, written)
        if place is None:
            self._missing(changelog, node.line, written)
        elif _CHANGELOG.search(place):
            if place not in inside:
                yield from self.steps(place, inside)
        elif place.endswith(".sql"):
            yield place

    def _include_all(self, changelog: str, node: Node, inside: frozenset[str]) -> Iterator[str | Changeset]:
        found = _in_folder(self._folder, changelog, node.get("path"))
        if not found:
            self._missing(changelog, node.line, node.get("path"))
        for file in found:
            if file.endswith(".sql"):
                yield file
            elif file not in inside:
                yield from self.steps(file, inside)

    def _changeset(self, changelog: str, node: Node) -> Changeset:
        path = self._folder.place(changelog)
        id = f"{node.get('author')}:{node.get('id')}"
        context = node.get("context") or node.get("contextFilter")
        if not _for_postgres(node.get("dbms")) or context.lower() in _OTHER_DATABASES:
            why = f"dbms={node.get('dbms')} leaves PostgreSQL out" if node.get("dbms") else f"its context is {context}"
            message = f"changeset {id} was not read: {why}"
            return Changeset(
                path=path, id=id, line=node.line, notices=(Notice(path=path, line=node.line, message=message),)
            )
        transaction = 0 if node.says("runInTransaction", otherwise=True) else None
        executed: list[Executed] = []
        notices: list[Notice] = []
        for change in node.children:
            if change.name in _NOT_CHANGES or not _for_postgres(change.get("dbms")):
                continue
            for sql, line in self._sql(changelog, change, notices):
                executed.append(Executed(sql=sql, line=line, transaction=transaction))
        return Changeset(
            path=path,
            id=id,
            line=node.line,
            executed=tuple(executed),
            repeatable=node.says("runOnChange") or node.says("runAlways"),
            notices=tuple(notices),
        )

    def _sql(self, changelog: str, change: Node, notices: list[Notice]) -> Iterator[tuple[str, int]]:
        path = self._folder.place(changelog)
        if change.name == "sql" or (change.name == "createProcedure" and change.text.strip()):
            text = change.text if change.text.strip() else change.get("sql")
            if text.strip():
                yield text.strip("\n"), change.text_line or change.line
            return
        if change.name == "sqlFile":
            place = _place(self._folder, changelog, change.get("path"))
            if place is None:
                self._missing(changelog, change.line, change.get("path"))
            else:
                yield self._folder.source(place).text, change.line
            return
        made = sql_of(change)
        if made is None:
            message = f"the change {change.name} is not known: nothing of it was read"
            notices.append(Notice(path=path, line=change.line, message=message, blocking=True))
        else:
            yield from ((sql, change.line) for sql in made)

    def _fill_in(self, node: Node) -> None:
        """Properties in the place of `${…}`; the name of one that is not known."""

        def value(match: re.Match[str]) -> str:
            return self._properties.get(match[1], match[1].rpartition(".")[2])

        node.attributes = {key: _PROPERTY.sub(value, text) for key, text in node.attributes.items()}
        node.text = _PROPERTY.sub(value, node.text)
        for child in node.children:
            self._fill_in(child)

    def _missing(self, changelog: str, line: int, written: str) -> None:
        message = f"includes {written}, which is not there: not read"
        self.notices.append(Notice(path=self._folder.place(changelog), line=line, message=message, blocking=True))


def _for_postgres(dbms: str) -> bool:
    databases = {name.strip().lower() for name in dbms.split(",") if name.strip()}
    wanted = {name for name in databases if not name.startswith("!")}
    return not ("!postgresql" in databases or "none" in databases or (wanted and not wanted & _POSTGRES))


def _place(folder: Folder, changelog: str, written: str) -> str | None:
    """A file as a changelog names it: relative to itself, or to a root of the classpath above the folder."""
    name = written.removeprefix("classpath:").lstrip("/")
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(changelog), name))
    steps = name.split("/")
    return next(
        (place for place in (beside, *("/".join(steps[skip:]) for skip in range(len(steps)))) if folder.has(place)),
        None,
    )


def _in_folder(folder: Folder, changelog: str, written: str) -> list[str]:
    name = written.removeprefix("classpath:").strip("/")
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(changelog), name))
    steps = name.split("/")
    for lead in (beside, *("/".join(steps[skip:]) for skip in range(len(steps)))):
        found = [file for file in folder.below() if file.startswith(f"{lead}/") and _is_step(folder, file)]
        if found:
            return sorted(found, key=natural)
    return []


def _is_step(folder: Folder, file: str) -> bool:
    return file.endswith(".sql") or (bool(_CHANGELOG.search(file)) and "databaseChangeLog" in folder.head(file))
