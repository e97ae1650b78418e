"""Text in GitHub's and GitLab's Markdown, so that nothing in it is taken for markup, a mention or a link to an issue."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~])")
_FENCES = re.compile(r"`+")
_MENTION = re.compile(r"([@!])(?=\w)")
_NOTHING = "\u200b"
"""A space without width: parts what would otherwise call somebody."""


def escaped(text: str) -> str:
    """Words in a paragraph, on one line."""
    return _MENTION.sub(rf"\1{_NOTHING}", _SPECIAL.sub(r"\\\1", " ".join(text.split())))


def html(text: str) -> str:
    """Words inside of an HTML element, on one line."""
    plain = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MENTION.sub(rf"\1{_NOTHING}", plain)


def code(text: str) -> str:
    """A few words as code, whatever backticks they hold."""
    fence = "`" * (max(map(len, _FENCES.findall(text)), default=0) + 1)
    padded = f" {text} " if text.startswith("`") or text.endswith("`") else text
    return f"{fence}{' '.join(padded.split()) if padded == text else padded}{fence}"


def fenced(text: str, language: str = "sql", indent: str = "") -> str:
    """A block of code, whatever backticks it holds."""
    fence = "`" * max(3, max(map(len, _FENCES.findall(text)), default=0) + 1)
    block = f"{fence}{language}\n{text.rstrip()}\n{fence}"
    return "\n".join(f"{indent}{line}".rstrip() for line in block.split("\n"))
