"""The pieces of a statement as its author wrote them, so that what we suggest is spelled as they spell."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Struct

from migrasafe.sql.lexer import Kind, Token, tokens
from migrasafe.sql.statements import Span


class Clause(Struct, frozen=True, kw_only=True):
    """A clause of a column or of a constraint: `CHECK (amount > 0)`, `DEFAULT now()`, `INCLUDE (email)`."""

    kind: str
    """Its first words in lower case: `check`, `references`, `default`, `not null`, `primary key`, `generated` …"""
    text: str
    """All of it, without the name of the constraint."""
    rest: str
    """What follows the words: `(amount > 0)`, `now()`."""
    name: str | None = None
    """The constraint's name as written, where it has one."""


class WrittenColumn(Struct, frozen=True, kw_only=True):
    """The column of an ADD COLUMN: its name, its type and its clauses, each as written."""

    name: str
    type: str
    clauses: tuple[Clause, ...]

    def clauses_of(self, *kinds: str) -> tuple[Clause, ...]:
        return tuple(clause for clause in self.clauses if clause.kind in kinds)

    def definition(self, *left_out: str) -> str:
        """`note text DEFAULT 'x'`: the column without clauses of some kinds."""
        kept = [
            clause.text if clause.name is None else f"CONSTRAINT {clause.name} {clause.text}"
            for clause in self.clauses
            if clause.kind not in left_out
        ]
        return " ".join([self.name, self.type, *kept])


_OF_COLUMN: tuple[tuple[str, ...], ...] = (
    ("not", "null"),
    ("not", "deferrable"),
    ("not", "enforced"),
    ("primary", "key"),
    ("no", "inherit"),
    ("null",),
    ("check",),
    ("default",),
    ("generated",),
    ("unique",),
    ("references",),
    ("collate",),
    ("compression",),
    ("storage",),
    ("deferrable",),
    ("initially",),
    ("enforced",),
    ("options",),
)
_OF_KEY: tuple[tuple[str, ...], ...] = (
    ("primary", "key"),
    ("unique",),
    ("include",),
    ("with",),
    ("using", "index", "tablespace"),
    ("not", "deferrable"),
    ("not", "valid"),
    ("deferrable",),
    ("initially",),
    ("enforced",),
)
_OF_THE_ONE_BEFORE = frozenset({"not deferrable", "deferrable", "initially", "not enforced", "enforced", "no inherit"})


def written_column(text: str, span: Span, shown: str | None = None) -> WrittenColumn | None:
    """The column of the action `ADD [COLUMN] [IF NOT EXISTS] name type clause…` at `span`; None if it is not one. Here and
    below, `shown` has the placeholders of a template where `text` has something of the same length."""
    shown = shown or text
    found = significant(text, span)
    words = words_of(text, found)
    if not words or words[0] != "add":
        return None
    place = 2 if words[1:2] == ["column"] else 1
    if words[place : place + 3] == ["if", "not", "exists"]:
        place += 3
    if place + 1 >= len(found):
        return None
    name = shown[found[place].start : found[place].end]
    clauses = _clauses(text, found[place + 1 :], _OF_COLUMN, shown)
    if not clauses or clauses[0].kind:
        return None  # a column without a type
    return WrittenColumn(name=name, type=clauses[0].text, clauses=_with_attributes(clauses[1:]))


def written_key(text: str, span: Span, shown: str | None = None) -> tuple[Clause, ...]:
    """The clauses of the action `ADD [CONSTRAINT name] UNIQUE | PRIMARY KEY (…) …` at `span`, the key itself first."""
    found = significant(text, span)
    words = words_of(text, found)
    if words[:1] != ["add"]:
        return ()
    start = 3 if words[1:2] == ["constraint"] else 1
    return tuple(clause for clause in _clauses(text, found[start:], _OF_KEY, shown or text) if clause.kind)


@lru_cache(maxsize=16)
def written_table(text: str, span: Span, shown: str | None = None) -> str | None:
    """The name of the relation after `ALTER TABLE [IF EXISTS] [ONLY]`, as written."""
    found = significant(text, span)
    words = words_of(text, found)
    place = 1
    while place < len(words) and words[place] in ("table", "foreign", "if", "exists", "only", "materialized", "view"):
        place += 1
    if words[:1] != ["alter"] or place >= len(found):
        return None
    return (shown or text)[found[place].start : end_of_name(text, found, place)]


