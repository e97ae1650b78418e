"""Lines that are too long: what does not fit goes on below, on a terminal where its words began."""

from __future__ import annotations

import re
import textwrap

_LABEL = re.compile(r" *(?:\S.{0,14}?\s{2,}(?=\S)){0,2}")
"""The margin, and one or two labels that stand in columns of their own before the words."""
_INDENT = 2


def hanging(line: str, width: int | None) -> str:
    """A line in `width` columns: what does not fit goes below, as far in as the words behind its label. Words are not
    broken; without a width the line stays as it is."""
    if width is None or len(line) <= width:
        return line
    label = _LABEL.match(line)
    assert label is not None  # it matches nothing, too
    inside = " " * (label.end() if label[0].strip() else label.end() + _INDENT)
    return textwrap.fill(line, width, subsequent_indent=inside, break_long_words=False, break_on_hyphens=False)


def filled(line: str, width: int) -> list[str]:
    """The words of a line in lines of `width` columns, none of them broken: what textwrap does, in a tenth of its time, which
    would be most of what a report of thousands of findings takes."""
    return [part.rstrip() for part in re.findall(rf"\S.{{0,{max(width, 1) - 1}}}(?!\S)|\S+", line)]
