"""Reads the SQL files and documents that plans are written from, each once."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def sql_template(name: str) -> str:
    """The text of `sql/<name>`."""
    return Path(__file__).with_name("sql").joinpath(name).read_text(encoding="utf-8")


@cache
def document_template(name: str) -> str:
    """The text of `documents/<name>`."""
    return Path(__file__).with_name("documents").joinpath(name).read_text(encoding="utf-8")
