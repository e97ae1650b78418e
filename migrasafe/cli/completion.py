"""What a shell may complete: ids of rules, names of layouts."""

from __future__ import annotations

import click


def rule_ids(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The ids that begin like this; behind a comma another begins."""
    from migrasafe.cli.rules.own_rules import book_of_project
    from migrasafe.errors import MigrasafeError
    from migrasafe.rules.page import page_ids

    before, comma, word = incomplete.rpartition(",")
    try:
        own = book_of_project().own_pages
    except MigrasafeError:  # said when a command runs
        own = {}
    return [f"{before}{comma}{rule}" for rule in page_ids(own) if rule.startswith(word)]


def layouts(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    from migrasafe.migrations.formats import FORMATS

    return [one for one in FORMATS if one.startswith(incomplete)]
