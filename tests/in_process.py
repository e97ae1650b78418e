"""The command line without a process of its own: as fast as a call, with what it prints and how it ends."""

from __future__ import annotations

import gc
import io
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

from migrasafe.cli import main


class Ran(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def migrasafe(folder: Path, *arguments: str) -> Ran:
    """Runs `migrasafe` with these arguments in a folder."""
    out, err, argv = io.StringIO(), io.StringIO(), sys.argv
    sys.argv = ["migrasafe", *arguments]
    status: object = 0
    try:
        with chdir(folder), redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as ended:
        status = ended.code
    finally:
        sys.argv = argv
        gc.enable()  # which lint turns off for its own process
    assert isinstance(status, int)
    return Ran(status, out.getvalue(), err.getvalue())
