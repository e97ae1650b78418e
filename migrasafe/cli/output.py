"""Where a report goes: standard output, or a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from migrasafe.cli.terminal import put
from migrasafe.errors import InputError


def write(report: Iterable[str], output: str | None) -> None:
    """Prints the report, which is a text or pieces of one, or writes it to `output`. Raises InputError for a file that cannot
    be written."""
    pieces = (report,) if isinstance(report, str) else report
    if output is None:
        for piece in pieces:
            put(piece)
        return
    try:
        with Path(output).open("w", encoding="utf-8") as file:
            file.writelines(pieces)
    except OSError as error:
        raise InputError(f"--output {output}: cannot be written: {error.strerror or error}") from error
