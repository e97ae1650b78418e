"""A name of more than 63 bytes: PostgreSQL cuts it off, and only says so in a notice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrasafe.findings import Finding, Severity
from migrasafe.rules.context import Rule, Step
from migrasafe.sql.lexer import Kind, tokens
from migrasafe.sql.statements import (
    AlterTable,
    CreateFunction,
    CreateIndex,
    CreatePolicy,
    CreateSequence,
    CreateTable,
    CreateTableAs,
    CreateTrigger,
    CreateView,
    Rename,
)

LONGEST_BYTES = 63
_LONG = re.compile(r'"[^"\n]{22,}"|\w{22,}')
"""What may be longer than 63 bytes in UTF-8: a character has four at most, and most texts have no word so long."""


def check(step: Step) -> Iterator[Finding]:
    span = step.statement.span
    text = step.script.source.text
    if not _may_have_long_names(text[span.start : span.end]):
        return
    told: set[str] = set()
    for token in tokens(text, span.start, span.end):
        if token.kind not in (Kind.WORD, Kind.QUOTED):
            continue
        name = text[token.start : token.end].strip('"')
        if len(name.encode()) <= LONGEST_BYTES or name in told:
            continue
        told.add(name)
        kept = name.encode()[:LONGEST_BYTES].decode(errors="ignore")
        yield step.finding(
            RULE.id,
            f"PostgreSQL calls it {kept}: of the name {name} it keeps {LONGEST_BYTES} bytes, and takes two names that begin "
            "so for one.",
            severity=Severity.WARNING,
            help=f"Choose a name of at most {LONGEST_BYTES} bytes.",
            objects=(kept,),
        )


def _may_have_long_names(sql: str) -> bool:
    """False for nearly every statement, and quickly: names without quotes hold no blanks."""
    limit = LONGEST_BYTES if sql.isascii() else LONGEST_BYTES // 4
    if len(sql) <= limit or ('"' not in sql and not _has_long_word(sql, limit)):
        return False
    return any(len(found[0].strip('"').encode()) > LONGEST_BYTES for found in _LONG.finditer(sql))


def _has_long_word(sql: str, limit: int) -> bool:
    """Whether there may be more than so many characters without a blank: looks at a few places only."""
    begin = 0
    while begin + limit < len(sql):
        blank = max(sql.rfind(" ", begin, begin + limit + 1), sql.rfind("\n", begin, begin + limit + 1))
        if blank < 0:
            return True
        begin = blank + 1
    return False


RULE = Rule(
    id="name-too-long",
    check=check,
    on=(
        AlterTable,
        CreateFunction,
        CreateIndex,
        CreatePolicy,
        CreateSequence,
        CreateTable,
        CreateTableAs,
        CreateTrigger,
        CreateView,
        Rename,
    ),
)
