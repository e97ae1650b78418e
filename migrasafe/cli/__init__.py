"""The command line: parses options, prints, and decides nothing but the exit status.

0 fine · 1 findings at or above --fail-on · 2 the input cannot be used · 3 a bug of ours.
"""

from __future__ import annotations

import errno
import gc
import io
import os
import sys
from contextlib import suppress

import click

from migrasafe import __version__
from migrasafe.cli.terminal import say
from migrasafe.errors import MigrasafeError, did_you_mean, is_too_deep

_COMMANDS = {
    "lint": "Say which migrations are not safe to run, and what to do instead.",
    "compat": "Say which app version each migration breaks, and which side is deployed first.",
    "backfill": "Fill or change the rows of a live table in small, throttled batches.",
    "plan": "Turn a change into phases that both versions of the app can live with.",
    "rehearse": "Carry out a plan, or migrations, on a throw-away server, and check what is claimed.",
    "gate": "Say whether a phase of a plan may start.",
    "compare": "Say whether two databases hold the same rows of a table that moves.",
    "init": "Look at a project, and write a config for it.",
    "lsp": "Serve editors: findings as one types, pages of rules, quick fixes.",
    "rules": "List the rules.",
    "explain": "Show the page of a rule.",
}


_COMPLETION = "_MIGRASAFE_COMPLETE"
"""Set by a shell that wants to know what can follow: click answers, and exits."""
_LONGEST_NAME = 200
_INTERRUPTED = 130
_READER_HAS_GONE = 141
"""As shells say of a program that a signal ended: 128 and the number of SIGPIPE."""
_INSUFFICIENT_PRIVILEGE = "42501"
_NOT_WRITTEN = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
"""A full or broken disk, a limit, a stream that is closed; where a file has a name, the error has it too."""


class _Commands(click.Group):
    """Imports the module of a command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name != "lint":  # which is over before there is garbage worth looking for
            gc.enable()
        match cmd_name:
            case "lint":
                from migrasafe.cli.lint.command import lint

                return lint
            case "compat":
                from migrasafe.cli.compat import compat

                return compat
            case "backfill":
                from migrasafe.cli.backfill import backfill

                return backfill
            case "plan":
                from migrasafe.cli.plan.command import plan

                return plan
            case "rehearse":
                from migrasafe.cli.rehearse.command import rehearse

                return rehearse
            case "gate":
                from migrasafe.cli.plan.gate import gate

                return gate
            case "compare":
                from migrasafe.cli.plan.compare import compare

                return compare
            case "init":
                from migrasafe.cli.init.command import init

                return init
            case "lsp":
                from migrasafe.cli.lsp import lsp

                return lsp
            case "rules":
                from migrasafe.cli.rules.command import rules

                return rules
            case "explain":
                from migrasafe.cli.rules.explain import explain

                return explain
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            hint = did_you_mean(args[0], _COMMANDS, f"known are {', '.join(_COMMANDS)}")
            raise MigrasafeError(f"there is no command {args[0]}; {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="migrasafe %(version)s (grammar of PostgreSQL 18)")
def cli() -> None:
    """Says whether a PostgreSQL migration can be deployed while the old and the new app version both run.

    \b
    Example:
      migrasafe lint db/migrations --pg-version 16
    """


def main() -> None:
    """The command line: turns every outcome into an exit status, and never shows a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names of files can hold what an encoding cannot
            stream.reconfigure(errors="backslashreplace")
    if sys.stdout is None:
        _say("standard output is closed; send it somewhere, such as to /dev/null")
        sys.exit(2)
    try:
        status = cli.main(sys.argv[1:] or ["--help"], prog_name="migrasafe", standalone_mode=False)
        sys.stdout.flush()
    except MigrasafeError as error:
        _say(str(error))
        sys.exit(2)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx is not None else "migrasafe"
        _say(f"{_wrong_use(error)}; `{command} --help` shows how")
        sys.exit(2)
    except click.ClickException as error:
        _say(error.format_message())
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
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
        if getattr(error, "sqlstate", None) == _INSUFFICIENT_PRIVILEGE:
            said = str(error).partition("\n")[0]
            _say(f"the server refuses: {said}; docs/security.md lists what the role of each command needs")
            sys.exit(2)
        if is_too_deep(error):
            _say("something in the input is nested too deeply to be followed: thousands of levels; split it")
            sys.exit(2)
        if os.environ.get("MIGRASAFE_DEBUG"):
            raise
        _say(
            f"this is a bug in migrasafe {__version__}: {type(error).__name__}: {error}. Please report it, with the file "
            "that shows it and what MIGRASAFE_DEBUG=1 prints"
        )
        sys.exit(3)
    sys.exit(status if isinstance(status, int) else 0)


def _wrong_use(error: click.UsageError) -> str:
    """Click's sentence, with the word that was meant where one is close."""
    if isinstance(error, click.NoSuchOption):
        near = f": did you mean {' or '.join(error.possibilities)}?" if error.possibilities else ""
        return f"there is no option {error.option_name}{near}".rstrip("?")
    said = error.format_message().rstrip(".")
    if isinstance(error, click.BadParameter) and error.param is not None and isinstance(error.param.type, click.Choice):
        wrong = said.partition(": ")[2].split("'")[1:2]
        hint = did_you_mean(wrong[0], error.param.type.choices, "") if wrong else ""
        return f"{said}: {hint.rstrip('?')}" if hint else said
    return said


def _say(message: str) -> None:
    if "://" in message or "=" in message:
        from migrasafe.dsn import without_secrets  # whatever was quoted, a password is not shown

        message = without_secrets(message)
    with suppress(OSError):  # where not even this can be written, the exit status is left
        say(f"migrasafe: {message}", err=True)
