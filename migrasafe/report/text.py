"""The report for people: what waits or breaks, where in their file, and what to do instead."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

from migrasafe.findings import Finding, Severity
from migrasafe.lint import LintedMigration, LintResult
from migrasafe.migrations.model import Notice
from migrasafe.sql.script import Script

_COLORS = {Severity.ERROR: "31;1", Severity.WARNING: "33;1", Severity.INFO: "36;1"}
_MOST_LINES = 5
"""Of a statement that is shown."""
_LINES_OF_INSTEAD = 30


def render(result: LintResult, *, color: bool = False) -> str:
    """The whole report, with a summary as its last line."""
    paint = _Paint(color)
    blocks = []
    for notice in result.notices:
        blocks.append(_notice(notice, paint))
    for migration in result.migrations:
        blocks.extend(_notice(notice, paint) for notice in migration.notices)
        if migration.findings:
            excerpts = _Excerpts(migration)
            blocks.extend(_finding(finding, excerpts, result, paint) for finding in migration.findings)
    blocks.append(_summary(result))
    return "\n\n".join(blocks) + "\n"


class _Paint:
    """Colour, on a terminal only."""

    def __init__(self, color: bool) -> None:  # noqa: FBT001 - the only thing to know
        self._color = color

    def __call__(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self._color else text


class _Excerpts:
    """Lines of the sources of one migration, split once."""

    def __init__(self, migration: LintedMigration) -> None:
        self._scripts: Mapping[str, Script] = {script.source.path: script for script in migration.scripts}
        self._lines: dict[str, list[str]] = {}

    def lines(self, path: str) -> list[str] | None:
        script = self._scripts.get(path)
        if script is None or script.origins is not None:
            return None
        if path not in self._lines:
            self._lines[path] = script.source.text.split("\n")
        return self._lines[path]


def _finding(finding: Finding, excerpts: _Excerpts, result: LintResult, paint: _Paint) -> str:
    place = finding.place
    head = f"{paint(finding.severity.value, _COLORS[finding.severity])}[{finding.rule}] {place.path}:{place.line}:{place.column}"
    parts = [head, *_excerpt(finding, excerpts, paint)]
    parts.append(f"  {finding.message}")
    if finding.lock is not None:
        work = f", {finding.work}" if finding.work else ""
        parts.append(paint(f"  lock: {finding.lock.value}{work}", "2"))
    if finding.assumed:
        parts.append(paint(f"  assumed: {'; '.join(finding.assumed)}", "2"))
    if finding.help:
        parts.append("  instead: " + finding.help.replace("\n", "\n  "))
    parts.extend(_instead(finding))
    if finding.severity is not Severity.INFO:
        parts.append(paint(f"  more: migrasafe explain {finding.rule}", "2"))
    return "\n".join(parts)


def _instead(finding: Finding) -> Iterator[str]:
    sql = finding.fix.replacement or finding.fix.steps
    if not sql:
        return
    text = sql if finding.fix.steps else f"{sql};"
    lines = text.split("\n")
    for line in lines[:_LINES_OF_INSTEAD]:
        yield f"    {line}".rstrip()
    if len(lines) > _LINES_OF_INSTEAD:
        yield f"    … {len(lines) - _LINES_OF_INSTEAD} more lines"


def _excerpt(finding: Finding, excerpts: _Excerpts, paint: _Paint) -> Iterator[str]:
    """The lines of the statement with their numbers; carets under it when it is on one line."""
    place = finding.place
    lines = excerpts.lines(place.path)
    if lines is None:
        return
    last = min(place.end_line, place.line + _MOST_LINES - 1)
    width = len(str(last))
    for number in range(place.line, last + 1):
        text = lines[number - 1].rstrip("\r") if number <= len(lines) else ""
        shown = text.expandtabs(4)
        yield f"  {paint(f'{number:>{width}} |', '2')} {shown[:200]}"
    if place.end_line > last:
        yield f"  {paint(' ' * width + ' |', '2')} …"
    elif place.line == place.end_line and place.line <= len(lines):
        text = lines[place.line - 1]
        before = _width(text[: place.column - 1])
        under = max(1, _width(text[: place.end_column - 1]) - before)
        if before < 200:
            yield f"  {paint(' ' * width + ' |', '2')} {' ' * before}{paint('^' * min(under, 200 - before), _COLORS[finding.severity])}"


def _width(text: str) -> int:
    """Columns on a terminal: wide characters take two, combining ones none."""
    expanded = text.expandtabs(4)
    if expanded.isascii():
        return len(expanded)
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in expanded
    )


def _notice(notice: Notice, paint: _Paint) -> str:
    word = paint("not checked", _COLORS[Severity.WARNING]) if notice.blocking else "note"
    return f"{word}: {notice.path}:{notice.line}: {notice.message}"


def _summary(result: LintResult) -> str:
    counts = {severity: 0 for severity in Severity}
    for finding in result.findings:
        counts[finding.severity] += 1
    unread = sum(notice.blocking for migration in result.migrations for notice in migration.notices)
    unread += sum(notice.blocking for notice in result.notices)
    found = [f"{count} {severity.value}{'s' if count != 1 and severity is not Severity.INFO else ''}"
             for severity, count in counts.items() if count]
    files, statements = len(result.migrations), result.statements
    scope = f"{files} migration{'s' if files != 1 else ''}, {statements} statement{'s' if statements != 1 else ''}"
    assumed = " (assumed; set --pg-version)" if result.target.pg_version_assumed else ""
    missing = f"; {unread} could not be read whole" if unread else ""
    return f"{', '.join(found) or 'Nothing found'} in {scope}{missing}, for PostgreSQL {result.target.pg_version}{assumed}."
