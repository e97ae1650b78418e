"""The commands, as click knows them."""

from __future__ import annotations

import gc
from collections.abc import Sequence

import click

from migrasafe import __version__
from migrasafe.cli.help_text import HelpText
from migrasafe.errors import InputError, MigrasafeError, did_you_mean

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


click.Context.formatter_class = HelpText  # as click has it for all commands at once, also those of groups


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


INTERRUPTED = 130
"""As shells say of a program that a signal ended: 128 and the number of SIGINT."""


def run(words: Sequence[str]) -> int:
    """Carries out what the words ask for; the exit status. Raises MigrasafeError, also for words that click refuses."""
    try:
        status = cli.main(list(words) or ["--help"], prog_name="migrasafe", standalone_mode=False)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx is not None else "migrasafe"
        raise InputError(f"{_wrong_use(error)}; `{command} --help` shows how") from error
    except click.ClickException as error:
        raise InputError(error.format_message()) from error
    except click.Abort:
        return INTERRUPTED
    return status if isinstance(status, int) else 0


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
