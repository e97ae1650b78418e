"""What was found, for people and for machines: one module per format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from migrasafe.json_text import readable

if TYPE_CHECKING:
    from migrasafe.lint import LintResult

FORMATS = {
    "text": "migrasafe.report.text",
    "json": "migrasafe.report.json",
    "sarif": "migrasafe.report.sarif",
    "github": "migrasafe.report.github",
    "gitlab": "migrasafe.report.gitlab",
    "junit": "migrasafe.report.junit",
    "checkstyle": "migrasafe.report.checkstyle",
    "sonarqube": "migrasafe.report.sonarqube",
    "markdown": "migrasafe.report.markdown",
    "html": "migrasafe.report.html",
    "statistics": "migrasafe.report.statistics",
}
"""The formats and their modules, imported when asked for: each has `render(result, texts, color)`."""


def write_report(
    name: str, result: LintResult, texts: Mapping[str, str], *, color: bool, width: int | None = None
) -> str:
    """The report in the format of this name.

    `texts`: the programs, by path, that SQL was rendered from; `width`: of the text, in columns.
    """
    return "".join(report_in_pieces(name, result, texts, color=color, width=width))


def report_in_pieces(
    name: str, result: LintResult, texts: Mapping[str, str], *, color: bool, width: int | None = None
) -> Iterator[str]:
    """Likewise, piece by piece where the format can be: what 100,000 files say need not be one text."""
    if name == "json":
        from migrasafe.report.json import pieces

        yield from map(readable, pieces(result))
        return
    named = {"width": width} if name in ("text", "statistics") and width is not None else {}
    rendered: str = import_module(FORMATS[name]).render(result, texts, color=color, **named)
    yield readable(rendered)
