"""The report as Markdown, for the summary of a CI job and for a comment on a pull request: short enough for both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from migrasafe.findings import Finding, Severity
from migrasafe.lint import LintResult
from migrasafe.quantities import say_count
from migrasafe.report.markdown_text import code, escaped, fenced, html
from migrasafe.report.text import summary
from migrasafe.report.words import found, in_repository, instead, not_checked, say_severity

_MOST_CHARACTERS = 60_000
"""GitHub refuses comments of more than 65,536; what calls us adds a little."""
_MOST_OF_SQL = 3_000
_MOST_OF_TEXT = 2_000
_NAMES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "advice"}


def render(result: LintResult, texts: Mapping[str, str] | None = None, *, color: bool = False) -> str:
    """A heading, what could not be checked, the errors, and the rest folded away. What is too much is counted at the end."""
    page = _Page(f"### migrasafe: {found(result)}", _summary(result))
    unchecked = list(dict.fromkeys(not_checked(result)))
    for shown, notice in enumerate(unchecked):
        line = (
            f"- **not checked** {code(f'{in_repository(notice.path)}:{notice.line}')} {escaped(_short(notice.message))}"
        )
        if not page.add(line):
            page.left_out(f"{say_count(len(unchecked) - shown, 'place')} that could not be checked")
            break
    for severity in Severity:
        findings = [finding for finding in result.findings if finding.severity is severity]
        blocks = [_finding(finding) for finding in findings]
        shown = page.folded(severity, blocks) if severity is not Severity.ERROR else page.all_of(blocks)
        if shown < len(blocks):
            page.left_out(say_severity(len(blocks) - shown, severity))
    return page.text()


def _summary(result: LintResult) -> str:
    where = summary(result).partition(" in ")[2]
    return f"In {escaped(where)}" if where else escaped(summary(result))


class _Page:
    """Paragraphs, as many as there is room for."""

    def __init__(self, *head: str) -> None:
        self._parts = list(head)
        self._room = _MOST_CHARACTERS - sum(len(part.encode(errors="surrogatepass")) + 2 for part in head)
        self._left_out: list[str] = []

    def add(self, part: str) -> bool:
        """Whether there was room."""
        size = len(part.encode(errors="surrogatepass")) + 2
        if self._left_out or size > self._room:
            return False
        self._room -= size
        self._parts.append(part)
        return True

    def all_of(self, parts: list[str]) -> int:
        """How many there was room for."""
        return next((number for number, part in enumerate(parts) if not self.add(part)), len(parts))

    def folded(self, severity: Severity, parts: list[str]) -> int:
        """Likewise, folded away under their number."""
        end = "</details>"
        if not parts or not self.add(f"<details><summary>{say_severity(len(parts), severity)}</summary>"):
            return 0
        self._room -= len(end) + 2
        shown = self.all_of(parts)
        self._parts.append(end)
        return shown

    def left_out(self, what: str) -> None:
        self._left_out.append(what)

    def text(self) -> str:
        more = f"… and {', '.join(self._left_out)} more: the log of the job has all of it." if self._left_out else ""
        return "\n\n".join([*self._parts, *([more] if more else [])]) + "\n"


def _finding(finding: Finding) -> str:
    return "\n\n".join(_paragraphs(finding))


def _paragraphs(finding: Finding) -> Iterator[str]:
    place = finding.place
    yield f"**{_NAMES[finding.severity]}** {code(f'{in_repository(place.path)}:{place.line}')} {code(finding.rule)}"
    facts = [
        *([f"lock: {finding.lock.value}"] if finding.lock is not None else []),
        *([f"work: {finding.work}"] if finding.work is not None else []),
        *(f"assumed: {one}" for one in finding.assumed),
    ]
    yield escaped(_short(finding.message)) + (f" ({escaped('; '.join(facts))})" if facts else "")
    sql = instead(finding)
    if sql and finding.fix.command:
        sql = f"{sql.rstrip()}\n-- in phases: {finding.fix.command}"
    if sql:
        title = f"instead: {html(_short(finding.help))}" if finding.help else "instead"
        yield f"<details><summary>{title}</summary>\n\n{fenced(_shortened(sql))}\n\n</details>"
    elif finding.help:
        yield f"instead: {escaped(_short(finding.help))}"


def _short(text: str) -> str:
    return text if len(text) <= _MOST_OF_TEXT else f"{text[:_MOST_OF_TEXT]} …"


def _shortened(sql: str) -> str:
    if len(sql) <= _MOST_OF_SQL:
        return sql
    whole = sql[:_MOST_OF_SQL].rpartition("\n")[0] or sql[:_MOST_OF_SQL]
    return f"{whole}\n-- … {say_count(sql[len(whole) :].count(chr(10)), 'more line')}: migrasafe lint prints all of it"
