"""Where the texts of a plpgsql body stand in the source: libpg_query tells lines only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from migrasafe.regex import regex
from migrasafe.sql.statements import Span

_FOREACH = regex(r'\bFOREACH\s+"?(\w+)', re.IGNORECASE)
_OPENED = regex(r"\bOPEN\s+(\w+)|\bIN\s+(\w+)\s*(?:\(|LOOP\b)", re.IGNORECASE)


class Places:
    """Finds texts in a body; `place` moves on, so that equal texts are found one after another."""

    def __init__(self, span: Span, source_text: str) -> None:
        self.span = span
        self.source_text = source_text
        self.place = span.start

    def of(self, text: str, fields: Mapping[str, Any]) -> Span | None:
        """Where a text of a statement stands; None where it does not stand there as it is."""
        start = max(self.place, self.line(fields).start)
        offset = self.source_text.find(text, start, self.span.end) if text else -1
        if offset < 0:
            return None
        self.place = offset + len(text)
        return Span(offset, offset + len(text))

    def line(self, fields: Mapping[str, Any]) -> Span:
        """The line that plpgsql gives for a statement; line 1 is the one on which the body begins."""
        start = self.span.start
        for _ in range(int(fields.get("lineno", 1)) - 1):
            next_line = self.source_text.find("\n", start, self.span.end)
            if next_line < 0:
                break
            start = next_line + 1
        end = self.source_text.find("\n", start, self.span.end)
        end = self.span.end if end < 0 else end
        written = self.source_text[start:end]
        return Span(start + len(written) - len(written.lstrip()), start + len(written.rstrip()))

    def loop_variable(self, fields: Mapping[str, Any]) -> str:
        """The variable of a FOREACH, which the parser gives by number only."""
        match = _FOREACH.search(self.source_text, self.line(fields).start, self.span.end)
        return match[1].lower() if match is not None else ""

    def cursor(self, fields: Mapping[str, Any]) -> str:
        """The cursor that OPEN or FOR … IN names, likewise."""
        match = _OPENED.search(self.source_text, self.line(fields).start, self.span.end)
        return (match[1] or match[2]).lower() if match is not None else ""
