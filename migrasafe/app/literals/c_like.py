"""String literals of Go, Java, Kotlin, Rust, JavaScript and TypeScript."""

from __future__ import annotations

import re

from migrasafe.app.literals.escapes import add_escaped
from migrasafe.app.literals.holes import end_of_braces
from migrasafe.app.literals.model import PLUS_EQUALS, Language, StringRead
from migrasafe.app.source.placed_text import HOLE, PlacedTextBuilder, whole
from migrasafe.sql.statements import Span

_COMMENT = r"(?P<COMMENT>//[^\n]*|/\*(?:[^*]|\*(?!/))*+(?:\*/)?)"
_DOUBLE = re.compile(r'"((?:[^"\\\n]|\\.)*+)"', re.DOTALL)
_SINGLE = re.compile(r"'((?:[^'\\\n]|\\.)*+)'", re.DOTALL)
_MULTI_LINE_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_TEXT_BLOCK = re.compile(r'"""((?:[^"\\]|\\.|"(?!""))*+)"""', re.DOTALL)
_KOTLIN_PART = {
    '"': re.compile(r'\\.|"|\n|\$\{|\$[A-Za-z_]\w*', re.DOTALL),
    '"""': re.compile(r'"{3,}|\$\{|\$[A-Za-z_]\w*'),
}
_TEMPLATE_PART = re.compile(r"\\.|`|\$\{", re.DOTALL)


def _escaped(text: str, match: re.Match[str] | None, start: int, *, skip_indent: bool = False) -> StringRead | int:
    """A literal whose content is group 1 of its match; a lone quote is no literal."""
    if match is None:
        return start + 1
    builder = PlacedTextBuilder()
    add_escaped(builder, text, *match.span(1), skip_indent=skip_indent)
    return StringRead(match.end(), builder.built(match.start(1)))


# --- Go ---------------------------------------------------------------------------------------------------------------


def _read_go(text: str, match: re.Match[str], stop: int) -> StringRead | int:
    if match.lastgroup == "COMMENT":
        return match.end()
    start = match.start()
    if text[start] == "`":
        end = text.find("`", start + 1, stop)
        return StringRead(end + 1, whole(text[start + 1 : end], start + 1)) if end >= 0 else start + 1
    return _escaped(text, _DOUBLE.match(text, start, stop), start)


GO = Language(
    name="Go",
    appends=PLUS_EQUALS,
    token=re.compile(_COMMENT + r"""|(?P<RUNE>'(?:\\[^\n]{1,10}|[^\\\n])')|["`]"""),
    read=lambda t, m, s: m.end() if m.lastgroup == "RUNE" else _read_go(t, m, s),
)

# --- Java and Kotlin --------------------------------------------------------------------------------------------------


def _read_java(text: str, match: re.Match[str], stop: int) -> StringRead | int:
    if match.lastgroup is not None:
        return match.end()
    start = match.start()
    if text.startswith('"""', start) and (block := _TEXT_BLOCK.match(text, start, stop)):
        return _escaped(text, block, start)
    return _escaped(text, _DOUBLE.match(text, start, stop), start)


_APPENDS = re.compile(
    r"\s*\)(?:\s*\.append\((?P<hole>[^\"'();]*(?:\([^\"'();]*\))?)\))?\s*;?\s*(?P<name>\w+)?\s*\.append\(\s*"
    r"|\s*;?\s*(?P<variable>[\w.]+)\s*\+=\s*"
)
_JAVA_TOKEN = re.compile(_COMMENT + r"""|(?P<CHARACTER>'(?:\\[^\n]{1,6}|[^\\\n])')|\"""")
JAVA = Language(name="Java", token=_JAVA_TOKEN, read=_read_java, appends=_APPENDS)


