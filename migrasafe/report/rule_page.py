"""A page of the rule book as a terminal shows it: Markdown without its fences."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

from migrasafe.report.words import WIDTH
from migrasafe.rules.page import Page

_BOLD = "1"


def render_page(page: Page, *, color: bool = False, width: int = WIDTH) -> str:
    """The page: its facts in two lines, prose wrapped, examples indented."""

    def bold(text: str) -> str:
        return f"\033[{_BOLD}m{text}\033[0m" if color else text

    facts = page.facts
    work = None if facts.work in (None, "none") else f"work: {facts.work}"
    lock = None if facts.lock is None else f"lock: {facts.lock}"
    told = [facts.severity, lock, work, f"since {facts.since}"]
    head = [bold(page.id), *textwrap.wrap(f"{facts.title}.", width), " · ".join(one for one in told if one)]
    body = page.text[page.text.index("## Why") :]
    return "\n".join([*head, "", *_lines(body, bold, width)]) + "\n"


def _lines(markdown: str, bold: Callable[[str], str], width: int) -> Iterator[str]:
    in_block = False
    for line in markdown.rstrip().split("\n"):
        if line.startswith("```"):
            in_block = not in_block
        elif in_block:
            yield f"    {line}".rstrip()
        elif line.startswith("## "):
            yield bold(line[3:])
        else:
            yield from textwrap.wrap(line, width, break_on_hyphens=False) or [""]
