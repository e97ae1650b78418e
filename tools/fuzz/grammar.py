"""Reads ddl.grammar: names, and what each of them can be written as."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeAlias

GRAMMAR = Path(__file__).with_name("ddl.grammar")


class Slot(NamedTuple):
    """A name in an alternative."""

    name: str
    maybe: bool
    """There one time in three."""


Alternative: TypeAlias = tuple[str | Slot, ...]
Grammar: TypeAlias = dict[str, tuple[Alternative, ...]]

_SLOT = re.compile(r"<([a-z_]+)(\??)>")
_WEIGHT = re.compile(r"(\d+) \* ")


@cache
def read_grammar(path: Path = GRAMMAR) -> Grammar:
    """Each name with its alternatives, those of weight N standing there N times. Raises ValueError for a line that is
    neither a name, an alternative nor a comment."""
    found: dict[str, list[Alternative]] = {}
    name = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith("    "):
            name = line.strip()
            found[name] = []
            continue
        if name is None:
            raise ValueError(f"{path.name}:{number}: an alternative before any name")
        text = line.removeprefix("    ")
        weight = _WEIGHT.match(text)
        times = int(weight[1]) if weight else 1
        found[name].extend([_pieces(text[weight.end() :] if weight else text)] * times)
    return {name: tuple(alternatives) for name, alternatives in found.items()}


def slots_of(grammar: Grammar) -> set[str]:
    """Every name that an alternative refers to."""
    return {
        piece.name
        for alternatives in grammar.values()
        for one in alternatives
        for piece in one
        if isinstance(piece, Slot)
    }


def _pieces(text: str) -> Alternative:
    pieces: list[str | Slot] = []
    at = 0
    for match in _SLOT.finditer(text):
        if match.start() > at:
            pieces.append(text[at : match.start()])
        pieces.append(Slot(match[1], bool(match[2])))
        at = match.end()
    if at < len(text):
        pieces.append(text[at:])
    return tuple(pieces)
