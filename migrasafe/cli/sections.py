"""Options in sections, so that the help of a command with many of them can be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from migrasafe.cli.completion import layouts, rule_ids
from migrasafe.cli.lint.options import Option

_COMPLETIONS = {"layouts": layouts, "rules": rule_ids, "": None}


class SectionedOption(click.Option):
    """An option that knows under which heading it is shown."""

    def __init__(self, option: Option, section: str) -> None:
        names = (option.name, option.short, option.setting)
        super().__init__(
            [name for name in names if name],
            is_flag=option.flag,
            multiple=option.many,
            type=_type(option),
            default=option.default,
            show_default=option.shown,
            shell_complete=_COMPLETIONS[option.completed],
            metavar=option.metavar,
            help=option.help,
        )
        self.section = section


def _type(option: Option) -> click.ParamType[Any] | None:
    if option.choices:
        return click.Choice(option.choices)
    if option.least is not None:
        return click.IntRange(option.least, option.most)
    return click.Path(dir_okay=False) if option.file else None


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


def in_sections(sections: Iterable[tuple[str, tuple[Option, ...]]]) -> list[click.Parameter]:
    """The options for click, in the order in which they are shown."""
    return [SectionedOption(option, heading) for heading, options in sections for option in options]
