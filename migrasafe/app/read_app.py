"""One version of an app, read without running it: from a folder, from a commit of git, or from one file of queries."""

from __future__ import annotations

import codecs
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec.structs import replace

from migrasafe.app.literals import LANGUAGES
from migrasafe.app.model import App, Notice, Origin, Query, Unread
from migrasafe.app.models.diesel import read_diesel
from migrasafe.app.models.other_orms import notices_of_other_orms
from migrasafe.app.models.prisma import PrismaFile, read_prisma
from migrasafe.app.models.python_project import PythonFile
from migrasafe.app.models.read_python_models import read_python_models
from migrasafe.app.query_files.sql_file import has_names, makes_tables, scan_sql_file
from migrasafe.app.query_files.sqlx import scan_sqlx
from migrasafe.app.query_files.what_ran import scan_what_ran
from migrasafe.app.source.file_kinds import FileKind, kind_of, kind_of_one_file
from migrasafe.app.source.file_scan import FileScan, SourceText
from migrasafe.app.source.python_constants import PythonConstants
from migrasafe.app.source.scan_literals import scan_literals
from migrasafe.app.source.session_search_path import session_search_path
from migrasafe.app.source.source_tree import Entry, SourceTree, folder_tree, git_tree, is_commit, read_from_disk
from migrasafe.app.source.words import Words, WordSource, without_definitions
from migrasafe.errors import InputError

_LEFT_OUT = {
    FileKind.TEST: "as tests do not run in production",
    FileKind.MIGRATION: "as migrations are not sent by the running app",
}
_BUNDLE = "as a build made them"
_SCHEMA_FILE = "as a file that makes tables is a schema or a seed, and not sent by the running app"
_BUNDLE_LINE = 500
_BUNDLE_FROM = 20_000
_PGX = re.compile(r"sql_package\W+pgx")


def read_app(source: str, *, folder: Path | None = None, migrations: Iterable[Path] = ()) -> App:
    """The queries, the words and what could not be read of one version of an app.

    `source`: a folder, a commit of git (`v2.1`, or `v2.1:services/shop` for a part of it) as seen from `folder` (default:
    the working folder), or one file. `migrations` lie in the app and are not part of it. Raises InputError for a source
    that does not exist or cannot be read.
    """
    here = folder or Path.cwd()
    path = Path(source) if source else here / "\0"
    path = path if path.is_absolute() or folder is None else folder / path
    one_file = False
    if source and path.is_dir():
        tree = folder_tree(path)
        inside = _inside(path, migrations)
    elif source and path.is_file() and (path.suffix or not is_commit(source, here)):
        entry = Entry(path.name, path.as_posix() if folder is None else source, str(path))
        tree, inside, one_file = (
            SourceTree(entries=(entry,), read=read_from_disk, name=path.parent.resolve().name),
            [],
            True,
        )
    else:
        tree = git_tree(source, here)
        inside = _inside(here, migrations)
    return _Reader(source, tree, inside, one_file=one_file).run()


def _inside(app: Path, migrations: Iterable[Path]) -> list[str]:
    """The migrations by their path in the app; those elsewhere are nothing to leave out."""
    paths = (os.path.relpath(path.resolve(), app.resolve()).replace(os.sep, "/") for path in migrations)
    return [path for path in paths if path != "." and not path.startswith("..")]