def in_style(sql: str, like: str) -> str:
    """`sql` with its keywords in lower case if the author of `like` writes them so. Quoted names and strings stay, and all
    that has a template in it."""
    if not like[:1].islower() or "{" in sql:
        return sql
    pieces, end = [], 0
    for token in tokens(sql):
        pieces.append(sql[end : token.start])
        written = sql[token.start : token.end]
        pieces.append(written.lower() if token.kind is Kind.WORD else written)
        end = token.end
    return "".join([*pieces, sql[end:]])


def significant(text: str, span: Span) -> list[Token]:
    return [token for token in tokens(text, span.start, span.end) if token.kind is not Kind.COMMENT]


def words_of(text: str, found: list[Token]) -> list[str]:
    return [text[token.start : token.end].lower() if token.kind is Kind.WORD else "" for token in found]


def end_of_name(text: str, found: list[Token], place: int) -> int:
    while place + 2 < len(found) and text[found[place + 1].start : found[place + 1].end] == ".":
        place += 2
    return found[place].end


def _clauses(text: str, found: list[Token], openings: tuple[tuple[str, ...], ...], shown: str) -> list[Clause]:
    """The stretches between the openings that stand outside of parentheses; what comes before the first has no kind."""
    words = words_of(text, found)
    starts: list[tuple[int, int, str, str | None]] = [(0, 0, "", None)]
    depth = place = 0
    name: tuple[int, str] | None = None
    while place < len(found):
        token = found[place]
        depth += (token.kind is Kind.OPEN) - (token.kind is Kind.CLOSE)
        if depth == 0 and words[place] == "constraint" and place + 1 < len(found):
            name = place, shown[found[place + 1].start : found[place + 1].end]
            place += 2
            continue
        opening = next((one for one in openings if tuple(words[place : place + len(one)]) == one), None)
        if depth == 0 and opening is not None and not _goes_on(words, place, starts[-1][2]):
            start = name[0] if name is not None else place
            starts.append((start, place, " ".join(opening), name[1] if name is not None else None))
            name = None
            place += len(opening)
            continue
        place += 1
    clauses: list[Clause] = []
    ends = [*(start for start, *_ in starts[1:]), len(found)]
    for (_, begin, kind, constraint), end in zip(starts, ends, strict=True):
        if begin >= end:
            continue
        stretch = _joined(shown, text, found[begin:end])
        behind = begin + len(kind.split())
        rest = _joined(shown, text, found[behind:end])
        clauses.append(Clause(kind=kind, text=stretch, rest=rest, name=constraint))
    return clauses


def _joined(shown: str, text: str, found: list[Token]) -> str:
    """The tokens with single spaces where there are line breaks between them; comments are not among them."""
    pieces, end = [], found[0].start if found else 0
    for token in found:
        gap = text[end : token.start]
        pieces.append(" " if "\n" in gap else gap)
        pieces.append(shown[token.start : token.end])
        end = token.end
    return "".join(pieces)


def _goes_on(words: list[str], place: int, kind: str) -> bool:
    """Whether the word belongs to the clause that is open: `ON DELETE SET NULL`, `SET DEFAULT`, `DEFAULT NULL`, `IS NULL`."""
    before = words[place - 1] if place else ""
    if kind == "references" and words[place] in ("null", "default"):
        return before == "set"
    if kind == "generated" and words[place] == "default":
        return before == "by"
    return (kind == "default" and words[place] == "null" and before in ("default", "is", "not")) or (
        kind == "unique" and words[place] in ("not", "null") and before == "nulls"
    )


def _with_attributes(clauses: list[Clause]) -> tuple[Clause, ...]:
    """Attributes such as DEFERRABLE belong to the constraint before them."""
    kept: list[Clause] = []
    for clause in clauses:
        if clause.kind in _OF_THE_ONE_BEFORE and kept:
            before = kept[-1]
            kept[-1] = Clause(
                kind=before.kind,
                text=f"{before.text} {clause.text}",
                rest=f"{before.rest} {clause.text}".strip(),
                name=before.name,
            )
        else:
            kept.append(clause)
    return tuple(kept)
