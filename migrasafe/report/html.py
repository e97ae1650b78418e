"""The report as one HTML page that needs nothing else: no script, no network; light and dark, phone and desktop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from migrasafe import __version__
from migrasafe.findings import Finding
from migrasafe.lint import LintResult
from migrasafe.report.excerpt import Lines, rows, width
from migrasafe.report.text import summary
from migrasafe.report.words import counted, found, in_repository, instead, not_checked
from migrasafe.rules.page import page_ids, read_page


class _ShownRow(Struct, frozen=True, kw_only=True):
    """A line of a file, cut at what is underlined."""

    number: int | None
    before: str
    marked: str
    after: str


class _Shown(Struct, frozen=True, kw_only=True):
    """A finding, ready for the page."""

    finding: Finding
    rows: tuple[_ShownRow, ...]
    instead: str
    why: str


class _ShownFile(Struct, frozen=True, kw_only=True):
    path: str
    findings: tuple[_Shown, ...]


def render(result: LintResult, texts: Mapping[str, str] | None = None, *, color: bool = False) -> str:
    """The page: a summary, which severities to show, and the findings file by file with their lines."""
    import jinja2  # here, because only this report and plans need it

    template = Path(__file__).with_name("lint_report.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=True)
    return environment.from_string(template).render(
        style=environment.filters["safe"](style()),
        counts=[(severity.value, count) for severity, count in counted(result).items() if count],
        files=tuple(_files(result, texts or {})),
        title=found(result),
        summary=summary(result),
        unchecked=tuple(dict.fromkeys(not_checked(result))),
        version=__version__,
    )


def style() -> str:
    """The style sheet of our reports."""
    return Path(__file__).with_name("report.css").read_text(encoding="utf-8")


def _files(result: LintResult, texts: Mapping[str, str]) -> Iterator[_ShownFile]:
    pages = frozenset(page_ids(result.own_pages))
    why = {
        rule: read_page(rule, result.own_pages).why for rule in {finding.rule for finding in result.findings} & pages
    }
    for migration in result.migrations:
        lines = Lines(migration, texts)
        by_path: dict[str, list[_Shown]] = {}
        for finding in migration.findings:
            shown = _Shown(
                finding=finding,
                rows=tuple(_rows(finding, lines)),
                instead=instead(finding),
                why=why.get(finding.rule, ""),
            )
            by_path.setdefault(in_repository(finding.place.path), []).append(shown)
        for path, all_shown in by_path.items():
            yield _ShownFile(path=path, findings=tuple(all_shown))


def _rows(finding: Finding, lines: Lines) -> Iterator[_ShownRow]:
    known = lines.of(finding.place.path)
    if not 1 <= finding.place.line <= len(known):
        return
    for row in rows(finding.place, known):
        start, length = row.underline or (0, 0)
        start, end = _index(row.text, start), _index(row.text, start + length)
        yield _ShownRow(number=row.number, before=row.text[:start], marked=row.text[start:end], after=row.text[end:])


def _index(text: str, columns: int) -> int:
    """Where in a text so many columns of a terminal end."""
    if text.isascii():
        return columns
    return next((index for index in range(len(text) + 1) if width(text[:index]) >= columns), len(text))