def _read_kotlin(text: str, match: re.Match[str], stop: int) -> StringRead | int:
    if match.lastgroup is not None:
        return match.end()
    quote = '"""' if text.startswith('"""', match.start()) else '"'
    start = place = match.start() + len(quote)
    builder = PlacedTextBuilder()
    expressions: list[Span] = []
    while part := _KOTLIN_PART[quote].search(text, place, stop):
        found = part.group()
        builder.add(text[place : part.start()], place)
        place = part.end()
        if found == "\n":
            break
        if found.startswith(quote):  # a raw string may end with quotes of its own
            builder.add(found[: -len(quote)], part.start())
            return StringRead(place, builder.built(start), tuple(expressions))
        if found.startswith("\\"):
            add_escaped(builder, text, part.start(), place)
            continue
        builder.add(HOLE, part.start(), 0)
        if found == "${":
            place = end_of_braces(text, place, stop)
            expressions.append(Span(part.end(), max(part.end(), place - 1)))
        else:
            expressions.append(Span(part.start() + 1, place))
    return match.start() + 1


KOTLIN = Language(name="Kotlin", token=_JAVA_TOKEN, read=_read_kotlin, appends=_APPENDS)

# --- Rust -------------------------------------------------------------------------------------------------------------


def _read_rust(text: str, match: re.Match[str], stop: int) -> StringRead | int:
    if match.lastgroup in ("COMMENT", "CHARACTER"):
        return match.end()
    if match["hashes"] is not None:
        end = text.find(f'"{match["hashes"]}', match.end(), stop)
        return (
            StringRead(end + 1 + len(match["hashes"]), whole(text[match.end() : end], match.end()))
            if end >= 0
            else match.end()
        )
    return _escaped(text, _MULTI_LINE_DOUBLE.match(text, match.end() - 1, stop), match.end() - 1, skip_indent=True)


_RUST_TESTS = re.compile(r"^#\[cfg\(test\)\]\s*(?:pub\s+)?mod\s+\w+\s*\{.*?(?:^\}|\Z)", re.DOTALL | re.MULTILINE)


def _rust_without_tests(text: str) -> tuple[Span, ...]:
    """The code that is not compiled for tests only; such modules stand at the end of a file."""
    starts, ends = [0], []
    for tests in _RUST_TESTS.finditer(text):
        ends.append(tests.start())
        starts.append(tests.end())
    return tuple(Span(start, end) for start, end in zip(starts, [*ends, len(text)], strict=True))


RUST = Language(
    name="Rust",
    sections=_rust_without_tests,
    token=re.compile(
        _COMMENT + r"""|(?P<CHARACTER>'(?:\\[^\n]{1,10}|[^\\\n])')|\b[bc]?r(?P<hashes>\#*)"|(?:\b[bc])?\""""
    ),
    read=_read_rust,
    plus=None,
)

# --- JavaScript and TypeScript ----------------------------------------------------------------------------------------

# A slash begins a regular expression where no value stands before it.
_REGEX = r"(?P<REGEX>(?<=[=(,:\[!&|?{};\n+])[ \t]*/(?![/*])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*)"


def _read_javascript(text: str, match: re.Match[str], stop: int) -> StringRead | int:
    if match.lastgroup is not None:
        return match.end()
    start = match.start()
    if text[start] == "`":
        return _read_template(text, start + 1, stop)
    return _escaped(text, (_DOUBLE if text[start] == '"' else _SINGLE).match(text, start, stop), start)


def _read_template(text: str, place: int, stop: int) -> StringRead:
    builder, start = PlacedTextBuilder(), place
    expressions: list[Span] = []
    while part := _TEMPLATE_PART.search(text, place, stop):
        add_escaped(builder, text, place, part.start())
        if part.group() == "`":
            return StringRead(part.end(), builder.built(start), tuple(expressions))
        if part.group() == "${":
            after = end_of_braces(text, part.end(), stop)
            builder.add(HOLE, part.start(), 0)
            expressions.append(Span(part.end(), max(part.end(), after - 1)))
            place = after
        else:
            add_escaped(builder, text, part.start(), part.end())
            place = part.end()
    return StringRead(stop, builder.built(start), tuple(expressions))


JAVASCRIPT = Language(
    name="JavaScript",
    appends=PLUS_EQUALS,
    token=re.compile(_COMMENT + "|" + _REGEX + r"""|(?<!\w)["']|`"""),
    read=_read_javascript,
)
