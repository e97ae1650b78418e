"""Server logs with log_statement or log_min_duration_statement: stderr and syslog text, csvlog and jsonlog.

https://www.postgresql.org/docs/current/runtime-config-logging.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from migrasafe.app.literals.escapes import add_escaped
from migrasafe.app.model import Origin
from migrasafe.app.query_files.ran import Ran, scan_ran
from migrasafe.app.query_files.statistics import cells_of_csv
from migrasafe.app.source.file_scan import FileScan, SourceText
from migrasafe.app.source.placed_text import Edit, PlacedText, PlacedTextBuilder, whole
from migrasafe.errors import InputError

_SAYS = r"(?:duration: [\d.]+ ms\s+)?(?:statement|execute (?P<name><unnamed>|[^\s:/]+)(?:/[^:\n]*)?): "
_LINE = re.compile(rf"^[^\n]*?\bLOG:\s+{_SAYS}(?P<sql>[^\n]*(?:\n(?:\t|[^\n]*?#011)[^\n]*)*)", re.MULTILINE)
_MESSAGE = re.compile(_SAYS)
_CONTINUES = re.compile(r"\n(?:\t|[^\n]*?#011)")
_JSON_MESSAGE = re.compile(r'"message"\s*:\s*"(?P<text>(?:[^"\\]|\\.)*)"')
_MESSAGE_CELL = 13
"""Of csvlog, from 0."""
_SEVERITY_CELL = 11


def scan_log(source: SourceText) -> FileScan | None:
    """The statements that a log says were run; None for a text that is no log of statements. Raises InputError for one cut off."""
    ran = list(_from_json(source) if source.text.lstrip().startswith("{") else _from_text(source.text))
    if not ran and source.text.count(",") > 20:
        ran = list(_from_csv(source))
    return scan_ran(source, ran, Origin.LOG) if ran else None


def _from_text(text: str) -> Iterator[Ran]:
    for line in _LINE.finditer(text):
        sql = whole(line["sql"], line.start("sql"))
        edits = [Edit(found.start() + 1, found.end(), "") for found in _CONTINUES.finditer(sql.text)]
        yield Ran(sql.edited(edits) if edits else sql, 1, _is_prepared(line["name"]))


def _from_csv(source: SourceText) -> Iterator[Ran]:
    for cells in cells_of_csv(source):
        if len(cells) > _MESSAGE_CELL and cells[_SEVERITY_CELL].text == "LOG":
            yield from _said(cells[_MESSAGE_CELL])


def _from_json(source: SourceText) -> Iterator[Ran]:
    place = 0
    for number, line in enumerate(source.text.splitlines(keepends=True), 1):
        if line.startswith('{"'):
            _require_json(line, source.path, number)
        message = _JSON_MESSAGE.search(line) if '"LOG"' in line else None
        if message is not None:
            builder = PlacedTextBuilder()
            add_escaped(builder, source.text, place + message.start("text"), place + message.end("text"))
            yield from _said(builder.built(place + message.start("text")))
        place += len(line)


def _require_json(line: str, path: str, number: int) -> None:
    try:
        msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        raise InputError(f"{path}:{number}: this line of the log is not whole JSON ({error}): remove it") from error


def _said(message: PlacedText) -> Iterator[Ran]:
    said = _MESSAGE.match(message.text)
    if said is not None:
        yield Ran(message.cut(said.end(), len(message.text)), 1, _is_prepared(said["name"]))


def _is_prepared(name: str | None) -> bool | None:
    """A statement with a name is kept on the server; one without is parsed each time."""
    return None if name is None else name != "<unnamed>"
