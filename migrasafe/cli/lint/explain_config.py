"""`lint --explain-config`: every setting, its value, and who says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from migrasafe.cli.lint.settings import Asked
from migrasafe.config import Options
from migrasafe.dsn import without_secrets
from migrasafe.findings import Severity
from migrasafe.target import DEFAULT

_DEFAULTS: Mapping[str, object] = {
    "paths": (".",),
    "pg_version": DEFAULT,
    "in_transaction": "auto",
    "independent": False,
    "fail_on": "error",
    "large_table": 0,
}
_WIDEST = 36
"""Of a value that the column is made for: what is longer pushes on only what stands beside it."""


def explain_config(asked: Asked) -> str:
    """A table of settings, and what becomes of the rules."""
    file = asked.file.source
    shown_file = _shown_path(file) if file is not None else None
    names = [name for name in Options.__struct_fields__ if name != "source"]
    rows = [_row(name, asked, shown_file) for name in names]
    widths = [max(len(row[column]) for row in rows if len(row[column]) <= _WIDEST) for column in range(2)]
    lines = [f"{name:<{widths[0]}}  {value:<{widths[1]}}  {who}" for name, value, who in rows]
    head = f"config: {shown_file}" if shown_file is not None else "config: none found"
    return "\n".join([head, "", *lines, "", *_rules(asked)])


def _row(name: str, asked: Asked, file: str | None) -> tuple[str, str, str]:
    for options, who in ((asked.command_line, "command line"), (asked.file, file or "")):
        value = getattr(options, name)
        if value is not None:
            return name, _shown(value), who
    return name, _shown(_DEFAULTS.get(name)), "default"


def _shown(value: Any) -> str:
    match value:
        case None | () | {}:
            return "–"
        case bool():
            return str(value).lower()
        case tuple() if all(isinstance(one, str) for one in value):
            return ", ".join(value)
        case tuple():
            return ", ".join(one.pattern for one in value)
        case Mapping():
            return ", ".join(f"{rule} = {_shown(one)}" for rule, one in value.items())
        case str():
            return without_secrets(value)
        case Severity():
            return value.value
    return str(value)


def _rules(asked: Asked) -> Iterator[str]:
    settings, ids = asked.settings, asked.ran
    off = sorted(rule.id for rule in asked.book.rules if not rule.default and rule.id not in ids)
    on = sorted(rule.id for rule in asked.book.rules if not rule.default and rule.id in ids)
    yield f"{len(ids)} rule{'' if len(ids) == 1 else 's'} run" + (
        f", among them some that are off by default: {', '.join(on)}" if on else ""
    )
    if off:
        yield f"off by default: {', '.join(off)}"
    if settings.ignore:
        yield f"ignored: {', '.join(settings.ignore)}"
    for one in settings.per_path:
        said = [
            *([f"ignored: {', '.join(one.ignore)}"] if one.ignore else []),
            *([_shown(one.severity)] if one.severity else []),
        ]
        yield f"in {one.pattern}: {'; '.join(said) or 'nothing else'}"


def _shown_path(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
