"""What a run of lint goes by: the command line over the config, and the rules that this chooses."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from migrasafe.config import Options, Settings, find_config, place_of, read_config, settle
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
        where = place_of(file, "rules")
        raise InputError(f"{where}: a project's own rules are code, which --no-exec excludes; add --no-config")
    book = _book(settings)
    known = book.known
    _check_rules(command_line, lambda option, *_: f"--{option}", known)
    _check_rules(file, lambda *keys: place_of(file, *keys), known)
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


def _named_by(options: Options) -> Iterable[tuple[str, tuple[Any, ...]]]:
    """Each rule that is named, and the keys that lead to the first place."""
    named: dict[str, tuple[Any, ...]] = {}
    lists: list[tuple[tuple[str, ...], Sequence[str]]] = [
        (("select",), options.select or ()),
        (("ignore",), options.ignore or ()),
    ]
    tables: list[tuple[tuple[str, ...], Collection[str]]] = [(("severity",), options.severity or {})]
    for one in options.per_path or ():
        lists.append((("per_path", one.pattern, "ignore"), one.ignore))
        tables.append((("per_path", one.pattern, "severity"), one.severity))
    for keys, rules in lists:
        for number, rule in enumerate(rules):
            named.setdefault(rule, (*keys, number))
    for keys, rules_of in tables:
        for rule in rules_of:
            named.setdefault(rule, (*keys, rule))
    return named.items()


def _check_rules(options: Options, place: Callable[..., object], known: Collection[str]) -> None:
    """`place` says where the keys lead to; it is asked for a rule that there is not, since it may read the config again."""

    def check(named: tuple[str, tuple[Any, ...]]) -> None:
        rule, keys = named
        if rule not in known:
            hint = did_you_mean(rule, known, "`migrasafe rules` lists them")
            raise ConfigError(f"{place(*keys)}: there is no rule {rule}; {hint}")

    every(_named_by(options), check)
