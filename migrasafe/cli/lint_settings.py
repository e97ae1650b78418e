"""What a run of lint goes by: the command line over the config, and the rules that this chooses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from migrasafe.config import Options, Settings, find_config, read_config, settle
from migrasafe.errors import InputError, did_you_mean
from migrasafe.rules.context import Rule
from migrasafe.rules.registry import RULES
from migrasafe.suppress import BAD, UNUSED

KNOWN = frozenset((*(rule.id for rule in RULES), BAD, UNUSED))


def settings_of(paths: tuple[str, ...], config: str | None, said: Mapping[str, Any], *, no_config: bool) -> Settings:
    """What the command line says, over what the config says."""
    folder = Path.cwd()
    if no_config and config is not None:
        raise InputError("--config and --no-config exclude each other: give one of them")
    file = Options() if no_config else read_config(Path(config)) if config is not None else find_config(folder)
    lists = {key: _rule_ids(said[key]) for key in ("select", "ignore")}
    settings = settle(Options(**{**said, **lists}, paths=paths or None).over(file), folder=folder)
    where = f"{file.source}: " if file.source is not None else ""
    _check_rules(lists["select"] or (), "--select: ")
    _check_rules(lists["ignore"] or (), "--ignore: ")
    _check_rules((*settings.select, *settings.ignore, *settings.severity), where)
    _check_rules([rule for one in settings.per_path for rule in (*one.ignore, *one.severity)], where)
    return settings


def _rule_ids(given: Sequence[str]) -> tuple[str, ...] | None:
    return tuple(rule.strip() for words in given for rule in words.split(",") if rule.strip()) or None


def _check_rules(named: Collection[str], where: str) -> None:
    for rule in named:
        if rule not in KNOWN:
            hint = did_you_mean(rule, KNOWN, "`migrasafe rules` lists them")
            raise InputError(f"{where}there is no rule {rule}; {hint}")


def ran(settings: Settings) -> frozenset[str]:
    """The ids of the rules that these settings run; giving a severity to one that is off by default turns it on."""
    default = frozenset((*(rule.id for rule in RULES if rule.default), BAD, UNUSED))
    return (frozenset(settings.select) or default | frozenset(settings.severity)) - frozenset(settings.ignore)


def chosen(settings: Settings) -> tuple[Rule, ...]:
    ids = ran(settings)
    return tuple(rule for rule in RULES if rule.id in ids)
