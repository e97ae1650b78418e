"""What the characters of a string literal mean: escapes become what they stand for, each at its own place."""

from __future__ import annotations

import re

from migrasafe.app.source.placed_text import PlacedTextBuilder

_ESCAPE = re.compile(
    r"\\(?:u\{(?P<braces>[0-9a-fA-F_]{1,8})\}|u+(?P<u4>[0-9a-fA-F]{4})|U(?P<u8>[0-9a-fA-F]{8})|x(?P<x2>[0-9a-fA-F]{2})"
    r"|(?P<octal>[0-7]{1,3})|(?P<newline>\r?\n)|(?P<other>.))",
    re.DOTALL,
)
_MEANINGS = {"n": "\n", "t": "\t", "r": "\r", "a": " ", "b": " ", "f": " ", "v": " ", "e": " ", "s": " "}


def add_escaped(builder: PlacedTextBuilder, text: str, start: int, end: int, *, skip_indent: bool = False) -> None:
    """Add text[start:end], a literal's content with C-like escapes; `skip_indent`: a line that is continued with a
    backslash goes on at its first visible character (Rust)."""
    place = start
    while place < end:
        backslash = text.find("\\", place, end)
        if backslash < 0:
            builder.add(text[place:end], place)
            return
        builder.add(text[place:backslash], place)
        match = _ESCAPE.match(text, backslash, end)
        if match is None:
            return
        place = match.end()
        if match["newline"] is not None:
            while skip_indent and place < end and text[place] in " \t\r\n":
                place += 1
        else:
            builder.add(_meaning(match), backslash, place - backslash)


def _meaning(match: re.Match[str]) -> str:
    digits = match["braces"] or match["u4"] or match["u8"] or match["x2"]
    code = int(digits.replace("_", ""), 16) if digits else int(match["octal"], 8) if match["octal"] else None
    if code is None:
        other = match["other"]
        return _MEANINGS.get(other, other)
    # NUL and halves of surrogate pairs are no SQL; a space keeps the place.
    return " " if code == 0 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF else chr(code)
