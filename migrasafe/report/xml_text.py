"""XML 1.0 for reports: elements as text, with what XML cannot hold replaced. https://www.w3.org/TR/xml/#charsets"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def attributes(values: Mapping[str, str | int]) -> str:
    """` name="value"` for each, line breaks kept."""
    kept = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
    return "".join(f" {name}={quoteattr(_allowed(str(value)), kept)}" for name, value in values.items())


def text(value: str) -> str:
    """Text between tags."""
    return escape(_allowed(value))


def _allowed(value: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", value)
