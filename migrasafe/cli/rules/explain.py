"""`migrasafe explain RULE`: the page of a rule."""

from __future__ import annotations

import click

from migrasafe.cli.completion import rule_ids
from migrasafe.errors import InputError, did_you_mean


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("rule", shell_complete=rule_ids)
def explain(rule: str) -> None:
    """Show why a rule exists, a bad and a good migration, and when it is fine.

    \b
    Example:
      migrasafe explain create-index-without-concurrently
    """
    from migrasafe.cli.rules.own_rules import book_of_project
    from migrasafe.cli.terminal import columns, wants_color
    from migrasafe.report.rule_page import render_page
    from migrasafe.report.words import WIDTH
    from migrasafe.rules.page import page_ids, read_page

    own = {} if rule in page_ids() else book_of_project().own_pages
    known = page_ids(own)
    if rule not in known:
        raise InputError(f"there is no rule {rule}; {did_you_mean(rule, known, '`migrasafe rules` lists them')}")
    click.echo(render_page(read_page(rule, own), color=wants_color(), width=columns() or WIDTH), nl=False, color=True)
