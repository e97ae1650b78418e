"""Exports of pg_stat_statements, as CSV or JSON. https://www.postgresql.org/docs/current/pgstatstatements.html"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from migrasafe.app.literals.escapes import add_escaped
from migrasafe.app.model import App, Origin
from migrasafe.app.query_files.ran import Ran, scan_ran
from migrasafe.app.source.file_scan import FileScan, SourceText
from migrasafe.app.source.placed_text import Edit, PlacedText, PlacedTextBuilder, whole
from migrasafe.errors import InputError

_DELIMITERS = ",;\t|"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_MEMBER = re.compile(r'"(?P<key>query|calls|toplevel)"\s*:\s*(?P<value>"(?:[^"\\]|\\.)*"|[\w.+-]+)|(?P<end>\})')
_NOT_TOP = frozenset({"false", "f", "0", "no"})


class StatisticsRow(NamedTuple):
    """A row of the view."""

    query: str
    calls: int


def app_from_statistics(rows: Sequence[StatisticsRow], label: str) -> App:
    """An app that is known by what a server ran for it; lines count in the list of its statements."""
    source = SourceText(label, "\n".join(row.query for row in rows))
    ran, place = [], 0
    for row in rows:
        ran.append(Ran(whole(row.query, place), row.calls))
        place += len(row.query) + 1
    scan = scan_ran(source, ran, Origin.STATISTICS)
    return App(label=label, queries=scan.queries, unread=scan.unread, files=1, texts={label: source.text})


def looks_like_json(text: str) -> bool:
    """Whether a text can be rows as JSON."""
    return text.lstrip()[:1] in ("[", "{")


def scan_json(source: SourceText) -> FileScan:
    """An array of rows, an object with such an array, or one object in each line. Raises InputError for other JSON."""
    text = source.text
    try:
        try:
            msgspec.json.decode(text)
        except msgspec.DecodeError:
            for line in text.splitlines():
                if line.strip():
                    msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"{source.path}: is not JSON: {error}") from error
    ran = list(_rows_of_json(text))
    if not ran:
        raise InputError(f'{source.path}: holds no rows with a "query": export pg_stat_statements with query and calls')
    return scan_ran(source, ran, Origin.STATISTICS)


def _rows_of_json(text: str) -> Iterator[Ran]:
    query: PlacedText | None = None
    calls, top = 1, True
    place = 0
    while match := _MEMBER.search(text, place):
        # What looks like a member may stand inside of a string: strings are stepped over whole.
        string = _STRING.search(text, place)
        if string is not None and string.start() < match.start():
            place = string.end()
            continue
        place = match.end()
        if match["end"]:
            if query is not None and top:
                yield Ran(query, calls)
            query, calls, top = None, 1, True
        elif match["key"] == "query" and match["value"].startswith('"'):
            builder = PlacedTextBuilder()
            add_escaped(builder, text, match.start("value") + 1, match.end("value") - 1)
            query = builder.built(match.start("value") + 1)
        elif match["key"] == "calls":
            calls = _number(match["value"])
        elif match["key"] == "toplevel":
            top = match["value"].strip('"').lower() not in _NOT_TOP


def scan_csv(source: SourceText) -> FileScan | None:
    """Rows below a header that names `query`; None for a text without such a header."""
    header_end = source.text.find("\n")
    header_line = source.text[: header_end if header_end >= 0 else len(source.text)]
    for delimiter in _DELIMITERS:
        header = [cell.strip().strip('"').lower() for cell in header_line.split(delimiter)]
        if "query" in header:
            return scan_ran(source, _rows_of_csv(source, header, delimiter), Origin.STATISTICS)
    return None


def _rows_of_csv(source: SourceText, header: Sequence[str], delimiter: str) -> Iterator[Ran]:
    for number, cells in enumerate(cells_of_csv(source, delimiter)):
        if number == 0 or len(cells) <= header.index("query"):
            continue
        row = dict(zip(header, cells, strict=False))
        if "toplevel" in row and row["toplevel"].text.strip().lower() in _NOT_TOP:
            continue
        yield Ran(row["query"], _number(row["calls"].text) if "calls" in row else 1)


def cells_of_csv(source: SourceText, delimiter: str = ",") -> Iterator[list[PlacedText]]:
    """The rows of a CSV file, each cell with its place in it. Raises InputError for a quoted cell that never ends."""
    text = source.text
    between = re.escape(delimiter)
    cell = re.compile(
        rf'(?:"(?P<quoted>(?:[^"]|"")*)(?P<closed>"?)|(?P<plain>[^{between}\r\n]*))(?P<end>{between}|\r?\n|\Z|.)'
    )
    cells: list[PlacedText] = []
    place = 0
    while place < len(text):
        match = cell.match(text, place)
        assert match is not None  # the plain form takes anything
        if match["quoted"] is not None:
            if not match["closed"]:
                raise InputError(
                    f"{source.path}:{source.location(place).line}: the quoted cell that begins here never ends: "
                    "the file was cut off; export it again, or remove its last row"
                )
            inner = whole(match["quoted"], match.start("quoted"))
            doubled = [Edit(*found.span(), '"') for found in re.finditer('""', inner.text)]
            cells.append(inner.edited(doubled) if doubled else inner)
        else:
            cells.append(whole(match["plain"], match.start("plain")))
        place = match.end()
        if match["end"] != delimiter:
            yield cells
            cells = []
    if cells:
        yield cells


def _number(text: str) -> int:
    try:
        return max(1, int(float(text.strip('" '))))
    except ValueError:
        return 1
