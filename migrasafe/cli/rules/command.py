"""`migrasafe rules`: all of them; and whether the pages of a project's own rules tell the truth."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from migrasafe.rules.page import Facts


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--format", "output_format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--check", is_flag=True, help="Hold the pages of the project's own rules against their checks.")
@click.option("--update-pages", is_flag=True, help="Write what the own rules print into their pages, then check them.")
def rules(output_format: str, *, check: bool, update_pages: bool) -> int:
    """List the rules with their severity, lock and title, the project's own among them.

    \b
    Examples:
      migrasafe rules --format json
      migrasafe rules --check
    """
    from migrasafe.cli.rules.own_rules import book_of_project
    from migrasafe.rules.page import page_ids, read_page

    book = book_of_project()
    if check or update_pages:
        from migrasafe.cli.rules.check_pages import check_pages

        return check_pages(book, update=update_pages)
    pages = [read_page(page, book.own_pages) for page in page_ids(book.own_pages)]
    if output_format == "json":
        listed = [
            {
                "id": page.id,
                "severity": page.facts.severity,
                "default": page.facts.default,
                "category": page.facts.category,
                "lock": page.facts.lock,
                "work": page.facts.work,
                "title": page.facts.title,
            }
            for page in pages
        ]
        click.echo(json.dumps(listed, indent=1, ensure_ascii=False))
        return 0
    rows = [(page.id, _severity(page.facts), page.facts.lock or "–", page.facts.title) for page in pages]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    from migrasafe.cli.terminal import columns, say

    widest = sum(widths) + 2 * len(widths) + max(len(row[-1]) for row in rows)
    below = (
        "\n    " if (columns(widest) or widest) < widest else ""
    )  # a title has a line of its own where it does not fit beside
    for row in rows:
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)]
        say("  ".join([*cells, row[-1]]) if not below else f"{'  '.join(cells).rstrip()}{below}{row[-1]}")
    return 0


def _severity(facts: Facts) -> str:
    """`error`; `info, off` for a rule that runs only if it is selected or given a severity."""
    return facts.severity if facts.default else f"{facts.severity}, off"
