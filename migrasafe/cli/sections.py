"""Options in sections, so that the help of a command with many of them can be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import click

_Decorator: TypeAlias = Callable[[Callable[..., Any]], Callable[..., Any]]


class SectionedOption(click.Option):
    """An option that knows under which heading it is shown."""

    def __init__(self, *arguments: Any, section: str = "Options", **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self.section = section


class SectionedCommand(click.Command):
    """A command whose help has one list for each section, in the order of the options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        options.sort(key=lambda one: not isinstance(one, SectionedOption))  # --help last
        for one in options:
            record = one.get_help_record(ctx)
            if record is not None:
                sections.setdefault(one.section if isinstance(one, SectionedOption) else "Other", []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)


def section(heading: str, *options: tuple[tuple[str, ...], dict[str, Any]]) -> _Decorator:
    """A decorator that adds options, each given by its names and settings, in the order in which they are shown."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for names, settings in reversed(options):
            command = click.option(*names, cls=SectionedOption, section=heading, **settings)(command)
        return command

    return add


def option(*names: str, **settings: Any) -> tuple[tuple[str, ...], dict[str, Any]]:
    """An option for `section`, as click.option takes it."""
    return names, settings
