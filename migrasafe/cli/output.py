"""Where a report goes: standard output, or a file."""

from __future__ import annotations

from pathlib import Path

from migrasafe.cli.terminal import put
from migrasafe.errors import InputError


def write(report: str, output: str | None) -> None:
    """Prints the report, or writes it to `output`. Raises InputError for a file that cannot be written."""
    if output is None:
        put(report)
        return
    try:
        Path(output).write_text(report, encoding="utf-8")
    except OSError as error:
        raise InputError(f"--output {output}: cannot be written: {error.strerror or error}") from error
