"""The SQL in a Go migration: the string literals that its up function executes, at their own positions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from migrasafe.migrations.model import Notice
from migrasafe.regex import regex
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Span

_SKIP = regex(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|`[^`]*`|\'(?:\\.|[^\'\\])+\'', re.DOTALL)
_REGISTER = regex(r"\bAdd(?P<named>Named)?Migration(?P<no_tx>NoTx)?(?:Context)?\s*\(")
_EXECUTE = regex(r"(?<=\.)(?:Exec|Query|QueryRow|MustExec|Prepare)(?:Context)?\s*\(")
_LITERAL = regex(r'"(?:\\.|[^"\\\n])*"|`[^`]*`')
_LITERALS = regex(r'(?:"(?:\\.|[^"\\\n])*"|`[^`]*`)(?:\s*\+\s*(?:"(?:\\.|[^"\\\n])*"|`[^`]*`))*', re.DOTALL)
_NAME = regex(r"[A-Za-z_]\w*(?:\.\w+)*")
_CONTEXT = regex(r"^(?:ctx|context\.\w+\(\s*\)|\w*[cC]tx)$")


class GoMigration(Struct, frozen=True, kw_only=True):
    """A Go file with everything but its SQL blanked, and one section for each text that is executed."""

    source: Source
    sections: tuple[Span, ...]
    in_transaction: bool = True
    notices: tuple[Notice, ...] = ()


def read_go(source: Source) -> GoMigration:
    """The SQL that the up function executes, as far as it is written out; the rest are blocking notices."""
    return _Reader(source).run()


class _Reader:
    """One file: its text, and the same with comments and literals blanked, for finding code."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.code = _SKIP.sub(lambda match: _blank(match.group()), source.text)
        self.sections: list[Span] = []
        self.notices: list[Notice] = []

    def run(self) -> GoMigration:
        registered = _REGISTER.search(self.code)
        if registered is None:
            self.unread(0, "registers no migration with goose that migrasafe can see")
            return self.result(in_transaction=True)
        arguments = list(self.arguments(registered.end()))
        up = arguments[1 if registered["named"] else 0] if len(arguments) > bool(registered["named"]) else None
        body = self.body(up) if up else None
        if body is None and (up is None or self.code[up.start : up.end].strip() != "nil"):
            self.unread(registered.start(), "registers an up function that is not in this file")
        if body is not None:
            self.read_body(body)
        return self.result(in_transaction=not registered["no_tx"])

    def result(self, *, in_transaction: bool) -> GoMigration:
        kept = list(_blank(self.text))
        for section in self.sections:
            for literal in _LITERAL.finditer(self.text, section.start, section.end):
                kept[literal.start() : literal.end()] = _content(literal.group())
        return GoMigration(
            source=Source(path=self.source.path, text="".join(kept), written=self.source.written),
            sections=tuple(self.sections),
            in_transaction=in_transaction,
            notices=tuple(self.notices),
        )

    def body(self, up: Span) -> Span | None:
        """The body of the up function: written in place, or declared under its name."""
        written = self.code[up.start : up.end].strip()
        if written.startswith("func"):
            opening = self.code.find("{", up.start, up.end)
        else:
            declared = re.search(rf"\bfunc\s+{re.escape(written)}\s*\(", self.code)
            if declared is None:
                return None
            opening = self.code.find("{", self.closing(declared.end() - 1))
        return Span(opening + 1, self.closing(opening)) if opening >= 0 else None

    def read_body(self, body: Span) -> None:
        handle = self.handle(body)
        for call in re.finditer(r"(?:(?<=\.)|\b)[A-Za-z_]\w*\s*\(", self.code[body.start : body.end]):
            start = body.start + call.start()
            executes = _EXECUTE.match(self.code, start)
            arguments = list(self.arguments(body.start + call.end()))
            if executes:
                self.read_call(start, arguments)
            elif any(self.code[one.start : one.end].strip() == handle for one in arguments):
                name = call.group().rstrip("( ")
                self.unread(start, f"{name}() gets the connection: the SQL that it runs is not in this function")

    def handle(self, body: Span) -> str:
        """The name of the parameter that is the transaction or the connection."""
        before = self.code[max(0, body.start - 300) : body.start]
        found = re.findall(r"(\w+)\s+\*?(?:sql|sqlx|pgx)\.\w+", before)
        return found[-1] if found else "tx"

    def read_call(self, start: int, arguments: list[Span]) -> None:
        """The first argument that is no context is the SQL."""
        sql = next((one for one in arguments if not _CONTEXT.match(self.text[one.start : one.end].strip())), None)
        if sql is None:
            return
        written = self.text[sql.start : sql.end].strip()
        begin = self.text.index(written, sql.start) if written else sql.start
        if _LITERALS.fullmatch(written):
            self.sections.append(Span(begin, begin + len(written)))
        elif _NAME.fullmatch(written) and (literal := self.value(written)):
            self.sections.append(literal)
        else:
            self.unread(
                start, f"executes {written}, which is put together when it runs: what it does is not known here"
            )

    def value(self, name: str) -> Span | None:
        """The literal that a name stands for, where it is given one only once."""
        given = [
            match
            for match in re.finditer(rf"\b{re.escape(name)}\s*(?:string\s*)?:?=(?!=)\s*", self.code)
            if self.code[match.end() - 1] != "!"
        ]
        if len(given) != 1:
            return None
        literal = _LITERALS.match(self.text, self.skip_space(given[0].end(), given[0].start()))
        return Span(literal.start(), literal.end()) if literal else None

    def skip_space(self, end: int, start: int) -> int:
        """Where the value begins: blanked literals look like the space before them."""
        equals = self.text.index("=", start, end)
        return equals + 1 + len(self.text[equals + 1 :]) - len(self.text[equals + 1 :].lstrip())

    def arguments(self, start: int) -> Iterator[Span]:
        """The arguments of a call whose parenthesis opened just before `start`."""
        depth, begin = 0, start
        for place in range(start, len(self.code)):
            character = self.code[place]
            if character in "([{":
                depth += 1
            elif character in ")]}":
                if depth == 0:
                    if self.text[begin:place].strip():
                        yield Span(begin, place)
                    return
                depth -= 1
            elif character == "," and depth == 0:
                yield Span(begin, place)
                begin = place + 1

    def closing(self, opening: int) -> int:
        depth = 0
        for place in range(opening, len(self.code)):
            if self.code[place] in "([{":
                depth += 1
            elif self.code[place] in ")]}":
                depth -= 1
                if depth == 0:
                    return place
        return len(self.code)

    def unread(self, offset: int, message: str) -> None:
        line = self.source.position(offset)[0]
        self.notices.append(Notice(path=self.source.path, line=line, message=message, blocking=True))


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _content(literal: str) -> str:
    """What a literal says, as long as it is written: quotes and escapes become spaces, escaped quotes keep their place."""
    if literal.startswith("`"):
        return f" {literal[1:-1]} "
    quotes = 0

    def unescaped(match: re.Match[str]) -> str:
        nonlocal quotes
        character = match.group()[1]
        if character == '"':
            quotes += 1
            return ' "' if quotes % 2 else '" '
        return "\\ " if character == "\\" else "  "

    return " " + re.sub(r"\\.", unescaped, literal[1:-1]) + " "
