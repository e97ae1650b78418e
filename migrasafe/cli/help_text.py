"""The help of commands, as click lays it out, but that no name is broken at its hyphen, however narrow the terminal."""

from __future__ import annotations

from collections.abc import Iterable

import click

_HYPHEN, _UNBROKEN = "-", "\N{NON-BREAKING HYPHEN}"


class HelpText(click.HelpFormatter):
    """Writes what is to be shown."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(_whole(prog), _whole(args), prefix)

    def write_text(self, text: str) -> None:
        super().write_text(_whole(text))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl([(_whole(one), _whole(other)) for one, other in rows], col_max, col_spacing)

    def getvalue(self) -> str:
        return super().getvalue().replace(_UNBROKEN, _HYPHEN)


def _whole(text: str) -> str:
    return text.replace(_HYPHEN, _UNBROKEN)
