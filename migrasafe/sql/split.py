"""A text cut into statements the way psql does it, so that one bad statement does not hide the others.

Closes three traps of the parser: it fails a whole file on one syntax error, its own splitter cuts BEGIN ATOMIC bodies, and
it knows neither psql meta-commands nor COPY data. https://www.postgresql.org/docs/current/app-psql.html
"""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct

from migrasafe.regex import regex
from migrasafe.sql.lexer import Kind, end_of_comment, tokens
from migrasafe.sql.script import Comment
from migrasafe.sql.statements import Span


class ChunkKind(Enum):
    SQL = "sql"
    META_COMMAND = "meta-command"
    UNTERMINATED = "unterminated"


_SQL = ChunkKind.SQL


class Chunk(Struct, frozen=True, kw_only=True):
    """One statement without its semicolon, or one psql meta-command to the end of its line."""

    kind: ChunkKind
    span: Span
    at: int | None = None
    """Where an unterminated string, comment or quoted name begins."""
    joined: bool = False
    """psql's `\\;` stands before or behind it: it is sent in one message with its neighbour."""


# Runs of text without anything that matters to splitting, else one thing that does.
_STEP = regex(
    r"""(?P<RUN>[^'"$;()\\/:-]+)|(?P<LINE>--[^\n\r]*)|(?P<BLOCK>/\*)|(?P<STRING>')|(?P<QUOTED>"(?:[^"]|"")*+(?P<closed>")?)"""
    r"|(?P<DOLLAR>\$(?P<tag>(?:[^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*)?)\$)|(?P<SEMICOLON>;)|(?P<OPEN>\()|(?P<CLOSE>\))|(?P<META>\\)"
    r"|(?P<OTHER>.)",
    re.DOTALL,
)
# A whole statement of words, plain strings and parentheses with its semicolon: most are, and one match takes it.
_PLAIN_STATEMENT = re.compile(
    r"""\s*+(?P<sql>(?:[^'"$;()\\/:\-]++|'(?:[^'\\()]|'')*+'|"(?:[^"()]|"")*+"|[()]|[-/:](?![-*]))*+);\s*+"""
)
_PARENTHESIS = re.compile(r"[()]")
_PLAIN_STRING = regex(r"'(?:[^']|'')*+'")
_ESCAPE_STRING = regex(r"'(?:[^'\\]|\\.|'')*+'", re.DOTALL)
_TAKES_CARE = re.compile(r"CREATE\s+(?:OR|FUNCTION|PROCEDURE|RULE)\b|COPY\b", re.IGNORECASE)
_CREATE_ROUTINE = regex(r"\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\b", re.IGNORECASE)
_BEGIN_ATOMIC = regex(r"\bBEGIN\s+ATOMIC\b", re.IGNORECASE)
# A query in parentheses has no rows to take: the server refuses that, and psql goes on reading SQL.
_COPY_FROM_STDIN = regex(r"\s*COPY\b(?!\s*\().*\bFROM\s+STDIN(?![\w$]|[^\x00-\x7f])", re.IGNORECASE | re.DOTALL)
_SENDS = regex(r"\\(?:g(?:set|x|exec|desc)?|crosstabview|watch)\b")
"""Meta-commands that end the statement before them, as a semicolon does."""
_END_OF_DATA = regex(r"^\\\.\r?$", re.MULTILINE)


def split(text: str, section: Span | None = None) -> tuple[list[Chunk], list[Comment]]:
    """The statements and the comments of a text, or of one section of it, in order."""
    return _Splitter(text, section or Span(0, len(text))).run()


def _is_balanced(sql: str) -> bool:
    """Whether every parenthesis is closed, and none before it is opened: psql does not count those."""
    if "(" not in sql:
        return ")" not in sql
    depth = 0
    for parenthesis in _PARENTHESIS.findall(sql):
        depth += 1 if parenthesis == "(" else -1
        if depth < 0:
            return False
    return depth == 0


