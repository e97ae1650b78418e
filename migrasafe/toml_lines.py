"""Where a key stands in the text of a TOML file, which tomllib does not say."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from migrasafe.regex import regex

Key = str | int
"""The name of a key, or the number of an element in a list."""

_TOKENS = regex(
    r'''(?s)"""(?:\\.|[^\\])*?""""{0,2}|"(?:\\.|[^"\\\n])*"'''
    r"""|'''.*?''''{0,2}|'[^'\n]*'"""
    r"""|\#[^\n]*|[\[\]{},=.\n]|[^\s\[\]{},=.#"']+""",
)


class _Node:
    """A table, list or value: where it is first spoken of, and what is in it."""

    __slots__ = ("line", "under")

    def __init__(self, line: int) -> None:
        self.line = line
        self.under: dict[Key, _Node] = {}

    def at(self, key: Key, line: int) -> _Node:
        """What is under a key, which may be spoken of here for the first time."""
        return self.under.get(key) or self.under.setdefault(key, _Node(line))

    @property
    def last(self) -> _Node:
        """Itself, or the newest table of an array of tables, which is the one that headers go on with."""
        return self.under.get(len(self.under) - 1, self)


def line_of(text: str, keys: Sequence[Key]) -> int | None:
    """The line, from 1, on which a key is first spoken of, or that of the table or list that it would be in; None where that
    is the whole file. The text is one that tomllib reads.
    """
    node = _read(text)
    for key in keys:
        if key not in node.under:
            break
        node = node.under[key]
    return node.line or None


def is_there(text: str, keys: Sequence[Key]) -> bool:
    """Whether the text speaks of a key."""
    node: _Node | None = _read(text)
    for key in keys:
        node = node.under.get(key) if node is not None else None
    return node is not None


def first_deeper(text: str, levels: int) -> int | None:
    """The first line on which brackets and the parts of a dotted key are nested more deeply than this."""
    depth = parts = 0
    for token, line in _tokens(text):
        if token == ".":
            parts += 1
        elif token in ("[", "{"):
            depth, parts = depth + 1, 0
        elif token in ("]", "}"):
            depth, parts = depth - 1, 0
        elif token in (",", "=", "\n"):
            parts = 0
        if depth + parts > levels:
            return line
    return None


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Strings, words, signs and ends of lines, each with the line on which it begins; comments are left out."""
    line = 1
    for match in _TOKENS.finditer(text):
        token = match[0]
        if not token.startswith("#"):
            yield token, line
        line += token.count("\n")


@lru_cache(maxsize=1)
def _read(text: str) -> _Node:
    """All keys of a text. Nothing here calls itself: a list may be nested as deeply as tomllib reads."""
    root = _Node(0)
    within: list[_Node] = [root]
    """The table of the last header, and the lists and inline tables that are open."""
    counts: list[int | None] = [None]
    """Of each, which element is next; None for a table."""
    value = root
    """What the key, or the place in the list, leads to."""
    key: list[str] = []
    is_key = True
    tokens = _tokens(text)
    for token, line in tokens:
        if is_key and token == "[":
            within[0] = _header(root, tokens, line)
        elif is_key and token == "=":
            value, key, is_key = _descend(within[-1], key, line), [], False
        elif is_key and token not in (".", ",", "\n", "}"):
            key.append(_name(token))
        elif token in ("[", "{"):
            within.append(_element(within[-1], counts[-1], line) or value)
            counts.append(0 if token == "[" else None)
            is_key = token == "{"
        elif token in ("]", "}"):
            within.pop()
            counts.pop()
            is_key = False
        elif token == "," and counts[-1] is not None:
            counts[-1] += 1
        elif token in (",", "\n"):
            is_key = is_key or (counts[-1] is None and (token == "," or len(within) == 1))
        elif token != ".":
            _element(within[-1], counts[-1], line)
    return root


def _element(list_: _Node, number: int | None, line: int) -> _Node | None:
    """The element of a list that begins here; None in a table."""
    return None if number is None else list_.at(number, line)


def _header(root: _Node, tokens: Iterator[tuple[str, int]], line: int) -> _Node:
    """What `[a."b".c]` or `[[a.b]]` leads to; its first bracket has been read."""
    names: list[str] = []
    is_array = False
    for token, _ in tokens:
        if token in ("]", "\n"):
            break
        if token == "[":
            is_array = True
        elif token != ".":
            names.append(_name(token))
    if is_array:
        next(tokens, None)  # its second bracket
    node = root
    for name in names:
        node = node.last.at(name, line)
    return node.at(len(node.under), line) if is_array else node


def _descend(table: _Node, names: Iterable[str], line: int) -> _Node:
    for name in names:
        table = table.at(name, line)
    return table


def _name(token: str) -> str:
    if token.startswith('"'):
        return next(iter(tomllib.loads(f"{token} = 0")))
    return token.strip("'")
