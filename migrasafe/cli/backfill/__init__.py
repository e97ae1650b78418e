"""`migrasafe backfill`: fills or changes the rows of a live table, in small batches that nobody notices."""

from __future__ import annotations

from importlib import import_module

import click

from migrasafe.errors import InputError, did_you_mean

_COMMANDS = {
    "run": ("run", "Begin a backfill, or go on with one."),
    "estimate": ("estimate", "Say beforehand what a backfill will cost."),
    "status": ("status", "Say how far a backfill is, and why it waits."),
    "report": ("report", "Write a page with plots of how a backfill went."),
    "list": ("status", "List the backfills of a database."),
    "pause": ("control", "Let no further batch begin."),
    "resume": ("control", "Go on after a pause."),
    "set": ("control", "Change settings while it runs."),
    "cancel": ("control", "End a backfill for good; what is changed stays."),
    "retry-dead": ("retry_dead", "Try the rows again that could not be changed."),
    "verify": ("verify", "Look whether a row still wants the change."),
    "assert-done": ("status", "Exit with 1 unless a backfill is done: for CI and deploys."),
    "init": ("init", "Make the state tables, or print their SQL."),
}


class _Commands(click.Group):
    """Imports the module of a command only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"{__name__}.{_COMMANDS[cmd_name][0]}")
        command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, said) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            hint = did_you_mean(args[0], _COMMANDS, f"known are {', '.join(_COMMANDS)}")
            raise InputError(f"there is no command backfill {args[0]}; {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def backfill() -> None:
    """Fill or change the rows of a live table: small batches, a checkpoint in each, a brake for every sign of harm.

    The state is in the database itself, in schema migrasafe: whatever is killed, the next run goes on where it stopped.

    \b
    Example:
      migrasafe backfill run --dsn postgresql://app@db/shop --table orders \\
          --set 'total_cents = total * 100' --where 'total_cents IS NULL'
      migrasafe backfill status --dsn postgresql://app@db/shop
    """
