"""What can go wrong that is not our bug: every message names the file, line or option, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")


class MigrasafeError(Exception):
    """Base of all errors that end a command with one sentence and exit status 2."""


class InputError(MigrasafeError):
    """A file, folder, option or schema source that cannot be used."""


class ConfigError(MigrasafeError):
    """A key or value in the config that we do not know."""


class AmbiguousLayoutError(InputError):
    """A folder that several migration tools could own; the message names them and the option that decides."""


class RenderError(InputError):
    """A migration that had to be run to be read, and could not be."""


class ServerError(MigrasafeError):
    """A PostgreSQL server that is missing, unreachable or of the wrong version."""


class TooDeepInputError(InputError):
    """Input nested more deeply than can be followed: thousands of blocks in blocks, or of views over views."""


def is_too_deep(error: BaseException) -> bool:
    """Whether Python's stack was not deep enough, also where a library in C or Rust was told so and says it its own way."""
    return isinstance(error, RecursionError) or "RecursionError" in str(error)


def every(items: Iterable[Item], read: Callable[[Item], Value], most: int = 20) -> list[Value]:
    """What `read` makes of each. Raises one ConfigError with what it says of all that are wrong, or of the first `most`."""
    values: list[Value] = []
    problems: list[str] = []
    for item in items:
        try:
            values.append(read(item))
        except ConfigError as error:
            problems.append(str(error))
        if len(problems) == most:
            problems.append("what follows was not looked at")
            break
    if problems:
        raise ConfigError("; ".join(problems))
    return values


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """`did you mean x?` where one of the known words, or its beginning, is close, else the other hint."""
    close = closest(word, known)
    return f"did you mean {close}?" if close else otherwise


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is meant: the one that is most like `word`, whole or as far as it was written; None: none is."""
    from difflib import SequenceMatcher  # here, because a run without a mistake does not need it

    def likeness(one: str) -> float:
        return max(SequenceMatcher(None, word, part).ratio() for part in (one, one[: len(word)]))

    best = max(sorted(known), key=likeness, default="") if 0 < len(word) <= _LONGEST else ""
    return best if best and likeness(best) >= _ALIKE else None


_ALIKE = 0.6
"""Of 1.0, as `difflib.get_close_matches` has it."""
_LONGEST = 200
"""Characters of a word: the time that a comparison takes grows with their square."""
