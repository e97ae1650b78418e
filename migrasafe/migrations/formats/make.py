"""One migration from one file: what nearly every format ends with."""

from __future__ import annotations

from collections.abc import Sequence

from migrasafe.migrations.folder import Folder
from migrasafe.migrations.model import Migration, Notice, Part, TransactionMode
from migrasafe.migrations.template import Masked
from migrasafe.sql.parse import read_script
from migrasafe.sql.script import Script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Span

NOTHING = (Span(0, 0),)
"""The sections of a file without an up part; no sections at all would mean the whole file."""


def up_script(source: Source, sections: Sequence[Span] | None = None) -> Script:
    """The statements of a file, or of the given sections of it, which may be none; parsed when they are asked for."""
    return Script.later(source, None if sections is None else (tuple(sections) or NOTHING), _read)


def _read(script: Script) -> Script:
    return read_script(script.source, sections=script.sections)


def from_file(
    folder: Folder, file: str, *, id: str, name: str = "", transaction: TransactionMode = TransactionMode.ONE
) -> Migration:
    """A migration that is one whole file. Raises InputError for a file that cannot be read."""
    return from_source(folder.later(file), id=id, name=name, transaction=transaction)


def from_source(
    source: Source | Masked,
    *,
    id: str,
    name: str = "",
    transaction: TransactionMode = TransactionMode.ONE,
    sections: Sequence[Span] | None = None,
    notices: tuple[Notice, ...] = (),
    repeatable: bool = False,
) -> Migration:
    """A migration that is one text, masked or not."""
    if isinstance(source, Masked):
        notices = (*source.notices, *notices)
        source = source.source
    part = Part(script=up_script(source, sections), wrapped=transaction)
    return Migration(id=id, path=source.path, name=name, parts=(part,), repeatable=repeatable, notices=notices)
