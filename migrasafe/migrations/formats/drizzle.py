"""Drizzle: `0000_name.sql` in the order of meta/_journal.json, statements apart by `--> statement-breakpoint`.

https://orm.drizzle.team/docs/drizzle-kit-generate
"""

from __future__ import annotations

from msgspec import DecodeError
from msgspec.json import decode

from migrasafe.errors import InputError
from migrasafe.migrations.folder import Folder
from migrasafe.migrations.formats.make import from_source
from migrasafe.migrations.formats.pairs import left_over
from migrasafe.migrations.formats.protocol import Claim, Strength
from migrasafe.migrations.model import History, Migration, Notice
from migrasafe.migrations.other_databases import OtherDatabaseError
from migrasafe.regex import regex
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Span

_JOURNAL = "meta/_journal.json"
_BREAKPOINT = regex(r"-->[ \t]*statement-breakpoint[^\n]*")


def claims(folder: Folder) -> Claim | None:
    """Claim a folder with a journal in meta/."""
    if folder.has(_JOURNAL):
        return Claim(strength=Strength.OWN, why=f"it has {_JOURNAL}")
    return None


def read(folder: Folder) -> History:
    """Read in the order of the journal. Raises InputError for a journal of another database, or one that is no journal."""
    tags = _tags(folder)
    files = [f"{tag}.sql" for tag in tags]
    notices = tuple(
        Notice(
            path=folder.place(_JOURNAL), line=1, message=f"names {file}, which is not there: not read", blocking=True
        )
        for file in files
        if file not in folder.files
    )
    return History(
        layout="drizzle",
        root=folder.path,
        migrations=tuple(_migration(folder, tag) for tag in tags if f"{tag}.sql" in folder.files),
        notices=(*notices, *left_over(folder, files, f"{_JOURNAL} does not name it")),
    )


def _tags(folder: Folder) -> list[str]:
    source = folder.source(_JOURNAL)
    try:
        journal = decode(source.text)
        entries = sorted(journal["entries"], key=lambda entry: int(entry["idx"]))
        tags = [str(entry["tag"]) for entry in entries]
        dialect = str(journal.get("dialect", "postgresql"))
    except (DecodeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{source.path}: is not a Drizzle journal: {error!r}") from error
    if dialect not in ("postgresql", "pg"):
        raise OtherDatabaseError(source.path, dialect)
    return tags


def _migration(folder: Folder, tag: str) -> Migration:
    source = folder.source(f"{tag}.sql")
    return from_source(source, id=tag, sections=_between_breakpoints(source))


def _between_breakpoints(source: Source) -> list[Span]:
    """Each stretch is sent by itself, so the last semicolon may be missing."""
    edges = [0]
    for match in _BREAKPOINT.finditer(source.text):
        edges.extend(match.span())
    edges.append(len(source.text))
    return [Span(begin, end) for begin, end in zip(edges[::2], edges[1::2], strict=True)]
