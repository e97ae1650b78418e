"""A migration's text, read: its statements, its comments, and where each of them stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from migrasafe.sql.source import Source
from migrasafe.sql.statements import Span, Statement, Utility


class Comment(Struct, frozen=True, kw_only=True):
    """A `--` or `/* */` comment: its place, and its text without the markers."""

    span: Span
    text: str


class Origin(Struct, frozen=True, kw_only=True):
    """Where a generated statement was made: the line of the Alembic revision or the Go file."""

    path: str
    line: int


class Newer(Struct, frozen=True, kw_only=True):
    """Syntax that PostgreSQL 12 does not know, where it was used."""

    feature: str
    since: int
    """The first major version that reads it."""
    span: Span
    """The statement that uses it."""
    function: str = ""
    """The function that it is a call of, if it is one: a schema may have one of its own."""


class Script:
    """Statements in order, typed, with spans into `source`. Most of a long history is never looked at: a script that was made
    `later` parses its text when its statements, comments or newer syntax are first asked for, and again after `let_go`."""

    __slots__ = ("_is_read", "_read", "comments", "newer", "origins", "sections", "source", "statements")

    source: Source
    sections: tuple[Span, ...] | None
    """What of the source it was read from; None: all of it."""
    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...]
    origins: tuple[Origin, ...] | None
    """One per statement, for scripts that were rendered from something else; findings are shown there."""
    newer: tuple[Newer, ...]
    """Every use of syntax that came after PostgreSQL 12, in bodies too."""
    _read: Callable[[Script], Script] | None
    """How its text is parsed; None where the statements did not come from its text alone."""
    _is_read: bool

    def __init__(
        self,
        *,
        source: Source,
        statements: tuple[Statement, ...],
        comments: tuple[Comment, ...] = (),
        origins: tuple[Origin, ...] | None = None,
        newer: tuple[Newer, ...] = (),
        sections: tuple[Span, ...] | None = None,
    ) -> None:
        self.source = source
        self.sections = sections
        self.statements = statements
        self.comments = comments
        self.origins = origins
        self.newer = newer
        self._read = None
        self._is_read = True

    @classmethod
    def later(cls, source: Source, sections: tuple[Span, ...] | None, read: Callable[[Script], Script]) -> Script:
        """A script that `read` gives the statements of, when they are asked for."""
        script = cls.__new__(cls)
        script.source = source
        script.sections = sections
        script.origins = None
        script._read = read
        script._is_read = False
        return script

    def __getattr__(self, name: str) -> Any:
        """What is not there yet."""
        if name not in _READ_LATER:
            raise AttributeError(name)
        self.read()
        return getattr(self, name)

    def read(self) -> None:
        """Parse the text now, where that was left for later."""
        if self._is_read or self._read is None:
            return
        read = self._read(self)
        self.statements, self.comments, self.newer = read.statements, read.comments, read.newer
        self._is_read = True

    def let_go(self) -> None:
        """Forget what was read of the text. Of a long history nobody wants to hold the trees of every statement; who asks for
        them once more reads them once more."""
        if self._is_read and self._read is not None:
            del self.statements, self.comments, self.newer
            self._is_read = False

    @property
    def may_allow(self) -> bool:
        """Whether a comment in it may be for us: `-- migrasafe: allow …`. Nearly no text has one."""
        return "migrasafe:" in self.source.text

    def with_statements(self, statements: tuple[Statement, ...], origins: tuple[Origin, ...] | None) -> Script:
        """The same script with other statements, each with its origin where they have one."""
        return Script(
            source=self.source,
            statements=statements,
            comments=self.comments,
            origins=origins,
            newer=self.newer,
            sections=self.sections,
        )

    def at(self, source: Source) -> Script:
        """The same script, of a source with another path."""
        return Script(
            source=source,
            statements=self.statements,
            comments=self.comments,
            origins=self.origins,
            newer=self.newer,
            sections=self.sections,
        )

    def line_at(self, offset: int) -> int:
        """The line that people look at for the statement that begins at an offset: of the program that sent it, if one did."""
        if self.origins is not None:
            for statement, origin in zip(self.statements, self.origins, strict=True):
                if statement.span.start == offset:
                    return origin.line
        return self.source.position(offset)[0]

    def line_of(self, statement: Statement) -> int:
        """The line on which a person finds one of its statements: where it was made, if it was rendered."""
        return self.line_at(statement.span.start)

    def text_of(self, one: Statement | Comment) -> str:
        """A statement as it is written, without its semicolon; or a comment, with its markers."""
        return self.source.text[one.span.start : one.span.end]

    @property
    def texts(self) -> tuple[str, ...]:
        """Each statement as it is written, without its semicolon."""
        return tuple(map(self.text_of, self.statements))

    @property
    def sent(self) -> tuple[Statement, ...]:
        """The statements that a server gets to see: not what psql keeps to itself, as `\\restrict` in a dump."""
        return tuple(one for one in self.statements if not (isinstance(one, Utility) and one.is_of_psql))


_READ_LATER = ("statements", "comments", "newer")
