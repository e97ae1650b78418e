"""The string expressions of a source file: its literals, put together where the program puts them together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrasafe.app.literals.model import Language, Literal, StringRead
from migrasafe.app.source.placed_text import HOLE, PlacedTextBuilder
from migrasafe.sql.statements import Span

_LONGEST_GLUE = 2_000
_DEEPEST = 20
"""Strings in expressions in strings …: no query is put together from more."""
_VARIABLE = re.compile(
    r"(?P<name>[@$\w][\w.$>-]*)\s*(?:\.append\(|(?::[^=\n]{0,30})?[:+.]?=\s*(?:new\s+StringBuilder\w*)?\(?|<<)\s*$"
)


def read_literals(source: str, language: Language) -> Iterator[Literal]:
    """Yield every string expression of a file, inner ones before those that hold them."""
    for section in language.sections(source) if language.sections else (Span(0, len(source)),):
        yield from _Joiner(source, language).run(section)


class _Joiner:
    """One pass over the code. Expressions that are still open lie on a stack: an argument of a call within a joined
    string is a string expression of its own."""

    def __init__(self, source: str, language: Language, level: int = 0) -> None:
        self.source = source
        self.level = level
        self.language = language
        self.open: list[_Open] = []

    def run(self, section: Span) -> Iterator[Literal]:
        place, glue_from, glue = section.start, section.start, ""
        while match := self.language.token.search(self.source, place, section.end):
            read = self.language.read(self.source, match, section.end)
            if isinstance(read, int):
                # A comment is white space; what only looked like a string is code.
                glue += self.source[glue_from : match.start()]
                glue += " " if read > match.end() or match.lastgroup == "COMMENT" else match.group()
                place = glue_from = max(read, match.end())
                continue
            glue += self.source[glue_from : match.start()]
            yield from self._meet(glue, match.start(), read)
            place, glue_from, glue = read.end, read.end, ""
            for span in read.expressions:
                if self.level < _DEEPEST and any(quote in self.source[span.start : span.end] for quote in "'\"`"):
                    yield from _Joiner(self.source, self.language, self.level + 1).run(span)
        yield from self._close_all(glue + self.source[glue_from : section.end][:_LONGEST_GLUE])

    def _meet(self, glue: str, start: int, read: StringRead) -> Iterator[Literal]:
        """A string after `glue`: it goes on with the one before it, stands inside its expression, or is a new one."""
        if len(glue) > _LONGEST_GLUE:
            yield from self._close_all(glue)
        while self.open:
            top = self.open[-1]
            rest = top.follow(glue)
            if rest is None:
                if top.expects_string:
                    top.join(start, read, self.source)
                    return
                break
            yield top.closed()
            self.open.pop()
            glue = rest
        self.open.append(_Open(self.language, start, read, self.source))

    def _close_all(self, glue: str) -> Iterator[Literal]:
        while self.open:
            top = self.open.pop()
            glue = top.follow(glue) or ""
            yield top.closed()


class _Open:
    """A string expression that may go on."""

    def __init__(self, language: Language, start: int, read: StringRead, source: str) -> None:
        self.language = language
        self.builder = PlacedTextBuilder()
        self.start = start
        self.end = start
        self.expressions: list[str] = []
        self.depth = 0
        self.expression = ""
        """Code since the last joining operator: what will be a hole."""
        self.after_plus = False
        self.expects_string = False
        self.source = source
        self.join(start, read, source)

    def join(self, start: int, read: StringRead, source: str) -> None:
        self._hole()
        self.builder.append(read.text)
        self.expressions += [source[span.start : span.end].strip() for span in read.expressions]
        self.end = read.end
        self.depth, self.after_plus, self.expects_string = 0, False, False

    def follow(self, glue: str) -> str | None:
        """Read the code after the last string. None: the expression goes on; otherwise the code that follows its end."""
        place = 0
        if not self.after_plus:
            stripped = glue.lstrip(" \t\r\n\\")
            if self.language.adjacent and self.language.adjacent.fullmatch(glue):
                self.expects_string = True
                return None
            plus = self.language.plus
            if self._is_appended_to(glue):
                self.expects_string = True
                return None
            if plus is None or not stripped.startswith(plus) or stripped.startswith((f"{plus}=", plus * 2)):
                return glue
            self.after_plus = True
            place = len(glue) - len(stripped) + 1
        return self._walk(glue, place)

    def _is_appended_to(self, glue: str) -> bool:
        """Whether the code only appends the next string to this one."""
        appends = self.language.appends.fullmatch(glue) if self.language.appends else None
        if appends is None:
            return False
        said = appends.groupdict()
        variable = said.get("name") or said.get("variable")
        if variable is not None and variable != self._variable():
            return False
        self.expression = (said.get("hole") or "").strip()
        return True

    def _variable(self) -> str | None:
        """What the string is assigned or appended to."""
        before = _VARIABLE.search(self.source, max(0, self.start - 80), self.start)
        return before["name"] if before else None

    def _walk(self, glue: str, place: int) -> str | None:
        begin = place
        for at in range(place, len(glue)):
            character = glue[at]
            if character in "([{":
                self.depth += 1
            elif character in ")]}":
                if self.depth == 0:
                    self.expression += glue[begin:at]
                    return glue[at:]
                self.depth -= 1
            elif self.depth == 0:
                if character in ",;" or (character == "\n" and self._ends_line(glue, begin, at)):
                    self.expression += glue[begin:at]
                    return glue[at:]
                if character == self.language.plus:
                    self.expression += glue[begin:at]
                    self._hole()
                    begin = at + 1
        self.expression += glue[begin:]
        self.expects_string = self.depth == 0 and not self.expression.strip()
        return None

    def _ends_line(self, glue: str, begin: int, at: int) -> bool:
        """Whether an expression ends with its line: something was said, and the next line does not go on with `+`."""
        said = (self.expression + glue[begin:at]).strip()
        return bool(said) and not glue[at:].lstrip().startswith((self.language.plus or "+", "."))

    def _hole(self) -> None:
        said = self.expression.strip()
        if said:
            self.builder.add(HOLE, self.end, 0)
            self.expressions.append(said)
        self.expression = ""

    def closed(self) -> Literal:
        self._hole()
        text = self.builder.built(self.start)
        return Literal(text=text, start=self.start, end=self.end, expressions=tuple(self.expressions))
