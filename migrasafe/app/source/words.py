"""The words of an app's programs, looked up only when somebody asks: which line names this constraint, this column?"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from migrasafe.app.model import Mention, folded
from migrasafe.app.source.file_scan import SourceText
from migrasafe.sql.statements import Span

_WORD = re.compile(r"[A-Za-z_\u0080-\uffff]\w{2,}")
_MOST_MENTIONS = 5
_DEFINES = re.compile(
    r"\b(?:(?:Unique|Check|ForeignKey|PrimaryKey|Exclude|Exclusion)Constraint|Index|ForeignKey|(?:Gin|Gist|BTree|Brin|Hash)Index)\("
)
"""Calls in models that say what a constraint or an index is: the running app does not name it thereby."""
_QUOTES = "'\"`"


class WordSource(NamedTuple):
    """A program, and where in it the literals stand whose SQL is known as queries."""

    source: SourceText
    queries: Sequence[Span]


def without_definitions(source: SourceText, queries: Sequence[Span]) -> WordSource:
    """The words of a Python program, without those by which its models define constraints and indexes."""
    spans = list(queries)
    for call in _DEFINES.finditer(source.text):
        depth, place = 1, call.end()
        while depth and place < len(source.text):
            depth += {"(": 1, ")": -1}.get(source.text[place], 0)
            place += 1
        spans.append(Span(call.start(), place))
    return WordSource(source, sorted(spans))


class Words(Mapping[str, tuple[Mention, ...]]):
    """The first mentions of each word, by its folded form. The index is made on the first look."""

    def __init__(self, programs: Sequence[WordSource]) -> None:
        self._programs = programs
        self._index: dict[str, list[tuple[int, str]]] | None = None
        """The programs (by number) and the spellings in which a folded word occurs."""

    def __getitem__(self, key: str) -> tuple[Mention, ...]:
        mentions: list[Mention] = []
        for number, spelling in self._indexed().get(key, ()):
            mentions += self._mentions(self._programs[number], spelling)
            if len(mentions) >= _MOST_MENTIONS:
                break
        if not mentions:
            raise KeyError(key)
        return tuple(mentions[:_MOST_MENTIONS])

    def __iter__(self) -> Iterator[str]:
        return (key for key in self._indexed() if key in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and any(
            self._mentions(self._programs[number], spelling) for number, spelling in self._indexed().get(key, ())
        )

    def _indexed(self) -> dict[str, list[tuple[int, str]]]:
        if self._index is None:
            index: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
            for number, program in enumerate(self._programs):
                for spelling in sorted(set(_WORD.findall(program.source.text))):
                    index[folded(spelling)].append((number, spelling))
            self._index = dict(index)
        return self._index

    def _mentions(self, program: WordSource, spelling: str) -> list[Mention]:
        text = program.source.text
        starts = [span.start for span in program.queries]
        found: list[Mention] = []
        for match in re.finditer(rf"(?<!\w){re.escape(spelling)}(?!\w)", text):
            at = match.start()
            number = bisect_right(starts, at) - 1
            if number >= 0 and at < program.queries[number].end:
                continue
            quoted = text[at - 1 : at] in _QUOTES and text[match.end() : match.end() + 1] == text[at - 1 : at] != ""
            found.append(Mention(spelling, program.source.location(at), quoted))
            if len(found) == _MOST_MENTIONS:
                break
        return found
