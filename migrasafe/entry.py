"""Where the program starts and ends: what Python does around a run costs as much as a small run itself."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from contextlib import suppress


def start() -> None:
    """Run the command line, without looking for garbage among modules that are just being read; then end the process, at
    once where that can be, without taking apart all that the run has made."""
    gc.disable()  # commands that run for long turn it on again
    from migrasafe.cli import main

    try:
        main()
    except SystemExit as ended:
        if threading.active_count() > 1 or not isinstance(ended.code, int):
            raise
        atexit._run_exitfuncs()  # what has to be cleaned up is; the rest is for the system
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, AttributeError):  # a full disk, or none at all, which was told of already
                stream.flush()
        os._exit(ended.code)