class _Reader:
    """Reads every file of a tree once."""

    def __init__(self, label: str, tree: SourceTree, migrations: Sequence[str], *, one_file: bool) -> None:
        self.one_file = one_file
        self.label = label
        self.tree = tree
        self.migrations = migrations
        self.queries: list[Query] = []
        self.unread: list[Unread] = []
        self.notices = [Notice(path=label, message=message) for message in tree.notices]
        self.notices += (Notice(path=folder, message=why, blocking=True) for folder, why in tree.closed)
        self.words: list[WordSource] = []
        self._sources: dict[str, str] = {}
        self.left_out: defaultdict[str, list[str]] = defaultdict(list)
        self.python: list[PythonFile] = []
        self.prisma: list[PrismaFile] = []
        self.files = 0
        self.sqlc_folders: dict[str, bool] = {}

    def run(self) -> App:
        wanted: list[tuple[Entry, FileKind]] = []
        for entry in self.tree.entries:
            kind = kind_of(entry.path, self.migrations)
            if self.one_file:
                kind = kind_of_one_file(entry.path)
            if kind in _LEFT_OUT:
                self.left_out[_LEFT_OUT[kind]].append(entry.shown)
            elif kind is not FileKind.OTHER:
                wanted.append((entry, kind))
        kinds = {entry.key: kind for entry, kind in wanted}
        # Settings first: they say how the queries beside them are sent.
        wanted.sort(key=lambda one: one[1] is not FileKind.SQLC)
        for entry, raw in self.tree.read([entry for entry, _ in wanted]):
            text = self._text(entry, raw)
            if text is not None:
                self._file(entry, kinds[entry.key], SourceText(entry.shown, text))
        self._python_literals()
        order = {entry.shown: place for place, (entry, _) in enumerate(wanted)}
        self.queries.sort(key=lambda query: order.get(query.location.path, len(order)))
        self._add(read_python_models(self.python))
        programs = [word.source for word in self.words]
        self._add(read_prisma(self.prisma, programs))
        diesel = read_diesel(programs)
        self._add(diesel)
        self.notices += notices_of_other_orms(programs, read=("Diesel",) if diesel.queries else ())
        search_path, problems = session_search_path(programs)
        self.notices += problems
        if search_path is not None:
            self.queries = [
                query if query.search_path else replace(query, search_path=search_path) for query in self.queries
            ]
        return self._app()

    def _text(self, entry: Entry, raw: bytes | str) -> str | None:
        if isinstance(raw, str):
            if self.one_file:  # which was given by its name
                raise InputError(f"{entry.shown}: {raw}")
            self.notices.append(Notice(path=entry.shown, message=raw, blocking=True))
            return None
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return raw.decode("utf-16", errors="replace")
        raw = raw.replace(b"\0", b" ")  # no SQL holds one, and it keeps its place
        try:
            return raw.removeprefix(codecs.BOM_UTF8).decode()
        except UnicodeDecodeError:
            self.notices.append(Notice(path=entry.shown, message="is not UTF-8: it was read as Latin-1"))
            return raw.decode("latin-1")

    def _file(self, entry: Entry, kind: FileKind, source: SourceText) -> None:
        self.files += 1
        match kind:
            case FileKind.RAN:
                scan = scan_what_ran(source)
            case FileKind.SQLC:
                self.sqlc_folders[entry.path.rpartition("/")[0]] = _PGX.search(source.text) is not None
                return
            case FileKind.PROGRAM:
                if _is_bundle(source.text):
                    self.left_out[_BUNDLE].append(entry.shown)
                    return
                if entry.path.endswith(".py"):  # read once all are known: they import strings from each other
                    self.python.append(PythonFile(f"{self.tree.name}/{entry.path}", source))
                    return
                scan = scan_literals(source, LANGUAGES["." + entry.path.rpartition(".")[2].lower()])
                self.words.append(WordSource(source, scan.spans))
            case FileKind.SQL:
                if not self.one_file and not has_names(source.text) and makes_tables(source.text):
                    self.left_out[_SCHEMA_FILE].append(entry.shown)
                    return
                scan = scan_sql_file(source, prepared=self._is_prepared(entry))
            case FileKind.PRISMA:
                self.prisma.append(PrismaFile(entry.path, source))
                scan = FileScan()
            case FileKind.SQLX:
                scan = scan_sqlx(source)
            case _:
                return
        self._sources[source.path] = source.text
        self._add(scan)

    def _python_literals(self) -> None:
        constants = PythonConstants(self.python)
        for file in self.python:
            scan = scan_literals(file.source, LANGUAGES[".py"], constants.seen_from(file))
            self.words.append(without_definitions(file.source, scan.spans))
            self._sources[file.source.path] = file.source.text
            self._add(scan)

    def _is_prepared(self, entry: Entry) -> bool | None:
        folder = entry.path
        while folder:
            folder = folder.rpartition("/")[0]
            if folder in self.sqlc_folders:
                return self.sqlc_folders[folder] or None
        return None

    def _add(self, scan: FileScan) -> None:
        self.queries += scan.queries
        self.unread += scan.unread

    def _texts(self) -> dict[str, str]:
        """The texts of the files that something points into."""
        paths = {query.location.path for query in self.queries} | {unread.location.path for unread in self.unread}
        paths |= {place.path for query in self.queries for place in query.places if place.path}
        return {path: text for path, text in self._sources.items() if path in paths}

    def _app(self) -> App:
        for why, paths in self.left_out.items():
            files = f"{len(paths)} files ({paths[0]}, …)" if len(paths) > 1 else paths[0]
            self.notices.append(Notice(path=self.label, message=f"not looked at, {why}: {files}"))
        return App(
            label=self.label,
            queries=_without_copies(self.queries),
            words=Words(self.words),
            unread=tuple(self.unread),
            notices=tuple(self.notices),
            files=self.files,
            texts=self._texts(),
        )


def _is_bundle(text: str) -> bool:
    return len(text) > _BUNDLE_FROM and len(text) > _BUNDLE_LINE * (text.count("\n") + 1)


def _without_copies(queries: Sequence[Query]) -> tuple[Query, ...]:
    """What sqlx wrote down is a copy of a literal in the program, which is where a person looks for it."""
    literals = Counter(query.sql.strip() for query in queries if query.origin is Origin.LITERAL)
    copies = {
        query.sql.strip(): query
        for query in queries
        if query.origin is Origin.QUERY_FILE and query.location.path.endswith(".json") and query.sql.strip() in literals
    }
    kept = []
    for query in queries:
        copy = copies.get(query.sql.strip())
        if copy is None:
            kept.append(query)
        elif query.origin is Origin.LITERAL:
            kept.append(replace(query, prepared=True, expects=copy.expects, rows_are_typed=True))
    return tuple(kept)
