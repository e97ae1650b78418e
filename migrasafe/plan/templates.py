"""Reads the SQL files and documents that plans are written from, each once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from migrasafe.regex import regex
from migrasafe.sql.one_line import without_line_ends
from migrasafe.sql.quote import free_tag

_TAG = regex(r"\$([a-z]+)\$")


@cache
def sql_template(name: str) -> str:
    """The text of `sql/<name>`."""
    return Path(__file__).with_name("sql").joinpath(name).read_text(encoding="utf-8")


def filled(name: str, /, **words: object) -> str:
    """`sql/<name>` with its blanks filled in. What is quoted by dollars in it ends where it should, and so does a
    comment, whatever the names and values in it hold."""
    template = sql_template(name)
    texts = [str(word) for word in words.values()]
    for tag in dict.fromkeys(_TAG.findall(template)):
        template = template.replace(f"${tag}$", free_tag(tag, texts))
    told = {name: without_line_ends(text) for name, text in zip(words, texts, strict=True)}
    lines = template.splitlines(keepends=True)
    return "".join(line.format(**(told if line.startswith("--") else words)) for line in lines)


@cache
def document_template(name: str) -> str:
    """The text of `documents/<name>`."""
    return Path(__file__).with_name("documents").joinpath(name).read_text(encoding="utf-8")
