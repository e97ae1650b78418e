"""What a shell may complete: ids of rules, names of layouts, words of changes."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem


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


def changes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The words that a change may begin with; else files, as a change may be a migration."""
    from migrasafe.plan.words.words import WORDS

    first = not context.params.get("change")
    words = [CompletionItem(one) for one in WORDS if first and one.startswith(incomplete)]
    return words or [CompletionItem(incomplete, type="file")]
