"""Texts on one line: SQL that is shown in a sentence, and names in comments and headings, which may hold the end of a line."""

from __future__ import annotations


def without_line_ends(text: str) -> str:
    """The same words; each end of a line is a space."""
    return " ".join(text.splitlines())


def in_one_line(sql: str, at_most: int) -> str:
    """SQL with a space for each run of them, cut after so many characters."""
    one_line = " ".join(sql.split())
    return one_line if len(one_line) <= at_most else one_line[: at_most - 1] + "…"
