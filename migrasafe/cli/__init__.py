"""The command line: parses options, prints, and decides nothing but the exit status.

0 fine · 1 findings at or above --fail-on · 2 the input cannot be used · 3 a bug of ours.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from types import ModuleType
from typing import cast

from migrasafe import __version__
from migrasafe.cli.terminal import put, say
from migrasafe.errors import MigrasafeError, is_too_deep

_COMPLETION = "_MIGRASAFE_COMPLETE"
"""Set by a shell that wants to know what can follow: click answers, and exits."""
_LONGEST_NAME = 200
_ASCII = ("ascii", "us-ascii", "ansi_x3.4-1968")
"""What a system without a locale says, where UTF-8 is read all the same."""
_INTERRUPTED = 130
_READER_HAS_GONE = 141
"""As shells say of a program that a signal ended: 128 and the number of SIGPIPE."""
_INSUFFICIENT_PRIVILEGE = "42501"
_NOT_WRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
"""A full or broken disk, a limit, a stream that is closed; where a file has a name, the error has it too."""


def main() -> None:
    """The command line: turns every outcome into an exit status, and never shows a traceback."""
    if sys.stderr is None:  # it is closed: what nobody wants to read must not change the status
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - until the process ends; nothing else here needs pathlib
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files can hold what an encoding cannot
            known = stream.encoding if stream.encoding.lower() not in _ASCII else "utf-8"
            stream.reconfigure(encoding=known, errors="backslashreplace")
    if sys.stdout is None:
        _say("standard output is closed; send it somewhere, such as to /dev/null")
        sys.exit(2)
    try:
        status = _run(sys.argv[1:])
        sys.stdout.flush()
    except MigrasafeError as error:
        _say(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        with suppress(OSError):
            put("\n", err=True)
        sys.exit(_INTERRUPTED)
    except (BrokenPipeError, SystemExit) as error:
        if isinstance(error, SystemExit) and _COMPLETION in os.environ:
            sys.exit(error.code)
        # Whoever read our output has gone; click turns that into SystemExit. A flush at exit must not complain of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(_READER_HAS_GONE)
    except MemoryError:
        _say("there is not enough memory for this: lint fewer or smaller files at a time")
        sys.exit(2)
    except BaseException as error:  # a panic of a library in Rust is no Exception
        if isinstance(error, OSError) and error.filename is not None and not os.environ.get("MIGRASAFE_DEBUG"):
            name = str(error.filename)
            _say(f"{name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME] + '…'}: {error.strerror or error}")
            sys.exit(2)
        if isinstance(error, OSError) and error.errno in _NOT_WRITTEN:
            _say(f"the output could not be written: {error.strerror or error}")
            sys.exit(2)
        if isinstance(error, FileNotFoundError) and not _has_folder():
            _say("the folder that it was started in is gone: change to one that is there, and run it again")
            sys.exit(2)
        if getattr(error, "sqlstate", None) == _INSUFFICIENT_PRIVILEGE:
            said = str(error).partition("\n")[0]
            _say(f"the server refuses: {said}; docs/security.md lists what the role of each command needs")
            sys.exit(2)
        if isinstance(error, ImportError) and "psycopg '" in str(error):
            _say("psycopg finds no libpq here: pip install 'psycopg[binary]', or install libpq (Debian: libpq5)")
            sys.exit(2)
        if is_too_deep(error):
            _say("something in the input is nested too deeply to be followed: thousands of levels; split it")
            sys.exit(2)
        if os.environ.get("MIGRASAFE_DEBUG"):
            import traceback

            from migrasafe.dsn import without_secrets

            put(without_secrets(traceback.format_exc()), err=True)
            sys.exit(3)
        _say(
            f"this is a bug in migrasafe {__version__}: {type(error).__name__}: {error}. Please report it, with the file "
            "that shows it and what MIGRASAFE_DEBUG=1 prints"
        )
        sys.exit(3)
    sys.exit(status)


def _has_folder() -> bool:
    """Whether there is a working folder: it can be removed while a shell stands in it."""
    try:
        os.getcwd()  # noqa: PTH109  (nothing else here needs pathlib)
    except FileNotFoundError:
        return False
    return True


def _run(words: Sequence[str]) -> int:
    """What hooks and editors ask for all day is carried out without click, which takes as long to import as that takes."""
    expands = os.name == "nt"  # where click fills in what * stands for
    if words[:1] == ["lint"] and not expands and _COMPLETION not in os.environ:
        _import_msgspec()
        from migrasafe.cli.lint.words import read_words

        settings = read_words(words[1:])
        if settings is not None:
            from migrasafe.cli.lint.answer import answer

            return answer(**settings)
    from migrasafe.cli.commands import run

    return run(words)


def _import_msgspec() -> None:
    """Without typing_extensions, which alembic brings: msgspec takes from it, where it is there, what `typing` has by itself
    since Python 3.11, and that import takes a tenth of a small run."""
    if "typing_extensions" in sys.modules:
        return
    sys.modules["typing_extensions"] = cast("ModuleType", None)  # how an import is told that a module is not there
    try:
        import msgspec  # noqa: F401  (for the others, who import it after this)
    finally:
        del sys.modules["typing_extensions"]


def _say(message: str) -> None:
    if "://" in message or "=" in message:
        from migrasafe.dsn import without_secrets  # whatever was quoted, a password is not shown

        message = without_secrets(message)
    if not message.isprintable():  # a name must not move the cursor, nor write over what stands there
        message = "".join(one if one.isprintable() or one == "\n" else ascii(one)[1:-1] for one in message)
    with suppress(OSError):  # where not even this can be written, the exit status is left
        say(f"migrasafe: {message}", err=True)
