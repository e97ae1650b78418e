"""What a run of lint goes by: the command line over the config, and the rules that this chooses."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.config import Options, Settings, find_config, read_config, settle
from migrasafe.errors import ConfigError, InputError, did_you_mean, every
from migrasafe.rules.book import ABOUT_COMMENTS, Book
from migrasafe.rules.context import Rule


class Asked(Struct, frozen=True, kw_only=True):
    """What a run goes by, and who says so."""

    command_line: Options
    file: Options
    settings: Settings
    book: Book

    @property
    def ran(self) -> frozenset[str]:
        """The ids of the rules that run; giving a severity to one that is off by default turns it on."""
        settings = self.settings
        default = frozenset((*(rule.id for rule in self.book.rules if rule.default), *ABOUT_COMMENTS))
        return (frozenset(settings.select) or default | frozenset(settings.severity)) - frozenset(settings.ignore)

    @property
    def chosen(self) -> tuple[Rule, ...]:
        """The rules that run."""
        ran = self.ran
        return tuple(rule for rule in self.book.rules if rule.id in ran)


BASELINE = "migrasafe-baseline.json"
"""Used where it lies beside the config, or in the working folder if there is none, unless another file is named."""


def settings_of(
    paths: tuple[str, ...],
    config: str | None,
    said: Mapping[str, Any],
    *,
    no_config: bool = False,
    no_baseline: bool = False,
    no_exec: bool = False,
) -> Asked:
    """What the command line says, over what the config says. Raises InputError for rules that there are not, and with
    `no_exec` for a project's own, which are code."""
    folder = Path.cwd()
    if no_config and config is not None:
        raise InputError("--config and --no-config exclude each other: give one of them")
    file = Options() if no_config else read_config(Path(config)) if config is not None else find_config(folder)
    lists = {key: _rule_ids(said[key]) for key in ("select", "ignore")}
    command_line = Options(**{**said, **lists}, paths=paths or None)
    settings = settle(command_line.over(file), folder=folder)
    if no_baseline and command_line.baseline is not None:
        raise InputError("--baseline and --no-baseline exclude each other: give one of them")
    if no_baseline:
        settings = replace(settings, baseline=None)
    elif settings.baseline is None and not no_config:
        file = replace(file, baseline=_baseline_beside(settings.folder))
        settings = replace(settings, baseline=file.baseline)
    if no_exec and settings.rules:
        where = file.source or "the config"
        raise InputError(f"{where}: rules: a project's own rules are code, which --no-exec excludes; add --no-config")
    book = _book(settings)
    known = book.known
    where = f"{file.source}: " if file.source is not None else ""
    _check_rules(lists["select"] or (), "--select: ", known)
    _check_rules(lists["ignore"] or (), "--ignore: ", known)
    _check_rules((*settings.select, *settings.ignore, *settings.severity), where, known)
    _check_rules([rule for one in settings.per_path for rule in (*one.ignore, *one.severity)], where, known)
    return Asked(command_line=command_line, file=file, settings=settings, book=book)


def _baseline_beside(folder: Path) -> str | None:
    path = folder / BASELINE
    return os.path.relpath(path) if path.is_file() else None


def _book(settings: Settings) -> Book:
    if not settings.rules:
        return Book()
    from migrasafe.cli.rules.own_rules import book_with

    return book_with(settings.rules)


def _rule_ids(given: Sequence[str]) -> tuple[str, ...] | None:
    return tuple(rule.strip() for words in given for rule in words.split(",") if rule.strip()) or None


def _check_rules(named: Collection[str], where: str, known: Collection[str]) -> None:
    def read(rule: str) -> None:
        if rule not in known:
            hint = did_you_mean(rule, known, "`migrasafe rules` lists them")
            raise ConfigError(f"{where}there is no rule {rule}; {hint}")

    every(dict.fromkeys(named), read)
