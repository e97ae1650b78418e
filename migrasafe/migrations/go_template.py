"""Go templates in SQL, as pop and morph have them: values masked, branches decided where they can be."""

from __future__ import annotations

import re

from migrasafe.migrations.model import Notice
from migrasafe.migrations.template import Masked, mask
from migrasafe.regex import regex
from migrasafe.sql.source import Source

_ACTION = regex(
    r"\{\{-?\s*(?P<body>/\*.*?\*/|(?:[.$][A-Za-z_]|(?:index|if|else|end|range|with|define|template|block|printf|quote|env|or|"
    r"and|not|eq|ne|default|[A-Za-z]\w*)\b)(?:(?!\{\{).)*?|else|end)\s*-?\}\}",
    re.DOTALL,
)
_VALUE = regex(r"""^(?:\.[\w.]+|\$\w[\w.]*|(?:index|env|quote)\s[^()|]*)$""")
_LAST_WORD = regex(r"[A-Za-z_]\w*")
_POSTGRES = regex(r"(?i)postgres")
_OTHER = regex(r"(?i)mysql|maria|sqlite|cockroach|mssql|oracle")


def mask_go(source: Source, tool: str) -> Masked:
    """The source with values replaced by names and one branch of each condition kept, at the same positions.

    `tool` is who fills the template in, for the notices. A condition that does not ask for the database, a loop and a call
    of the app's own function cannot be decided here: a blocking notice says so.
    """
    if "{{" not in source.text:
        return Masked(source=source)
    decided = _decide_branches(source, tool)
    masked = mask(decided.source, r"\{\{-?\s*(?:[.$][A-Za-z_]|[A-Za-z])[^{}]*\}\}", _name, tool)
    return Masked(source=masked.source, notices=(*decided.notices, *masked.notices))


def _name(placeholder: str) -> str | None:
    body = placeholder.strip("{}").strip("-").strip()
    if not _VALUE.match(body):
        return None
    words: list[str] = _LAST_WORD.findall(body)
    return words[-1].lower()


def _decide_branches(source: Source, tool: str) -> Masked:
    """Blank comments, markers of conditions, and the branches that PostgreSQL does not take."""
    text = source.text
    notices: list[Notice] = []
    blank: list[tuple[int, int]] = []
    open_at: list[tuple[bool, int, bool]] = []
    """For each open block: whether its text is kept now, where that began, and whether a branch was taken."""
    for match in _ACTION.finditer(text):
        body = match.group("body").strip()
        word = body.split(None, 1)[0]
        if body.startswith("/*"):
            blank.append(match.span())
        elif word in ("if", "with", "range", "block", "define"):
            taken = _asks_for_postgres(body) if word == "if" else None
            if taken is None:
                notices.append(_undecided(source, match, tool))
            blank.append(match.span())
            open_at.append((taken is not False, match.end(), taken is not False))
        elif word == "else" and open_at:
            kept, begin, done = open_at.pop()
            if not kept:
                blank.append((begin, match.start()))
            blank.append(match.span())
            now = not done and (_asks_for_postgres(body) is not False)
            open_at.append((now, match.end(), done or now))
        elif word == "end" and open_at:
            kept, begin, _ = open_at.pop()
            if not kept:
                blank.append((begin, match.start()))
            blank.append(match.span())
    for begin, end in blank:
        text = text[:begin] + re.sub(r"[^\n]", " ", text[begin:end]) + text[end:]
    return Masked(source=source.filled(text), notices=tuple(notices))


def _asks_for_postgres(condition: str) -> bool | None:
    """Whether PostgreSQL takes the branch; None where the condition asks for something else."""
    names_postgres, names_other = bool(_POSTGRES.search(condition)), bool(_OTHER.search(condition))
    if names_postgres == names_other:
        return None if condition != "else" else True
    negated = bool(re.search(r"\b(?:not|ne)\b", condition))
    return names_postgres != negated


def _undecided(source: Source, match: re.Match[str], tool: str) -> Notice:
    shown = " ".join(match.group().split())
    message = f"{shown}: what {tool} decides here is not known to migrasafe, so it read the first branch, once"
    return Notice(path=source.path, line=source.position(match.start())[0], message=message, blocking=True)
