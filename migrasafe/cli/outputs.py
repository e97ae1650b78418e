"""Which reports a run writes, and where: `--format` says what is printed, each `--output FORMAT=FILE` adds a file."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.errors import InputError, did_you_mean
from migrasafe.regex import regex

_WITH_FORMAT = regex(r"(?P<format>[a-z]+)=(?P<file>.+)", re.DOTALL)


class Output(Struct, frozen=True, kw_only=True):
    """One report."""

    format: str
    file: str | None
    """None: standard output."""


def outputs(report: str, given: Sequence[str], formats: Collection[str]) -> tuple[Output, ...]:
    """What `--format` and the values of `--output` ask for. A FILE alone takes the place of the screen; beside reports with
    a format of their own the screen gets one too. Raises InputError."""
    files: list[Output] = []
    screen = Output(format=report, file=None)
    alone = ""
    for value in given:
        match = _WITH_FORMAT.fullmatch(value)
        if match is not None and match["format"] not in formats:
            hint = did_you_mean(match["format"], formats, f"known are {', '.join(formats)}")
            raise InputError(f"--output {value}: there is no format {match['format']}; {hint}")
        if match is not None:
            files.append(Output(format=match["format"], file=match["file"]))
            continue
        if alone:
            raise InputError(f"--output {value}: {alone} takes the report already; give more as FORMAT=FILE")
        alone, screen = value, Output(format=report, file=value)
    twice = {one.file for one in files if [screen.file, *(other.file for other in files)].count(one.file) > 1}
    if twice:
        raise InputError(
            f"--output: {sorted(filter(None, twice))[0]} is given twice; each report needs a file of its own"
        )
    return tuple(replace(one, file=None) if one.file == "-" else one for one in (screen, *files))
