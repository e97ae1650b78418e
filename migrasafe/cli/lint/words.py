"""Reads the words behind `migrasafe lint` where there is nothing to say about them.

Hooks and editors start us for every file, and what click imports takes as long as judging a migration. So what is spelled out
and right is read here; everything else, mistakes and help among them, is left to click.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from migrasafe.cli.lint.options import SECTIONS, Option


def read_words(words: Sequence[str]) -> dict[str, Any] | None:
    """The settings by name, as click would hand them over; None where click has to look."""
    options = [option for _, section in SECTIONS for option in section]
    known = {name: option for option in options for name in (option.name, option.short) if name}
    settings: dict[str, Any] = {option.setting: () if option.many else option.default for option in options}
    paths: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "-" or not word.startswith("-"):
            paths.append(word)
            continue
        name, equals, value = word.partition("=")
        option = known.get(name)
        if option is None or (equals and (option.flag or not name.startswith("--"))):
            return None
        read = True if option.flag else _value(option, value if equals else next(rest, ""))
        if read is None:
            return None
        before = settings[option.setting]
        settings[option.setting] = (*before, read) if isinstance(before, tuple) else read
    return {"paths": tuple(paths), **settings}


def _value(option: Option, value: str) -> str | int | None:
    """None: click has to look. A path has to be held against the disk; what is empty or begins like an option is a mistake."""
    if option.file or not value or value.startswith("-"):
        return None
    if option.choices:
        return value if value in option.choices else None
    if option.least is None:
        return value
    number = int(value) if value.isascii() and value.isdecimal() and len(value) < _LONGEST else -1
    return number if option.least <= number and (option.most is None or number <= option.most) else None


_LONGEST = 10
"""Digits that int() takes without a thought."""