class _Splitter:
    """One pass over the text; the state that psql keeps while it reads."""

    def __init__(self, text: str, section: Span) -> None:
        self.text = text
        self.place, self.stop = section
        self.first: int | None = None
        """Where the current statement begins."""
        self.depth = 0
        self.waiting: list[Chunk] = []
        """Statements that `\\;` ended, which psql sends with the next one."""
        self.chunks: list[Chunk] = []
        self.comments: list[Comment] = []

    def run(self) -> tuple[list[Chunk], list[Comment]]:
        if self._plain_text():
            return self.chunks, self.comments
        while self.place < self.stop:
            if self.first is None and not self.waiting and self._plain_statement():
                continue
            match = _STEP.match(self.text, self.place, self.stop)
            assert match is not None  # OTHER takes any character
            name = match.lastgroup
            if name == "RUN":
                self._run(match)
            elif name == "SEMICOLON":
                self._semicolon()
            elif not self._quoted_or_comment(name, match):
                break
        self._finish(self.stop)
        return self.chunks, self.comments

    def _plain_text(self) -> bool:
        """Cut a text where every semicolon ends a statement: without quotes, comments and the like, most are. False, and
        nothing done, for another."""
        text = self.text[self.place : self.stop]
        if "'" in text or "--" in text or '"' in text or "$" in text or "\\" in text or "/*" in text or ":" in text:
            return False
        chunks = []
        begin = self.place
        for piece in text.split(";"):
            sql = piece.strip()
            if sql:
                if not _is_balanced(sql) or _TAKES_CARE.match(sql):
                    return False
                start = begin + len(piece) - len(piece.lstrip())
                chunks.append(Chunk(kind=_SQL, span=Span(start, start + len(sql))))
            begin += len(piece) + 1
        self.chunks = chunks
        return True

    def _plain_statement(self) -> bool:
        """Step over a statement that takes no care; False for one that may, which is then read bit by bit."""
        match = _PLAIN_STATEMENT.match(self.text, self.place, self.stop)
        if match is None:
            return False
        sql = match[1]
        if not _is_balanced(sql) or _TAKES_CARE.match(sql):
            return False
        if sql:
            start = match.start(1)
            self.chunks.append(Chunk(kind=_SQL, span=Span(start, start + len(sql.rstrip()))))
        self.place = match.end()
        return True

    def _run(self, match: re.Match[str]) -> None:
        if self.first is None:
            stripped = match.group().lstrip()
            if stripped:
                self.first = match.end() - len(stripped)
        self.place = match.end()

    def _begin(self) -> None:
        if self.first is None:
            self.first = self.place

    def _quoted_or_comment(self, name: str | None, match: re.Match[str]) -> bool:
        """Step over what is not plain text; False when it has no end."""
        end: int | None = match.end()
        match name:
            case "LINE":
                self._comment(match.end(), 2, 0)
            case "BLOCK":
                end = end_of_comment(self.text, self.place, self.stop)
                if end is not None:
                    self._comment(end, 2, 2)
            case "META" if self._joins():
                end = self.place + 2
            case "META":
                sent = self._sent() if _SENDS.match(self.text, self.place, self.stop) else []
                if self.first is None:
                    end = self._meta_command()
                    end = self._after_rows_of(sent, end)
            case "STRING":
                self._begin()
                end = self._end_of_string()
            case "QUOTED":
                self._begin()
                end = match.end() if match.group("closed") else None
            case "DOLLAR" if not self._inside_word():
                self._begin()
                tag = match.group("DOLLAR")
                closing = self.text.find(tag, match.end(), self.stop)
                end = closing + len(tag) if closing >= 0 else None
            case "OPEN":
                self._begin()
                self.depth += 1
            case "CLOSE":
                self._begin()
                self.depth = max(0, self.depth - 1)
            case _:
                self._begin()
        if end is None:
            self._unterminated()
            return False
        self.place = end
        return True

    def _inside_word(self) -> bool:
        """`a$b$c` is one identifier: no dollar quote begins in the middle of a word."""
        before = self.text[self.place - 1] if self.place > 0 else " "
        return before.isalnum() or before in "_$"

    def _end_of_string(self) -> int | None:
        before = self.text[max(0, self.place - 2) : self.place]
        escaped = before[-1:] in ("e", "E") and not (len(before) == 2 and (before[0].isalnum() or before[0] in "_$"))
        match = (_ESCAPE_STRING if escaped else _PLAIN_STRING).match(self.text, self.place, self.stop)
        return match.end() if match else None

    def _comment(self, end: int, opening: int, closing: int) -> None:
        text = self.text[self.place + opening : end - closing].strip()
        self.comments.append(Comment(span=Span(self.place, end), text=text))

    def _meta_command(self) -> int:
        line_end = self.text.find("\n", self.place, self.stop)
        end = self.stop if line_end < 0 else line_end
        length = len(self.text[self.place : end].rstrip())
        self.chunks.append(Chunk(kind=ChunkKind.META_COMMAND, span=Span(self.place, self.place + length)))
        return end

    def _semicolon(self) -> None:
        if self.depth > 0 and self.first is not None:  # CREATE RULE … DO (…; …)
            self.place += 1
            return
        if self.first is not None and self._inside_atomic_body(self.place):
            self.place += 1
            return
        self.place = self._after_rows_of(self._sent(), self.place + 1)

    def _sent(self) -> list[Chunk]:
        """End the current statement: it is sent, with those that waited for it."""
        sent = [*self.waiting, *self._finish(self.place)]
        self.waiting = []
        return sent

    def _joins(self) -> bool:
        r"""Whether a `\;` is read here, which ends a statement that psql then sends together with the next one."""
        if not self.text.startswith("\\;", self.place) or self.depth:
            return False
        if self.first is not None and self._inside_atomic_body(self.place):
            return False
        self.waiting.extend(self._finish(self.place, joined=True))
        return True

    def _inside_atomic_body(self, end: int) -> bool:
        """Whether a BEGIN ATOMIC body is still open at `end`; CASE … END nests inside it."""
        assert self.first is not None
        if not _CREATE_ROUTINE.match(self.text, self.first, end):
            return False
        if not _BEGIN_ATOMIC.search(self.text, self.first, end):
            return False
        open_blocks = 0
        for token in tokens(self.text, self.first, end):
            if token.kind is not Kind.WORD:
                continue
            word = self.text[token.start : token.end].lower()
            if word == "begin" or (word == "case" and open_blocks):
                open_blocks += 1
            elif word == "end" and open_blocks:
                open_blocks -= 1
        return open_blocks > 0

    def _is_copy(self, chunk: Chunk) -> bool:
        return bool(_COPY_FROM_STDIN.match(self.text, chunk.span.start, chunk.span.end))

    def _after_rows_of(self, sent: list[Chunk], place: int) -> int:
        """psql takes what follows COPY … FROM stdin; as data, up to a line with only a backslash and a dot."""
        for _ in filter(self._is_copy, sent):
            line_end = self.text.find("\n", place, self.stop)
            if line_end < 0 or self.text[place:line_end].strip():
                break  # something else on the same line: not a script for psql
            match = _END_OF_DATA.search(self.text, line_end, self.stop)
            place = match.end() if match else place
        return place

    def _finish(self, end: int, *, joined: bool = False) -> list[Chunk]:
        """End the current statement; what was added, which is nothing where no statement had begun."""
        if self.first is None:
            return []
        length = len(self.text[self.first : end].rstrip())
        for comment in reversed(self.comments):  # comments at the end belong to nobody
            if comment.span.start < self.first or comment.span.end != self.first + length:
                break
            length = len(self.text[self.first : comment.span.start].rstrip())
        span = Span(self.first, self.first + length)
        added = [Chunk(kind=_SQL, span=span, joined=joined or bool(self.waiting))] if length else []
        self.chunks.extend(added)
        self.first, self.depth = None, 0
        return added

    def _unterminated(self) -> None:
        at = self.place
        start = at if self.first is None else self.first
        self.chunks.append(Chunk(kind=ChunkKind.UNTERMINATED, span=Span(start, self.stop), at=at))
        self.first, self.place = None, self.stop
